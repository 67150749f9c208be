set(sources device.c device_list.c ladder.c names.c plugin.c probe.c search.c snapshot.c)
