#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "common/rpc/call_core.h"
#include "common/rpc/router.h"
#include "common/rpc/running_handler.h"

namespace weir {

/// What all calls of one server share. Outlives them.
struct ServerShared {
  ServerShared(boost::asio::any_io_executor on, const RpcRouter& from, std::size_t queue_max,
               std::chrono::milliseconds drain_for);

  const boost::asio::any_io_executor executor;
  const RpcRouter& router;
  const std::size_t queue_bytes_max;
  const std::chrono::milliseconds drain;
  std::atomic<std::size_t> calls = 0;  // also read by gRPC's threads, which admit calls
  Wakeup ended;                        // a call has ended
};

/// One call on the server: a gRPC reactor that only posts, and the call's state on the executor.
///
/// Reactor's threads touch `self_` and the buffers handed to them, nothing else. OnDone comes last,
/// and only after Finish: so every way out of a call leads through `finish`.
class ServerCall final : public CallCore, private grpc::ServerGenericBidiReactor {
 public:
  /// From gRPC's thread. Returns the reactor gRPC wants; the call frees itself.
  static grpc::ServerGenericBidiReactor* start(std::shared_ptr<ServerShared> shared,
                                               grpc::GenericCallbackServerContext& context);
  ~ServerCall() override;

  void close(Status why) override;
  void abandon() override;

 private:
  ServerCall(std::shared_ptr<ServerShared> shared, grpc::GenericCallbackServerContext& context);
  std::shared_ptr<ServerCall> self() {
    return std::static_pointer_cast<ServerCall>(shared_from_this());
  }

  // On the executor.
  void run_handler();
  void on_peer_gone();
  void finish(const Status& status);
  void start_read() override;
  void start_write(std::string message) override;
  void end_writing() override;
  void cut(Error why) override;

  // gRPC's reactions, on gRPC's threads: each only posts.
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  const std::shared_ptr<ServerShared> shared_;
  const std::string path_;
  std::shared_ptr<ServerCall> self_;  // until OnDone

  grpc::GenericCallbackServerContext* context_;  // gRPC's, until OnDone
  grpc::ByteBuffer read_buffer_;
  grpc::ByteBuffer write_buffer_;
  RunningHandler handler_;
  boost::asio::steady_timer drain_;
  Status last_word_ = fail(Code::cancelled, "the caller has gone");  // until `close` says another
  bool finished_ = false;
};

}  // namespace weir
