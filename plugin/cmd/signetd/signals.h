// Signals as events of the main thread: blocked everywhere else, taken one by one here. Not thread-safe but
// for WakeForReload.
#ifndef SIGNET_PLUGIN_CMD_SIGNETD_SIGNALS_H_
#define SIGNET_PLUGIN_CMD_SIGNETD_SIGNALS_H_

namespace signet {

// Call before any thread starts: threads inherit the mask.
void BlockSignals();

// Blocks until SIGTERM, SIGINT or SIGHUP arrives and returns it.
int WaitForSignal();

// Sends SIGHUP to this process. Several that were not waited for yet are one.
void WakeForReload();

// From here on SIGINT ends the process at once: for whoever presses Ctrl-C again during a drain.
void LetInterruptKill();

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_SIGNETD_SIGNALS_H_
