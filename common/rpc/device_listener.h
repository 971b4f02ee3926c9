#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/net/ip.h"

namespace weir {

/// Accepts the TCP connections to one address that come in through one network device.
///
/// Linux takes a packet for any of its addresses on any of its devices, so a neighbour could reach
/// the address of a tunnel past the tunnel. One executor; connections wait in the kernel until
/// `start`.
class DeviceListener {
 public:
  /// Gets each connection: a descriptor that does not block, and its ownership.
  using Take = std::function<void(int fd)>;

  /// Port 0 takes any. Errors: unavailable (the address, the device and why).
  static Result<std::unique_ptr<DeviceListener>> open(const boost::asio::any_io_executor& executor,
                                                      const Endpoint& endpoint,
                                                      const std::string& device);
  /// Nothing is taken any more.
  ~DeviceListener();

  std::uint16_t port() const;

  /// Once.
  void start(Take take);

 private:
  struct State;
  explicit DeviceListener(std::shared_ptr<State> state);
  const std::shared_ptr<State> state_;  // shared with the waits under way
};

}  // namespace weir
