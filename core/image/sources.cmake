set(sources decoder.c exif.c image.c jpeg.c png.c resize.c)
