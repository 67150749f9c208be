set(sources dataset.c folder.c loader.c parallel.c scan.c shuffle.c split.c view.c)
