set(sources file.c memory.c random.c status.c tensor_desc.c)
