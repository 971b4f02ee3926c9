#include "common/rpc/server_call.h"

#include <grpcpp/security/auth_context.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "common/rpc/grpc_convert.h"

namespace weir {

namespace asio = boost::asio;

namespace {

/// "ipv6:%5Bfd00::1%5D:80" as people write it.
std::string readable(std::string address) {
  for (const auto& [escaped, plain] : {std::pair{"%5B", "["}, std::pair{"%5D", "]"}}) {
    if (const auto at = address.find(escaped); at != std::string::npos)
      address.replace(at, 3, plain);
  }
  return address;
}

PeerIdentity identity_of(const grpc::GenericCallbackServerContext& context) {
  PeerIdentity peer;
  peer.address = readable(context.peer());
  peer.local = peer.address.starts_with("unix:");
  const auto shown = context.auth_context();
  if (!shown || !shown->IsPeerAuthenticated()) return peer;
  peer.authenticated = true;
  const auto names = shown->FindPropertyValues("x509_common_name");
  if (!names.empty()) peer.common_name = std::string(names[0].data(), names[0].size());
  for (const auto& uri : shown->FindPropertyValues("peer_uri")) {
    peer.uris.emplace_back(uri.data(), uri.size());
  }
  return peer;
}

}  // namespace

ServerShared::ServerShared(asio::any_io_executor on, const RpcRouter& from, std::size_t queue_max,
                           std::chrono::milliseconds drain_for)
    : executor(std::move(on)),
      router(from),
      queue_bytes_max(queue_max),
      drain(drain_for),
      ended(executor) {}

ServerCall::ServerCall(std::shared_ptr<ServerShared> shared,
                       grpc::GenericCallbackServerContext& context)
    : CallCore(shared->executor, shared->queue_bytes_max),
      shared_(std::move(shared)),
      path_(context.method()),
      context_(&context),
      drain_(executor_) {
  peer_ = identity_of(context);
}

grpc::ServerGenericBidiReactor* ServerCall::start(std::shared_ptr<ServerShared> shared,
                                                  grpc::GenericCallbackServerContext& context) {
  shared->calls.fetch_add(1);
  const std::shared_ptr<ServerCall> call(new ServerCall(std::move(shared), context));
  call->self_ = call;
  asio::post(call->executor_, [call] { call->run_handler(); });
  return call.get();
}

// On the executor: whoever drops the last reference is there, or has stopped it for good.
ServerCall::~ServerCall() {
  shared_->calls.fetch_sub(1);
  shared_->ended.notify();
}

void ServerCall::run_handler() {
  const RpcRouter::Handler* handler = shared_->router.find(path_);
  if (handler == nullptr) {
    close(fail(Code::unimplemented, "no method " + path_.substr(0, 100)));
    return;
  }
  auto running = (*handler)(CallContext{path_, peer_}, std::make_shared<CallHandle>(self()));
  handler_.start(executor_, path_, std::move(running),
                 [call = self()](Status status) { call->close(std::move(status)); });
}

void ServerCall::close(Status why) {
  if (finished_ || closing()) return;
  last_word_ = std::move(why);
  set_closing();
  pump();
  if (finished_) return;
  drain_.expires_after(shared_->drain);
  drain_.async_wait([call = self()](const boost::system::error_code& stopped) {
    if (!stopped) call->cut(Error(Code::deadline_exceeded, "the peer did not read to the end"));
  });
}

void ServerCall::abandon() {
  // The handler's return is the last word; a stream dropped after it has nothing left to say.
}

void ServerCall::end_writing() {
  finish(last_word_);
  handler_.cancel();  // after a failed write it may still run
}

void ServerCall::cut(Error why) {
  // Finish alone would wait behind the blocked write.
  if (!finished_) context_->TryCancel();
  stop_writing();
  finish(fail(std::move(why)));
  handler_.cancel();
}

void ServerCall::finish(const Status& status) {
  if (std::exchange(finished_, true)) return;
  drain_.cancel();
  Finish(to_grpc(status));
  on_ended(status);
}

void ServerCall::on_peer_gone() {
  stop_writing();
  finish(fail(Code::cancelled, "the caller has gone"));
  handler_.cancel();
}

void ServerCall::start_read() {
  if (finished_) {
    on_read(std::nullopt);
  } else {
    StartRead(&read_buffer_);
  }
}

void ServerCall::start_write(std::string message) {
  write_buffer_ = to_buffer(message);
  StartWrite(&write_buffer_);
}

void ServerCall::OnReadDone(bool ok) {
  asio::post(executor_, [call = self(), ok] {
    call->on_read(ok ? std::optional(from_buffer(call->read_buffer_)) : std::nullopt);
    call->read_buffer_.Clear();
  });
}

void ServerCall::OnWriteDone(bool ok) {
  asio::post(executor_, [call = self(), ok] { call->on_written(ok); });
}

void ServerCall::OnCancel() {
  asio::post(executor_, [call = self()] { call->on_peer_gone(); });
}

void ServerCall::OnDone() {
  // The last reference must die on the executor, so the posted handler carries it.
  asio::post(executor_, [call = std::move(self_)] {});
}

}  // namespace weir
