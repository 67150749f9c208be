set(sources config.c fingerprint.c ini.c key.c sections.c settings.c suggest.c value.c write.c)
