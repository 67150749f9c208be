set(sources event_json.c events.c json_writer.c run_folder.c)
