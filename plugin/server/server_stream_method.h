// ServerStreamMethod: serves one server-streaming method on a CompletionQueueServer: a source is asked for
// the next answer when it has woken the stream, and when nothing was sent for a heartbeat.
//
// At most one answer of a stream is on its way, so a slow reader costs what the source keeps for it. A stream
// ends when its caller goes away or takes nothing for `write_timeout`, and when the server drains. All of it
// happens on the polling thread.
#ifndef SIGNET_PLUGIN_SERVER_SERVER_STREAM_METHOD_H_
#define SIGNET_PLUGIN_SERVER_SERVER_STREAM_METHOD_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "plugin/server/completion_queue_server.h"
#include "plugin/server/grpc_status.h"
#include "plugin/server/stream_wakeup.h"

namespace signet {

template <typename Response>
class StreamSource {
 public:
  virtual ~StreamSource() = default;
  // Fills the next answer; false: there is none. `due`: fill one in any case. On the polling thread; must not
  // block.
  virtual bool Next(bool due, Response& response) = 0;
};

template <typename Request, typename Response>
class ServerStreamMethod final : public ServedMethod {
 public:
  using Writer = grpc::ServerAsyncWriter<Response>;
  using Source = std::unique_ptr<StreamSource<Response>>;

  struct Definition {
    absl::string_view name;  // for the observer; lives as long as the program
    // The generated AsyncService::Request<name>.
    std::function<void(grpc::ServerContext*, Request*, Writer*, grpc::ServerCompletionQueue*, void*)> request;
    // On the polling thread; must not block. `wake` may be called from any thread, also after the stream's
    // end.
    std::function<absl::StatusOr<Source>(const Request&, const Peer&, std::function<void()> wake)> open;
    size_t max_streams = 8;  // a further one is RESOURCE_EXHAUSTED
    absl::Duration heartbeat = absl::Seconds(10);
    absl::Duration write_timeout = absl::Seconds(30);
  };

  ServerStreamMethod(CompletionQueueServer& server, Definition definition)
      : server_(server), definition_(std::move(definition)) {}

  void PostFirst() override { Post(); }
  void OnDrain() override {
    MutexLock lock(mutex_);
    for (const auto& wakeup : open_) wakeup->Wake();
  }

 private:
  class Stream;

  void Post() {
    if (server_.closing()) return;
    server_.ledger().AddPosted();
    std::make_unique<Stream>(*this).release()->Post();  // comes back through Retire
  }
  void Retire(Stream* stream) {
    delete stream;
    server_.ledger().RemovePosted();
  }
  bool AddOpen(const std::shared_ptr<StreamWakeup>& wakeup) {
    MutexLock lock(mutex_);
    return open_.size() < definition_.max_streams && open_.insert(wakeup).second;
  }
  void RemoveOpen(const std::shared_ptr<StreamWakeup>& wakeup) {
    MutexLock lock(mutex_);
    open_.erase(wakeup);
  }

  CompletionQueueServer& server_;
  const Definition definition_;
  Mutex mutex_;
  std::set<std::shared_ptr<StreamWakeup>> open_ ABSL_GUARDED_BY(mutex_);
};

template <typename Request, typename Response>
class ServerStreamMethod<Request, Response>::Stream {
 public:
  explicit Stream(ServerStreamMethod& method) : method_(method) {}

  void Post() {
    context_.AsyncNotifyWhenDone(&done_tag_);
    method_.definition_.request(&context_, &request_, &writer_, &method_.server_.queue(), &request_tag_);
  }

 private:
  class Tag final : public CompletionTag {
   public:
    Tag(Stream& stream, void (Stream::*event)(bool)) : stream_(stream), event_(event) {}
    void OnEvent(bool ok) override { (stream_.*event_)(ok); }

   private:
    Stream& stream_;
    void (Stream::*const event_)(bool);
  };

