# Language, warnings, hardening and sanitizers: one place, applied per target by SignetTargets.cmake.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

option(SIGNET_BUILD_TESTS "Build the tests" ON)
option(SIGNET_BUILD_BENCH "Build the benchmarks" ON)
option(SIGNET_FUZZ "Build the libFuzzer targets (clang)" OFF)
option(SIGNET_COVERAGE "Instrument for line and branch coverage" OFF)
set(SIGNET_SANITIZE "" CACHE STRING "Sanitizers for our code: address,undefined or thread")

include(CheckPIESupported)
check_pie_supported()

find_program(SIGNET_CCACHE ccache)
if(SIGNET_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # base_dir makes two checkouts share their results; the sloppiness is what precompiled headers need.
  set(launcher ${CMAKE_COMMAND} -E env
    CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    ${SIGNET_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

add_library(signet_options INTERFACE)
target_include_directories(signet_options INTERFACE "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}")
target_compile_options(signet_options INTERFACE
  -fno-omit-frame-pointer
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpch-preprocess>)
if(SIGNET_SANITIZE)
  target_compile_options(signet_options INTERFACE -fsanitize=${SIGNET_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(signet_options INTERFACE -fsanitize=${SIGNET_SANITIZE})
endif()
if(SIGNET_COVERAGE)
  target_compile_options(signet_options INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(signet_options INTERFACE --coverage)
endif()
if(SIGNET_FUZZ)
  target_compile_options(signet_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(signet_options INTERFACE
    -fstack-protector-strong -fstack-clash-protection
    $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection=full>
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS)
  target_link_options(signet_options INTERFACE -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--as-needed)
endif()

add_library(signet_warnings INTERFACE)
target_compile_options(signet_warnings INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual -Wformat=2
  -Wundef -Wimplicit-fallthrough -Werror
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)

# What only tests are made of is not optimised: half of a full build's time was spent on it. The product they test is
# built as it is shipped.
add_library(signet_test_options INTERFACE)
target_compile_options(signet_test_options INTERFACE "SHELL:-O0 -U_FORTIFY_SOURCE")
