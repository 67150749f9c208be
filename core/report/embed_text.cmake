# Writes OUTPUT, a C file that defines NAME: the text of the file SOURCE, NUL-terminated. Characters are
# given as numbers: no compiler limits the length of such a list.
file(READ ${SOURCE} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUTPUT} "extern const char ${NAME}[];\nconst char ${NAME}[] = {${bytes}0};\n")