  void OnRequested(bool ok) {
    if (!ok) return method_.Retire(this);  // the server shuts down; no other event will come
    method_.Post();
    CompletionQueueServer& server = method_.server_;
    started_ = server.clock().Monotonic();
    peer_ = server.PeerOf(context_);
    const bool room = server.ledger().Begin();
    if (server.draining()) return End(absl::UnavailableError("shutting down"));
    if (!room) return End(absl::ResourceExhaustedError("too many calls in flight"));
    if (!method_.AddOpen(wakeup_)) return End(absl::ResourceExhaustedError("too many streams"));
    absl::StatusOr<Source> source =
        method_.definition_.open(request_, peer_, [wakeup = wakeup_] { wakeup->Wake(); });
    if (!source.ok()) return End(source.status());
    source_ = *std::move(source);
    server.observer().OnStreamOpened(server.api(), method_.definition_.name, peer_.credentials);
    Advance(/*due=*/true);
  }

  // Nothing is on its way but the end.
  void Advance(bool due) {
    if (timed_out_) return End(absl::DeadlineExceededError("the reader takes nothing"));
    if (over_ || broken_) return End(absl::CancelledError("caller gone"));
    // Looked at after AddOpen, so that a drain either sees this stream or is seen here.
    if (method_.server_.draining()) return End(absl::UnavailableError("shutting down"));
    response_.Clear();
    writing_ = source_->Next(due, response_);
    if (writing_) writer_.Write(response_, &write_tag_);
    Arm();
  }

  void Arm() {
    armed_ = true;
    wakeup_->Arm(method_.server_.queue(),
                 writing_ ? method_.definition_.write_timeout : method_.definition_.heartbeat, &wake_tag_);
  }

  void OnWake(bool /*ok*/) {
    armed_ = false;
    const bool woken = wakeup_->Disarm();
    if (!writing_) return Advance(/*due=*/!woken);
    if (woken) return Arm();  // something is there for the next answer; this one is still on its way
    timed_out_ = true;
    context_.TryCancel();  // ends the write
  }

  void OnWritten(bool ok) {
    writing_ = false;
    broken_ = !ok;
    if (!armed_) return Advance(/*due=*/false);
    wakeup_->Wake();  // goes on there
  }

  // The call is over on the wire, by whomever.
  void OnDone(bool /*ok*/) {
    over_ = true;
    if (armed_) wakeup_->Wake();
    CountEvent();
  }

  void End(const absl::Status& status) {
    source_.reset();
    method_.RemoveOpen(wakeup_);
    CompletionQueueServer& server = method_.server_;
    server.observer().OnCall(RpcCall{server.api(), method_.definition_.name, status,
                                     server.clock().Monotonic() - started_, "", "",
                                     [this] { return peer_.credentials; }});
    writer_.Finish(ToGrpcStatus(status), &finish_tag_);
  }

  void OnFinished(bool /*ok*/) {
    method_.server_.ledger().End();
    CountEvent();
  }

  void CountEvent() {
    if (--events_due_ == 0) method_.Retire(this);
  }

  ServerStreamMethod& method_;
  Tag request_tag_{*this, &Stream::OnRequested};
  Tag write_tag_{*this, &Stream::OnWritten};
  Tag wake_tag_{*this, &Stream::OnWake};
  Tag done_tag_{*this, &Stream::OnDone};
  Tag finish_tag_{*this, &Stream::OnFinished};
  grpc::ServerContext context_;
  Request request_;
  Response response_;
  Writer writer_{&context_};
  const std::shared_ptr<StreamWakeup> wakeup_ = std::make_shared<StreamWakeup>();
  Source source_;
  Peer peer_;
  MonotonicTime started_;
  bool armed_ = false;      // wake_tag_ will come
  bool writing_ = false;    // write_tag_ will come
  bool broken_ = false;     // a write failed
  bool timed_out_ = false;  // or took too long
  bool over_ = false;       // done_tag_ has come
  int events_due_ = 2;      // done_tag_ and finish_tag_
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_SERVER_STREAM_METHOD_H_
