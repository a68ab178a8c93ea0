// Values as kube-apiserver stores them, built byte by byte: an encoder apart from the reader under test.
#ifndef SIGNET_TESTS_TESTING_STORED_OBJECTS_H_
#define SIGNET_TESTS_TESTING_STORED_OBJECTS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace signet::testing {

// One protobuf field.
std::string ProtoBytes(uint32_t number, absl::string_view bytes);
std::string ProtoVarint(uint32_t number, uint64_t value);

struct StoredObject {
  std::string encrypted_data = std::string(78, 'd');
  std::string key_id;
  std::string wrapped_seed;
  std::vector<std::pair<std::string, std::string>> annotations;
  uint64_t seed_type = 1;

  // The protobuf message, and the whole value with its prefix.
  std::string Message() const;
  std::string Value(absl::string_view provider = "signet") const;
};

// A real one of ours: a record of one `local` entry with a good MAC, and a 32-byte seed sealed under its KEK.
StoredObject MakeSignetObject(absl::string_view key_id = "local-v1-8f3a1c0d9e7b2a44");

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_STORED_OBJECTS_H_
