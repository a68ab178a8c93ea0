// FUZZ_CHECK: ends the process where a property of a fuzz target does not hold, so that the input is kept.
#ifndef SIGNET_TESTS_FUZZ_FUZZ_CHECK_H_
#define SIGNET_TESTS_FUZZ_FUZZ_CHECK_H_

#include <cstdio>
#include <cstdlib>

#define FUZZ_CHECK(condition)                                                             \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)

#endif  // SIGNET_TESTS_FUZZ_FUZZ_CHECK_H_
