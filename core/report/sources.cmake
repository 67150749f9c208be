set(sources axis.c event_json.c events.c history.c html.c html_chart.c html_text.c json_writer.c
            predictions.c run_folder.c run_report.c run_report_curves.c run_report_devices.c
            run_report_results.c)

# The style sheet of pages, as text in C.
set(style ${CMAKE_CURRENT_BINARY_DIR}/html_style.c)
add_custom_command(
  OUTPUT ${style}
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_CURRENT_LIST_DIR}/html_style.css -DOUTPUT=${style}
          -DNAME=retune_html_style -P ${CMAKE_CURRENT_LIST_DIR}/embed_text.cmake
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/html_style.css ${CMAKE_CURRENT_LIST_DIR}/embed_text.cmake
  VERBATIM)
target_sources(retune_core PRIVATE ${style})
