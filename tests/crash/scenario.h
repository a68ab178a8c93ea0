// Scenario: a node's life under the recorder: set up, announce, encrypt, restart, rotate, disable, destroy;
// every promise that it makes on the way is kept as an Expectation, and a mark in the log says from when it
// binds.
#ifndef SIGNET_TESTS_CRASH_SCENARIO_H_
#define SIGNET_TESTS_CRASH_SCENARIO_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/crash/expectation.h"
#include "tests/crash/node_client.h"
#include "tests/testing/process.h"
#include "tests/testing/temp_dir.h"

namespace signet::testing {

// Where things are below the recorded folder.
inline constexpr char kNodeFolder[] = "node";
inline constexpr char kNodeKeyring[] = "node/keyring";
inline constexpr char kPeerKeyring[] = "peer-keyring";

inline constexpr char kFirstCopy[] = "copy-1";
inline constexpr char kSecondCopy[] = "copy-2";

// While this is the last mark, `signetctl init` runs.
inline constexpr size_t kInitMark = 1;

// What the keyrings below `folder` hold, whatever the time and place: what `signetctl keyring list` says or
// how it fails, and a digest of the sealed copies. Not recorded.
std::map<std::string, std::string> ShowKeyrings(const std::string& folder);

class Scenario {
 public:
  // Runs everything. Blocks for some ten seconds. An error says which step did not do what it should.
  absl::Status Record();

  const std::string& root() const { return root_.path(); }
  std::string log() const { return log_folder_.File("log"); }
  const std::vector<Tuple>& tuples() const { return tuples_; }
  // Of the whole run, oldest first.
  const std::vector<std::string>& key_ids() const { return now_.key_ids; }
  // By mark; the first binds before the first mark.
  const std::vector<Expectation>& expectations() const { return expectations_; }
  // Whether signetd was being stopped by SIGTERM while `mark` was the last one.
  bool IsCleanStop(size_t mark) const { return clean_stops_.count(mark) != 0; }

 private:
  using ReadableByKeyId = std::map<std::string, Readable>;

  // Does `work` as one operation that is in flight meanwhile: keyrings may show what they showed before or
  // show after, and the objects of these key_ids may be readable. Afterwards they are as `after` says.
  absl::Status Step(const std::string& moment, const std::function<absl::Status()>& work,
                    const ReadableByKeyId& after = {});
  absl::Status Mark();

  absl::Status Control(const std::vector<std::string>& arguments);
  absl::Status Keyring(const std::string& keyring, const std::string& verb,
                       const std::vector<std::string>& arguments = {});
  absl::Status StartDaemon();
  absl::Status StopDaemon(int signal);
  absl::Status Restart(const std::string& moment, int signal);
  absl::Status DecryptEverything();
  absl::Status EncryptSome();
  absl::Status Use(uint64_t until);
  absl::Status ReadState();
  std::vector<std::string> Environment() const;

  absl::Status SetUp();
  absl::Status Live();
  absl::Status Rotate();
  absl::Status Retire();
  absl::Status Share();

  TempDir root_;
  TempDir log_folder_;
  std::unique_ptr<Process> daemon_;
  std::unique_ptr<NodeClient> client_;
  std::vector<Tuple> tuples_;
  Expectation now_;
  std::vector<Expectation> expectations_;
  std::set<size_t> clean_stops_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_CRASH_SCENARIO_H_
