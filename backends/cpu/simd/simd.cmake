# Kernels with vectors, compiled once per instruction set of the processor family.
#
# cpu_simd_sources(TARGET) adds them to a target. A source file enters a target only once, so each
# set has a small file of its own for each source, which names the set and includes the source.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64|i[3-6]86)$")
  set(CPU_SIMD_SETS avx512 avx2 baseline)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
  set(CPU_SIMD_SETS neon baseline)
else()
  set(CPU_SIMD_SETS baseline)
endif()
set(CPU_SIMD_FLAGS_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma)
set(CPU_SIMD_FLAGS_avx2 -mavx2 -mfma)
set(CPU_SIMD_KERNELS set matrix product reduce conv2d depthwise
                     depthwise_grad_weight elementwise optimizer
                     convert pool batch_norm)
set(CPU_SIMD_DIRECTORY ${CMAKE_CURRENT_LIST_DIR})

foreach(set ${CPU_SIMD_SETS})
  foreach(kernel ${CPU_SIMD_KERNELS})
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/simd/${set}_${kernel}.c
         CONTENT "#define CPU_SIMD_ISA ${set}\n#include \"simd/${kernel}.c\"\n" @ONLY)
  endforeach()
endforeach()

function(cpu_simd_sources target)
  target_sources(${target} PRIVATE ${CPU_SIMD_DIRECTORY}/dispatch.c
                                   ${CPU_SIMD_DIRECTORY}/geometry.c)
  foreach(set ${CPU_SIMD_SETS})
    # Errors of square roots are not looked at, and a sum may fuse with its product.
    set(flags -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math ${CPU_SIMD_FLAGS_${set}})
    foreach(kernel ${CPU_SIMD_KERNELS})
      set(source ${CMAKE_BINARY_DIR}/simd/${set}_${kernel}.c)
      target_sources(${target} PRIVATE ${source})
      set_source_files_properties(${source} TARGET_DIRECTORY ${target}
                                  PROPERTIES COMPILE_OPTIONS "${flags}")
    endforeach()
  endforeach()
  target_include_directories(${target} PRIVATE ${CPU_SIMD_DIRECTORY} ${CPU_SIMD_DIRECTORY}/..)
endfunction()

cpu_simd_sources(retune_backend_cpu)
target_compile_definitions(retune_backend_cpu PRIVATE CPU_HAVE_SIMD)
