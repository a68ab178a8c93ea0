// Which files a disk may hold after the power was cut.
#ifndef SIGNET_TESTS_CRASH_CRASH_STATES_H_
#define SIGNET_TESTS_CRASH_CRASH_STATES_H_

#include <vector>

#include "tests/crash/disk_model.h"
#include "tests/crash/image.h"

namespace signet::testing {

// The legal contents of one file: what no fsync covers is absent, present in part in the order it was made,
// each change alone, or torn: cut short, all zeros, zeros in front, zeros at the end. No two are equal.
std::vector<ImageEntry> FileVariants(const Node& node);

// The legal states of the whole disk. Names no fsync covers: every prefix in the order they were changed,
// each change alone, each one missing, and up to kEverySubset of them every subset. For each of these, one
// file at a time takes each of its variants while the others have all or none of what was written. States may
// repeat.
inline constexpr size_t kEverySubset = 4;
std::vector<Image> CrashStates(const DiskModel& disk);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_CRASH_CRASH_STATES_H_
