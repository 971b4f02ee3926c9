#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "common/rpc/control_stream.h"
#include "common/rpc/router.h"

namespace weir {

/// Carries what one end of a memory stream sends to the other: calls `deliver` later, once, in
/// order; or never, as a cut link would. The default posts it to the executor.
using MemoryLink = std::function<void(std::function<void()> deliver)>;

struct MemoryStreamOptions {
  std::size_t queue_bytes_max = 4 << 20;  // written and not yet read at the other end
  MemoryLink client_to_server;
  MemoryLink server_to_client;
  PeerIdentity client;  // what the server sees
};

struct MemoryStreamPair {
  std::unique_ptr<ControlStream> client;
  std::unique_ptr<ControlStream> server;
};

/// Two ends of one call in memory, with the rules of the gRPC bridge. Both ends on one executor.
MemoryStreamPair make_memory_streams(const boost::asio::any_io_executor& executor,
                                     MemoryStreamOptions options = {});

/// Calls the handlers of a router in memory: an RPC service without gRPC, for simulations and
/// tests. `router` outlives the client, and the client's calls end before `executor` does.
class MemoryClient final : public RpcClient {
 public:
  MemoryClient(boost::asio::any_io_executor executor, const RpcRouter& router,
               MemoryStreamOptions options = {});

  /// The timeout is not enforced: simulated time has no deadline of its own.
  std::unique_ptr<ControlStream> open(const std::string& path,
                                      std::chrono::milliseconds timeout) override;

 private:
  const boost::asio::any_io_executor executor_;
  const RpcRouter& router_;
  const MemoryStreamOptions options_;
};

}  // namespace weir
