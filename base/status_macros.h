// Early return for absl::Status and absl::StatusOr; Debian's Abseil ships none.
#ifndef SIGNET_BASE_STATUS_MACROS_H_
#define SIGNET_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns the status from the enclosing function unless it is OK.
#define SIGNET_RETURN_IF_ERROR(expression)                                    \
  do {                                                                        \
    if (::absl::Status signet_status_ = (expression); !signet_status_.ok()) { \
      return signet_status_;                                                  \
    }                                                                         \
  } while (false)

#define SIGNET_STATUS_CONCAT_INNER_(a, b) a##b
#define SIGNET_STATUS_CONCAT_(a, b) SIGNET_STATUS_CONCAT_INNER_(a, b)

// SIGNET_ASSIGN_OR_RETURN(auto value, Compute()): moves the value out, or returns the status.
// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot stand in parentheses.
#define SIGNET_ASSIGN_OR_RETURN(declaration, expression) \
  SIGNET_ASSIGN_OR_RETURN_IMPL_(SIGNET_STATUS_CONCAT_(signet_statusor_, __LINE__), declaration, expression)
#define SIGNET_ASSIGN_OR_RETURN_IMPL_(temporary, declaration, expression) \
  auto temporary = (expression);                                          \
  if (!temporary.ok()) {                                                  \
    return temporary.status();                                            \
  }                                                                       \
  declaration = std::move(temporary).value()
// NOLINTEND(bugprone-macro-parentheses)

#endif  // SIGNET_BASE_STATUS_MACROS_H_
