// RudeClients: connections that no kube-apiserver would make, opened again as soon as they are closed: silent
// ones, ones that send one byte a second with and without a good preface, half-open ones, garbage, and ones
// that leave in the middle of a frame. Each has a thread.
#ifndef SIGNET_TESTS_SOAK_RUDE_CLIENTS_H_
#define SIGNET_TESTS_SOAK_RUDE_CLIENTS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/soak/stop_signal.h"

namespace signet::soak {

class RudeClients {
 public:
  RudeClients(std::string socket_path, size_t count, uint64_t seed, StopSignal& stop);
  // Waits for all threads: stop first.
  ~RudeClients();
  RudeClients(const RudeClients&) = delete;
  RudeClients& operator=(const RudeClients&) = delete;

  uint64_t connections() const { return connections_; }
  // Of them, those that the daemon ended.
  uint64_t closed_by_daemon() const { return closed_by_daemon_; }

 private:
  void Run(uint64_t seed);
  void Visit(int fd, std::mt19937_64& random);
  // One byte a second until the daemon closes, the bytes or `seconds` are over. False: closed.
  bool Drip(int fd, const std::string& bytes, uint64_t seconds);
  // True: the daemon closed within the time.
  bool ClosedWithin(int fd, std::chrono::milliseconds time);

  const std::string socket_path_;
  StopSignal& stop_;
  std::atomic<uint64_t> connections_{0};
  std::atomic<uint64_t> closed_by_daemon_{0};
  std::vector<std::thread> threads_;
};

}  // namespace signet::soak

#endif  // SIGNET_TESTS_SOAK_RUDE_CLIENTS_H_
