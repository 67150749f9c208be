set(sources event_json.c json_writer.c)
