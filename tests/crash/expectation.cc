#include "tests/crash/expectation.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace signet::testing {
namespace {

void JudgeKeyrings(const Expectation& expectation, const Observation& observation,
                   std::vector<std::string>& breaches) {
  for (const auto& [path, allowed] : expectation.keyrings) {
    const auto found = observation.keyrings.find(path);
    const std::string shown = found == observation.keyrings.end() ? "(not asked)" : found->second;
    if (std::find(allowed.begin(), allowed.end(), shown) != allowed.end()) continue;
    breaches.push_back(
        absl::StrCat("keyring ", path, " shows ", shown, " instead of ", absl::StrJoin(allowed, " or ")));
  }
}

void JudgeKeyId(const Expectation& expectation, const Observation& observation,
                const std::vector<std::string>& announced, std::vector<std::string>& breaches) {
  const auto place = [&](const std::string& key_id) {
    return std::find(announced.begin(), announced.end(), key_id) - announced.begin();
  };
  if (place(observation.key_id) == static_cast<ptrdiff_t>(announced.size())) {
    breaches.push_back(absl::StrCat("unknown key_id ", observation.key_id));
  }
  if (expectation.key_ids.empty()) return;
  const std::string& newest = expectation.key_ids.back();
  if (place(observation.key_id) < place(newest)) {
    breaches.push_back(absl::StrCat("key_id goes back from ", newest, " to ", observation.key_id));
  }
  const std::vector<std::string>& history = observation.history;
  if (history.size() < expectation.key_ids.size() ||
      !std::equal(expectation.key_ids.begin(), expectation.key_ids.end(), history.begin())) {
    breaches.push_back(absl::StrCat("history is {", absl::StrJoin(history, ", "), "}, announced were {",
                                    absl::StrJoin(expectation.key_ids, ", "), "}"));
  }
  if (observation.key_id != newest) return;
  if (observation.local_kek_id != expectation.local_kek_id) {
    breaches.push_back(absl::StrCat("record in use is ", observation.local_kek_id, ", handed out was ",
                                    expectation.local_kek_id));
  } else if (observation.uses < expectation.uses) {
    breaches.push_back(absl::StrCat("uses go back from ", expectation.uses, " to ", observation.uses));
  }
}

void JudgeTuples(const Expectation& expectation, const Observation& observation,
                 const std::vector<Tuple>& tuples, std::vector<std::string>& breaches) {
  for (size_t i = 0; i < observation.tuples.size(); ++i) {
    const absl::StatusOr<std::string>& result = observation.tuples[i];
    // Wrong bytes are wrong whatever was promised.
    if (result.ok() && *result != tuples[i].plaintext) {
      breaches.push_back(absl::StrCat("object ", i, " decrypts to something else"));
    }
  }
  for (const auto& [index, readable] : expectation.tuples) {
    if (index >= observation.tuples.size()) {
      breaches.push_back(absl::StrCat("object ", index, " was not tried"));
      continue;
    }
    const absl::StatusOr<std::string>& result = observation.tuples[index];
    if (readable == Readable::kMust && !result.ok()) {
      breaches.push_back(absl::StrCat("object ", index, " is lost: ", result.status().ToString()));
    }
    if (readable == Readable::kMustNot && result.ok()) {
      breaches.push_back(absl::StrCat("object ", index, " is readable again"));
    }
  }
}

}  // namespace

std::vector<std::string> Breaches(const Expectation& expectation, const Observation& observation,
                                  const std::vector<Tuple>& tuples,
                                  const std::vector<std::string>& announced) {
  std::vector<std::string> breaches;
  JudgeKeyrings(expectation, observation, breaches);
  if (!expectation.running) return breaches;
  if (!observation.started.ok()) {
    breaches.push_back(absl::StrCat("does not start: ", observation.started.ToString()));
    return breaches;
  }
  if (!observation.stored) breaches.push_back("its state directory does not take the record");
  JudgeKeyId(expectation, observation, announced, breaches);
  JudgeTuples(expectation, observation, tuples, breaches);
  return breaches;
}

}  // namespace signet::testing
