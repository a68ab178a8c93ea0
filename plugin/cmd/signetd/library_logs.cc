#include "plugin/cmd/signetd/library_logs.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include "base/clock.h"
#include "plugin/observability/rate_limiter.h"

namespace signet {
namespace {

struct GrpcSink {
  Log& log;
  RateLimiter limiter;
};

GrpcSink* grpc_sink = nullptr;

void WriteGrpcMessage(gpr_log_func_args* message) {
  if (message->severity != GPR_LOG_SEVERITY_ERROR || !grpc_sink->limiter.Admit(0)) return;
  grpc_sink->log.Write(LogSeverity::kWarning, "gRPC",
                       {{"error", message->message}, {"file", message->file}, {"line", message->line}});
}

}  // namespace

void RouteLibraryLogs(Log& log) {
  google::protobuf::SetLogHandler(nullptr);
  grpc_sink = new GrpcSink{log, RateLimiter({}, SystemClock())};
  gpr_set_log_function(WriteGrpcMessage);
}

}  // namespace signet
