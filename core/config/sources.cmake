set(sources config.c fingerprint.c ini.c key.c plugin_folder.c sections.c settings.c value.c write.c)
