# Writes OUTPUT, a C file with the text of every kernel file in the list SOURCES (separated by "|").
# Characters are given as numbers: no compiler limits the length of such a list.
string(REPLACE "|" ";" sources "${SOURCES}")
set(texts "")
set(rows "")
foreach(source IN LISTS sources)
  get_filename_component(name ${source} NAME_WE)
  file(READ ${source} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND texts "static const char ${name}[] = {${bytes}0};\n")
  string(APPEND rows "    {\"${name}\", ${name}},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"kernels.h\"\n\n${texts}
const opencl_source opencl_sources[] = {\n${rows}    {0, 0}};\n")
