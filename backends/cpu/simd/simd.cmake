# cpu_simd_sources(TARGET): adds the kernels with vectors to a target, once for each instruction set
# of the processor family. A source enters a target only once, so each set has a small file of its
# own for each source, which names the set and includes the source.
function(cpu_simd_sources target)
  set(directory ${CMAKE_CURRENT_FUNCTION_LIST_DIR})
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64|i[3-6]86)$")
    set(sets avx512 avx2 baseline)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
    set(sets neon baseline)
  else()
    set(sets baseline)
  endif()
  set(flags_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma)
  set(flags_avx2 -mavx2 -mfma)
  # Also in a debug build; a sum may fuse with its product; nobody asks for the errors of a root.
  set(flags -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math)
  target_sources(${target} PRIVATE ${directory}/dispatch.c ${directory}/geometry.c)
  foreach(set ${sets})
    foreach(kernel set matrix product reduce conv2d depthwise depthwise_grad_weight elementwise
                   optimizer convert pool batch_norm)
      set(source ${CMAKE_BINARY_DIR}/simd/${set}_${kernel}.c)
      file(CONFIGURE OUTPUT ${source}
           CONTENT "#define CPU_SIMD_ISA ${set}\n#include \"simd/${kernel}.c\"\n" @ONLY)
      set_source_files_properties(${source} TARGET_DIRECTORY ${target}
                                  PROPERTIES COMPILE_OPTIONS "${flags};${flags_${set}}")
      target_sources(${target} PRIVATE ${source})
    endforeach()
  endforeach()
  target_include_directories(${target} PRIVATE ${directory}/..)
endfunction()

cpu_simd_sources(retune_backend_cpu)
target_compile_definitions(retune_backend_cpu PRIVATE CPU_HAVE_SIMD)
