#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/net/ip.h"

struct mnl_socket;

namespace weir {

/// An address of an interface and how many of its bits are the network's.
struct InterfaceAddress {
  IpAddress address;
  int prefix_length = 32;

  friend auto operator<=>(const InterfaceAddress&, const InterfaceAddress&) = default;
};

/// What the kernel knows about one interface.
struct LinkState {
  std::uint32_t index = 0;
  std::uint32_t mtu = 0;
  std::uint32_t tx_queue_length = 0;
  bool up = false;
};

/// Addresses, routes and settings of one interface, by rtnetlink. Every change is idempotent: what
/// is so already is success.
///
/// Blocks for the kernel's answer (tens of microseconds). One thread at a time. Acts in the network
/// namespace of the thread that opened it. Errors of every call: not_found (the interface is gone),
/// permission_denied (needs CAP_NET_ADMIN), invalid_argument, unavailable; each names the
/// interface, the value and what to do.
class LinkConfig {
 public:
  static Result<LinkConfig> open(const std::string& interface);
  LinkConfig(LinkConfig&&) noexcept;
  LinkConfig& operator=(LinkConfig&&) noexcept;
  ~LinkConfig();

  Result<LinkState> state();
  Status set_mtu(std::uint32_t mtu);
  Status set_tx_queue_length(std::uint32_t packets);
  Status set_up(bool up);

  /// IPv4 and IPv6, link-local ones left out.
  Result<std::vector<InterfaceAddress>> addresses();
  Status add_address(const InterfaceAddress& address);
  Status remove_address(const InterfaceAddress& address);

  /// The prefixes routed to the interface by this class (route protocol 87), on any run of the
  /// program; the kernel's own and the operator's routes are left out.
  Result<std::vector<IpPrefix>> routes();
  /// A route in the main table; the interface must be up.
  Status add_route(const IpPrefix& prefix);
  Status remove_route(const IpPrefix& prefix);

  /// Makes the addresses and this class's routes exactly these: adds what is missing first, then
  /// removes what is too much.
  Status apply(const std::vector<InterfaceAddress>& wanted_addresses,
               const std::vector<IpPrefix>& wanted_routes);

 private:
  struct CloseSocket {
    void operator()(mnl_socket* socket) const;
  };
  using Socket = std::unique_ptr<mnl_socket, CloseSocket>;
  class Request;

  LinkConfig(std::string interface, Socket socket);
  Result<std::uint32_t> index() const;
  Status run(Request& request, const std::string& what);
  Status change_address(const InterfaceAddress& address, bool add);
  Status change_route(const IpPrefix& prefix, bool add);
  Result<std::vector<IpPrefix>> find_routes(bool only_ours);

  std::string interface_;
  Socket socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace weir
