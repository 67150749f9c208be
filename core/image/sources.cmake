set(sources decoder.c encoder.c exif.c image.c jpeg.c png.c resize.c)

# stb_image_write shifts into the sign bit, which is not ours to mend.
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/encoder.c PROPERTIES COMPILE_OPTIONS
                            -fno-sanitize=undefined)
