# How plugins are built, in this tree and against an installed retune.

# retune_add_plugin(TARGET FILE_NAME SOURCES...): a plugin, the file FILE_NAME.so. It sees the ABI's
# headers, and exports nothing but its query function.
function(retune_add_plugin target file_name)
  add_library(${target} MODULE ${ARGN})
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${file_name} SUFFIX ".so"
                        C_STANDARD 11 C_STANDARD_REQUIRED ON C_VISIBILITY_PRESET hidden)
  target_link_libraries(${target} PRIVATE retune::backend_abi)
endfunction()

# retune_add_backend(NAME SOURCES...): the target retune_backend_NAME, the file retune_NAME.so.
function(retune_add_backend name)
  retune_add_plugin(retune_backend_${name} retune_${name} ${ARGN})
endfunction()
