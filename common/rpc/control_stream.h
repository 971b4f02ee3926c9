#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace weir {

/// Who is at the other end, as the transport knows it; never what the peer claims in a message.
struct PeerIdentity {
  /// Whom the web door let in.
  struct Visitor {
    std::string name;
    std::string role;  // "viewer", "operator", "admin"
  };

  std::string address;                  // "ipv4:10.90.0.2:41234", "unix:", "memory"
  bool local = false;                   // through a unix socket: whoever may open the socket file
  bool authenticated = false;           // showed a certificate that our CA signed
  std::string common_name;              // of that certificate
  std::vector<std::string> uris;        // its URI subject alternative names
  std::optional<Visitor> visitor = {};  // through the web door
};

/// One call as both ends see it: messages of bytes in both directions until one end closes.
///
/// The gRPC bridge and the in-memory pair implement it, so a simulation passes the same serialised
/// protobuf without gRPC. All calls on the executor the stream was made for, which runs one handler
/// at a time. Destroying the stream before its end cancels the call.
class ControlStream {
 public:
  virtual ~ControlStream() = default;

  /// The next message; nullopt at the end: the peer said its last word, the call ended, or the
  /// waiting coroutine was cancelled. One reader. The next message is asked of the network only
  /// when `read` is called again, so a slow reader slows the sender down.
  /// A client notices the end of the call through a pending `read`: keep one.
  virtual boost::asio::awaitable<std::optional<std::string>> read() = 0;

  /// Queues a message. A queue above its limit in bytes means a stalled peer: the call is cut.
  /// Errors: resource_exhausted (cut now), unavailable (the call has ended or is closing).
  virtual Status write(std::string message) = 0;

  /// The same for whole states, of which only the newest counts: takes the place of the message an
  /// earlier `write_latest` left in the queue. Never cuts by piling up.
  virtual Status write_latest(std::string message) = 0;

  /// Says the last word after what is queued. A server ends the call with `why`; it waits for a
  /// stalled peer only as long as its `drain` option says. A client with success ends its half and
  /// may read on; with an error it cancels the call at once.
  virtual void close(Status why = {}) = 0;

  /// Resumes when the call has ended: with its status; `cancelled` also when the waiting coroutine
  /// was cancelled first. A client's call has not ended while a message of it is unread.
  virtual boost::asio::awaitable<Status> closed() = 0;

  /// False once the call has ended or this end has called `close`.
  virtual bool is_open() const = 0;
  /// Messages given to `write` and not yet taken by the network.
  virtual std::size_t queued_bytes() const = 0;
  virtual const PeerIdentity& peer() const = 0;
};

/// Opens calls: a gRPC channel, or a router in memory.
class RpcClient {
 public:
  virtual ~RpcClient() = default;

  /// Starts a call of `path` ("/weir.admin.v1.Admin/GetStatus"). A failure to reach the server is
  /// the call's status. `timeout` 0: no deadline. On the client's executor.
  virtual std::unique_ptr<ControlStream> open(const std::string& path,
                                              std::chrono::milliseconds timeout) = 0;
};

}  // namespace weir
