set(sources config.c fingerprint.c ini.c key.c sections.c settings.c value.c write.c)
