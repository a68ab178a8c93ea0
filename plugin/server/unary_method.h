// UnaryMethod: serves one unary method on a CompletionQueueServer with call objects that are used again and
// again: each waits in gRPC for a call, is handled, answered, wiped and posted anew.
//
// The polling thread owns the call objects but for Call::Finish, which any thread may call once per call.
#ifndef SIGNET_PLUGIN_SERVER_UNARY_METHOD_H_
#define SIGNET_PLUGIN_SERVER_UNARY_METHOD_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/cancellation.h"
#include "base/mutex.h"
#include "plugin/server/call_deadline.h"
#include "plugin/server/completion_queue_server.h"
#include "plugin/server/grpc_status.h"

namespace signet {

template <typename Request, typename Response>
class UnaryMethod final : public ServedMethod {
 public:
  class Call;
  using Responder = grpc::ServerAsyncResponseWriter<Response>;

  struct Definition {
    using Method = UnaryMethod;

    absl::string_view name;  // for the observer; lives as long as the program
    // The generated AsyncService::Request<name>.
    std::function<void(grpc::ServerContext*, Request*, Responder*, grpc::ServerCompletionQueue*, void*)>
        request;
    // On the polling thread; must not block; leads to exactly one Call::Finish, now or later.
    std::function<void(Call&)> handle;
    // Overwrites what must not stay in memory once the answer is out.
    std::function<void(Request&, Response&)> wipe = [](Request&, Response&) {};
    // What the observer is told, taken from either message.
    std::function<absl::string_view(const Request&)> uid = [](const Request&) { return absl::string_view(); };
    std::function<absl::string_view(const Request&, const Response&)> key_id =
        [](const Request&, const Response&) { return absl::string_view(); };
    bool answers_later = false;           // handle may return before Finish: calls can be cancelled
    bool answers_while_draining = false;  // others are UNAVAILABLE then
    bool remembers_peer = false;          // so that the observer is told who called even after they have gone
  };

  UnaryMethod(CompletionQueueServer& server, Definition definition)
      : server_(server), definition_(std::move(definition)) {}

  void PostFirst() override {
    for (size_t i = 0; i < kPosted; ++i) Post();
  }

 private:
  // Waiting in gRPC at any time, so that a burst finds takers; and kept when idle, unless a large message has
  // made them large.
  static constexpr size_t kPosted = 4;
  static constexpr size_t kKept = 64;
  static constexpr size_t kMaxKeptBytes = 4096;

  void Post() {
    if (server_.closing()) return;
    std::unique_ptr<Call> call;
    if (idle_.empty()) {
      call = std::make_unique<Call>(*this);
    } else {
      call = std::move(idle_.back());
      idle_.pop_back();
    }
    server_.ledger().AddPosted();
    call.release()->Post();  // comes back through Retire
  }

  void Retire(Call* call, size_t message_bytes) {
    std::unique_ptr<Call> owned(call);
    if (idle_.size() < kKept && message_bytes <= kMaxKeptBytes) {
      idle_.push_back(std::move(owned));
    } else {
      owned.reset();
    }
    server_.ledger().RemovePosted();
  }

  CompletionQueueServer& server_;
  const Definition definition_;
  std::vector<std::unique_ptr<Call>> idle_;
};

template <typename Request, typename Response>
class UnaryMethod<Request, Response>::Call {
 public:
  explicit Call(UnaryMethod& method) : method_(method) {}

  Request& request() { return request_; }
  Response& response() { return response_; }
  MonotonicTime deadline() const {
    return ToMonotonicTime(context_->raw_deadline(), method_.server_.clock());
  }
  // Cancelled when the caller goes away or its deadline passes; null unless the method answers later.
  const std::shared_ptr<CancellationToken>& cancellation() const { return cancellation_; }
  Peer peer() const { return peer_.has_value() ? *peer_ : method_.server_.PeerOf(*context_); }

  // Sends the answer: the response if `status` is OK. Neither the call nor its messages may be touched after.
  void Finish(const absl::Status& status) {
    MutexLock answering(answering_);
    CompletionQueueServer& server = method_.server_;
    server.observer().OnCall(RpcCall{server.api(), method_.definition_.name, status,
                                     server.clock().Monotonic() - started_, method_.definition_.uid(request_),
                                     method_.definition_.key_id(request_, response_),
                                     [this] { return peer().credentials; }});
    if (status.ok()) {
      responder_->Finish(response_, grpc::Status::OK, &finish_tag_);
    } else {
      responder_->FinishWithError(ToGrpcStatus(status), &finish_tag_);
    }
  }

 private:
  friend class UnaryMethod;

  class Tag final : public CompletionTag {
   public:
    Tag(Call& call, void (Call::*event)(bool)) : call_(call), event_(event) {}
    void OnEvent(bool ok) override { (call_.*event_)(ok); }

   private:
    Call& call_;
    void (Call::*const event_)(bool);
  };

  void Post() {
    context_.emplace();
    responder_.emplace(&*context_);
    events_due_ = 1;
    if (method_.definition_.answers_later) {
      cancellation_ = std::make_shared<CancellationToken>();
      context_->AsyncNotifyWhenDone(&done_tag_);
      events_due_ = 2;
    }
    method_.definition_.request(&*context_, &request_, &*responder_, &method_.server_.queue(), &request_tag_);
  }

  void OnRequested(bool ok) {
    CompletionQueueServer& server = method_.server_;
    if (!ok) return Retire();  // the server shuts down; no other event will come
    method_.Post();
    started_ = server.clock().Monotonic();
    if (method_.definition_.remembers_peer) peer_ = server.PeerOf(*context_);
    const bool room = server.ledger().Begin();
    if (server.draining() && !method_.definition_.answers_while_draining) {
      Finish(absl::UnavailableError("shutting down"));
    } else if (!room) {
      Finish(absl::ResourceExhaustedError("too many calls in flight"));
    } else {
      method_.definition_.handle(*this);
    }
  }

  void OnFinished(bool /*ok*/) {
    {
      MutexLock answered(answering_);  // the event can come before the answering thread has left Finish
      message_bytes_ = request_.ByteSizeLong() + response_.ByteSizeLong();
      method_.definition_.wipe(request_, response_);
    }
    method_.server_.ledger().End();
    CountEvent();
  }

  // The call is over on the wire: answered, cancelled or out of time.
  void OnDone(bool /*ok*/) {
    if (context_->IsCancelled()) cancellation_->Cancel();
    CountEvent();
  }

  void CountEvent() {
    if (--events_due_ == 0) Retire();
  }

  void Retire() {
    request_.Clear();
    response_.Clear();
    responder_.reset();
    context_.reset();
    cancellation_.reset();
    peer_.reset();
    method_.Retire(this, std::exchange(message_bytes_, 0));
  }

  UnaryMethod& method_;
  Tag request_tag_{*this, &Call::OnRequested};
  Tag finish_tag_{*this, &Call::OnFinished};
  Tag done_tag_{*this, &Call::OnDone};
  Request request_;
  Response response_;
  std::optional<grpc::ServerContext> context_;
  std::optional<Responder> responder_;
  std::shared_ptr<CancellationToken> cancellation_;
  std::optional<Peer> peer_;
  MonotonicTime started_;
  // Held while the answer is handed over, so that the messages have one owner at a time.
  Mutex answering_;
  int events_due_ = 0;
  size_t message_bytes_ = 0;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_UNARY_METHOD_H_
