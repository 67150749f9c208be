set(sources exif.c image.c jpeg.c png.c resize.c)
