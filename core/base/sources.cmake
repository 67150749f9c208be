set(sources memory.c random.c status.c tensor_desc.c)
