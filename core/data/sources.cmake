set(sources dataset.c folder.c loader.c parallel.c scan.c shuffle.c split.c survey.c view.c)
