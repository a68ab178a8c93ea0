#include "plugin/cmd/signetd/signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace signet {
namespace {

sigset_t HandledSignals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGHUP);
  return signals;
}

}  // namespace

void BlockSignals() {
  const sigset_t signals = HandledSignals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int WaitForSignal() {
  const sigset_t signals = HandledSignals();
  int signal = 0;
  while (::sigwait(&signals, &signal) != 0) {
  }
  return signal;
}

void WakeForReload() { ::kill(::getpid(), SIGHUP); }

void LetInterruptKill() {
  sigset_t interrupt;
  ::sigemptyset(&interrupt);
  ::sigaddset(&interrupt, SIGINT);
  ::signal(SIGINT, SIG_DFL);
  ::pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr);
}

}  // namespace signet
