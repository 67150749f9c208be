set(sources architecture.c model.c)
