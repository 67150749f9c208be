set(sources file.c half.c hash.c memory.c random.c status.c tensor_desc.c utf8.c)
