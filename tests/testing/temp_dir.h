// TempDir: a private folder with a short path (sockets allow 107 bytes), removed with all it holds.
#ifndef SIGNET_TESTS_TESTING_TEMP_DIR_H_
#define SIGNET_TESTS_TESTING_TEMP_DIR_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace signet::testing {

class TempDir {
 public:
  explicit TempDir(absl::string_view parent = "/tmp");
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string File(absl::string_view name) const { return absl::StrCat(path_, "/", name); }

 private:
  std::string path_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_TEMP_DIR_H_
