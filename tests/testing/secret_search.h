// Looks for key bytes in what programs printed.
#ifndef SIGNET_TESTS_TESTING_SECRET_SEARCH_H_
#define SIGNET_TESTS_TESTING_SECRET_SEARCH_H_

#include "absl/strings/string_view.h"

namespace signet::testing {

// Whether any twelve successive bytes of `secret` stand in `text`: as they are, as hex of either case, or
// inside base64 of either alphabet, whatever was encoded with them. `secret` has at least twelve bytes.
bool ContainsSecret(absl::string_view text, absl::string_view secret);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_SECRET_SEARCH_H_
