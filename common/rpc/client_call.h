#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>

#include "common/rpc/call_core.h"

namespace weir {

class ClientCall;

/// What all calls of one channel share. Outlives them.
struct ClientShared {
  ClientShared(boost::asio::any_io_executor on, std::size_t queue_max);

  const boost::asio::any_io_executor executor;
  const std::size_t queue_bytes_max;
  std::set<ClientCall*> calls;  // on the executor
  Wakeup ended;                 // a call has ended
};

/// One call of a client: a gRPC reactor that only posts, and the call's state on the executor.
///
/// A hold keeps gRPC from OnDone as long as the executor may still start a read or a write; it is
/// removed once, when a read said the call is over or we cancelled it.
class ClientCall final : public CallCore,
                         private grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  static std::shared_ptr<ClientCall> start(std::shared_ptr<ClientShared> shared,
                                           grpc::GenericStub& stub, const std::string& path,
                                           std::chrono::milliseconds timeout);
  ~ClientCall() override;

  void close(Status why) override;
  void abandon() override { cancel(); }
  /// Ends the call now; gRPC tells its end later.
  void cancel();

 private:
  explicit ClientCall(std::shared_ptr<ClientShared> shared);
  std::shared_ptr<ClientCall> self() {
    return std::static_pointer_cast<ClientCall>(shared_from_this());
  }

  // On the executor.
  void start_read() override;
  void start_write(std::string message) override;
  void end_writing() override;
  void await_end() override { expect_end(); }
  void cut(Error why) override;
  void on_read_done(bool ok);
  void on_write_done(bool ok);
  void release();

  // gRPC's reactions, on gRPC's threads: each only posts.
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  const std::shared_ptr<ClientShared> shared_;
  std::shared_ptr<ClientCall> self_;  // until OnDone

  grpc::ClientContext context_;  // holds a reference to the channel
  grpc::ByteBuffer read_buffer_;
  grpc::ByteBuffer write_buffer_;
  bool held_ = false;
  bool half_closed_ = false;
};

}  // namespace weir
