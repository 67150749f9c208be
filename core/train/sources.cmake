set(sources feature_file.c features.c)
