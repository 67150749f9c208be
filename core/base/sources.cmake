set(sources apart.c clock.c figures.c file.c half.c hash.c memory.c random.c status.c suggest.c
            tensor_desc.c utf8.c)
