# Language, warnings and the switches that presets set.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(LAKE_TESTS "Build the tests" OFF)
option(LAKE_FUZZ "Build the fuzz targets with libFuzzer (clang only)" OFF)
option(LAKE_BENCH "Build the small measuring programs of bench/" OFF)
option(LAKE_PYTHON "Build the extension of the Python package" OFF)
option(LAKE_COVERAGE "Instrument for coverage" OFF)
option(LAKE_WERROR "Treat warnings as errors" OFF)
set(LAKE_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined or thread")

add_compile_options(
  $<$<COMPILE_LANGUAGE:C>:-Wall> $<$<COMPILE_LANGUAGE:C>:-Wextra> $<$<COMPILE_LANGUAGE:C>:-Wpedantic>
  $<$<COMPILE_LANGUAGE:C>:-Wshadow> $<$<COMPILE_LANGUAGE:C>:-Wconversion> $<$<COMPILE_LANGUAGE:C>:-Wvla>
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes> $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
  $<$<COMPILE_LANGUAGE:C>:-Wcast-qual> $<$<COMPILE_LANGUAGE:C>:-Wwrite-strings>
  $<$<COMPILE_LANGUAGE:C>:-Wformat=2>)
if(LAKE_WERROR)
  add_compile_options($<$<COMPILE_LANGUAGE:C>:-Werror>)
endif()
add_compile_definitions($<$<COMPILE_LANGUAGE:C>:_POSIX_C_SOURCE=200809L>)

# Used where it is there, never asked for.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

if(LAKE_SANITIZE)
  add_compile_options(-fsanitize=${LAKE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LAKE_SANITIZE})
endif()
if(LAKE_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "the fuzz preset needs clang (libFuzzer)")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(LAKE_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
