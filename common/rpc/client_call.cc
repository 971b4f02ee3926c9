#include "common/rpc/client_call.h"

#include <grpc/support/time.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "common/rpc/grpc_convert.h"

namespace weir {

namespace asio = boost::asio;

ClientShared::ClientShared(asio::any_io_executor on, std::size_t queue_max)
    : executor(std::move(on)), queue_bytes_max(queue_max), ended(executor) {}

ClientCall::ClientCall(std::shared_ptr<ClientShared> shared)
    : CallCore(shared->executor, shared->queue_bytes_max), shared_(std::move(shared)) {
  shared_->calls.insert(this);
}

// On the executor: OnDone hands the last reference over to it.
ClientCall::~ClientCall() {
  shared_->calls.erase(this);
  shared_->ended.notify();
}

std::shared_ptr<ClientCall> ClientCall::start(std::shared_ptr<ClientShared> shared,
                                              grpc::GenericStub& stub, const std::string& path,
                                              std::chrono::milliseconds timeout) {
  const std::shared_ptr<ClientCall> call(new ClientCall(std::move(shared)));
  call->self_ = call;
  if (timeout.count() > 0) {
    call->context_.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                             gpr_time_from_millis(timeout.count(), GPR_TIMESPAN)));
  }
  stub.PrepareBidiStreamingCall(&call->context_, path, grpc::StubOptions(), call.get());
  call->AddHold();
  call->held_ = true;
  call->StartCall();
  return call;
}

void ClientCall::start_read() {
  if (held_) {
    StartRead(&read_buffer_);
  } else {
    on_read(std::nullopt);
  }
}

void ClientCall::start_write(std::string message) {
  write_buffer_ = to_buffer(message);
  StartWrite(&write_buffer_);
}

void ClientCall::close(Status why) {
  if (!why) {
    cancel();
  } else if (is_open()) {
    set_closing();
    pump();
  }
}

void ClientCall::end_writing() {
  if (!held_ || std::exchange(half_closed_, true)) return;
  StartWritesDone();
}

void ClientCall::cut(Error) { cancel(); }

void ClientCall::cancel() {
  if (!held_) return;
  context_.TryCancel();
  release();
}

void ClientCall::release() {
  if (!std::exchange(held_, false)) return;
  stop_writing();
  RemoveHold();
}

void ClientCall::on_read_done(bool ok) {
  on_read(ok ? std::optional(from_buffer(read_buffer_)) : std::nullopt);
  read_buffer_.Clear();
  if (!ok) release();
}

void ClientCall::on_write_done(bool ok) {
  on_written(ok && held_);
  // The call is over; only a read tells the reason, and nobody may be waiting in one.
  if (!ok) expect_end();
}

void ClientCall::OnReadDone(bool ok) {
  asio::post(executor_, [call = self(), ok] { call->on_read_done(ok); });
}

void ClientCall::OnWriteDone(bool ok) {
  asio::post(executor_, [call = self(), ok] { call->on_write_done(ok); });
}

void ClientCall::OnDone(const grpc::Status& status) {
  // The call holds the channel through its context. Its last reference must not die here, in one
  // of gRPC's own threads, so the posted handler carries it to the executor.
  asio::post(executor_,
             [call = std::move(self_), ended = from_grpc(status)] { call->on_ended(ended); });
}

}  // namespace weir
