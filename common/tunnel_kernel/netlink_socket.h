#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/tunnel_kernel/netlink_message.h"

struct mnl_socket;

namespace weir {

/// How the kernel answered: 0, or an errno and perhaps its own words about it.
struct NetlinkAnswer {
  int error = 0;
  std::string explanation;

  bool ok() const { return error == 0; }
  /// "`what`: the error's text (the kernel's words)". Only when not ok.
  Error as_error(const std::string& what) const;
};

/// A request and its answer over one netlink socket, in the network namespace of the thread that
/// opened it. Blocks for the kernel, which answers at once. One thread at a time.
class NetlinkSocket {
 public:
  /// `bus` is NETLINK_ROUTE or NETLINK_GENERIC.
  static Result<NetlinkSocket> open(int bus);
  NetlinkSocket(NetlinkSocket&&) noexcept;
  NetlinkSocket& operator=(NetlinkSocket&&) noexcept;
  ~NetlinkSocket();

  using Visit = std::function<Status(std::uint16_t type, ByteView payload)>;
  /// Sends `message` and shows the answer's messages to `visit`.
  NetlinkAnswer exchange(NetlinkMessage& message, const Visit& visit);
  /// The same for a change, of which only success or failure is told.
  NetlinkAnswer exchange(NetlinkMessage& message);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const;
  };
  explicit NetlinkSocket(std::unique_ptr<mnl_socket, Close> socket) : socket_(std::move(socket)) {}

  std::unique_ptr<mnl_socket, Close> socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace weir
