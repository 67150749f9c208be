set(sources device.c device_list.c executable.c ladder.c names.c part.c pin.c placement.c plugin.c
            probe.c search.c self_test.c self_test_cases.c snapshot.c trust.c verdict.c)
