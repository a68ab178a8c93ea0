# One function per kind of target, so that a unit's CMakeLists.txt only lists files and what they need.

# signet_library(crypto SOURCES a.cc DEPENDS absl::status [PRIVATE_DEPENDS OpenSSL::Crypto])
#   makes the static library signet_crypto with the alias signet::crypto.
function(signet_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS;PRECOMPILE" ${ARGN})
  add_library(signet_${name} STATIC ${ARG_SOURCES})
  add_library(signet::${name} ALIAS signet_${name})
  target_link_libraries(signet_${name}
    PUBLIC signet_options ${ARG_DEPENDS}
    PRIVATE signet_warnings ${ARG_PRIVATE_DEPENDS})
  if(ARG_PRECOMPILE)
    target_precompile_headers(signet_${name} PRIVATE ${ARG_PRECOMPILE})
  endif()
endfunction()

# signet_program(signetd SOURCES main.cc DEPENDS signet::server): an executable in build/<preset>/bin.
function(signet_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRECOMPILE" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE signet_options signet_warnings ${ARG_DEPENDS})
  if(ARG_PRECOMPILE)
    target_precompile_headers(${name} PRIVATE ${ARG_PRECOMPILE})
  endif()
endfunction()

# signet_test(crypto_test SOURCES a_test.cc DEPENDS signet::crypto LABELS unit [PROPERTIES TIMEOUT 60]):
#   a GoogleTest program, each of whose tests is a ctest test with these labels.
function(signet_test name)
  cmake_parse_arguments(ARG "" "LABELS" "SOURCES;DEPENDS;PROPERTIES;PRECOMPILE" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE signet_options signet_warnings ${ARG_DEPENDS} signet::testing_main)
  # GoogleTest's macros around inlined string concatenation make gcc 12 see overflows that are not there
  # (GCC bugs 105329 and 105651). Product code keeps these warnings.
  target_compile_options(${name} PRIVATE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-restrict;-Wno-stringop-overflow;-Wno-stringop-overread>)
  # Most of a test's compile time is GoogleTest's headers; one precompiled copy serves all. It needs equal
  # flags, and some libraries bring this one.
  target_compile_options(${name} PRIVATE -pthread)
  target_link_libraries(${name} PRIVATE signet_test_options)
  if(ARG_PRECOMPILE)
    target_precompile_headers(${name} PRIVATE ${ARG_PRECOMPILE})
  elseif(NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
    target_precompile_headers(${name} REUSE_FROM signet_test_headers)
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  # One label: gtest_discover_tests takes a second one for a property's name. What ctest selects by is a part of it.
  if(ARG_LABELS MATCHES "^contract")
    add_dependencies(contract_tests ${name})
  endif()
  # The limits end what hangs; a sanitizer build on a busy machine takes ten times its time.
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120
    TEST_PREFIX "" PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 600 ${ARG_PROPERTIES})
endfunction()

# signet_fuzz_target(record SOURCES record_fuzz.cc DEPENDS signet::crypto): with SIGNET_FUZZ a libFuzzer
#   program; otherwise a program that replays files and directories given on its command line. Both are
#   run on tests/fuzz/corpus/<name> by ctest.
function(signet_fuzz_target name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  set(target fuzz_${name})
  add_executable(${target} ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE signet_options signet_warnings ${ARG_DEPENDS})
  set(corpus "${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name}")
  if(SIGNET_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz_replay.${name} COMMAND ${target} -runs=0 "${corpus}")
  else()
    target_sources(${target} PRIVATE "${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.cc")
    add_test(NAME fuzz_replay.${name} COMMAND ${target} "${corpus}")
  endif()
  set_tests_properties(fuzz_replay.${name} PROPERTIES LABELS "fuzz" TIMEOUT 600)
endfunction()
