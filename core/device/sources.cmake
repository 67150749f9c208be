set(sources device.c device_list.c executable.c ladder.c names.c pin.c plugin.c probe.c search.c snapshot.c trust.c)
