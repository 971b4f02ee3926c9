#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "common/tunnel/device_config.h"

namespace weir {

// WireGuard's cross-platform configuration protocol (https://www.wireguard.com/xplatform/), the
// text that `wg` speaks with a userspace tunnel over a unix socket:
//
//   client                              server
//   set=1 \n key=value \n ... \n   ->   errno=0 \n \n          (or a negative errno)
//   get=1 \n \n                    ->   key=value \n ... errno=0 \n \n
//
// any number of times on one connection.

/// What one `set` asks for; what it does not name stays.
struct UapiSet {
  std::optional<PrivateKey> private_key;  ///< all zeros takes it away
  std::optional<std::uint16_t> listen_port;
  std::optional<std::uint32_t> fwmark;
  bool replace_peers = false;
  std::vector<PeerUpdate> peers;  ///< in this order, after the replacement
};

/// A `get`.
struct UapiGet {};

/// An operation that broke a rule. It has no effect; the connection goes on after it.
struct UapiRefusal {
  Error error;
};

using UapiRequest = std::variant<UapiGet, UapiSet, UapiRefusal>;

/// Cuts a client's bytes into requests. All or nothing: a `set` with one bad line is refused whole,
/// and its other lines are skipped up to its empty line.
///
/// Every byte is hostile. An operation that is neither get nor set, and anything beyond the limits,
/// cannot be skipped safely: the parser then stays `broken` and the connection should be closed.
///
///   limits  line k_line_max bytes; one set k_set_bytes_max bytes, k_peers_max peers,
///           k_allowed_ips_max allowed IPs
///   cost    O(bytes), no copy of the input beyond one unfinished line
class UapiParser {
 public:
  static constexpr std::size_t k_line_max = 256;
  static constexpr std::size_t k_set_bytes_max = std::size_t{64} << 20;
  static constexpr std::size_t k_peers_max = 65536;
  static constexpr std::size_t k_allowed_ips_max = 1U << 20;

  /// The index of the interface that a zone names; 0: there is none.
  using Zones = std::function<std::uint32_t(const std::string& name)>;

  /// `zones` reads names such as the "eth0" of "[fe80::1%eth0]:51820"; without it only numbers.
  explicit UapiParser(Zones zones = {}) : zones_(std::move(zones)) {}
  ~UapiParser();
  UapiParser(const UapiParser&) = default;
  UapiParser& operator=(const UapiParser&) = default;

  /// Takes the next bytes of the connection and returns the requests they complete.
  std::vector<UapiRequest> feed(std::string_view bytes);

  /// True after the first byte that cannot be understood; `feed` returns nothing from then on.
  bool broken() const { return phase_ == Phase::broken; }

 private:
  enum class Phase { operation, get_end, device, peer, skip, broken };

  void take_line(std::string_view line, std::vector<UapiRequest>& requests);
  void take_set_line(std::string_view line, std::vector<UapiRequest>& requests);
  Status take_pair(std::string_view key, std::string_view value);
  Status take_device_pair(std::string_view key, std::string_view value);
  Status take_peer_pair(std::string_view key, std::string_view value);
  Status take_endpoint(std::string_view value);
  Status take_allowed_ip(std::string_view value);
  Status begin_peer(std::string_view value);
  void refuse(Error error);
  void break_off(std::string why, std::vector<UapiRequest>& requests);
  void finish_set(std::vector<UapiRequest>& requests);
  void begin_operation();

  Zones zones_;
  Phase phase_ = Phase::operation;
  std::string unfinished_;  // may hold half a key: never grows, wiped when done with
  UapiSet set_;
  std::optional<Error> refused_;
  std::size_t set_bytes_ = 0;
  std::size_t allowed_ips_ = 0;
};

/// What a `get` shows.
struct UapiView {
  const DeviceState& device;
  std::uint16_t listen_port = 0;
  std::uint32_t fwmark = 0;
};

/// The whole answer to a `get`, errno and empty line included. It holds keys: wipe it after use; no
/// other copy of them is left behind.
std::string print_uapi_get(const UapiView& view);

/// The whole answer to a `set`: "errno=0\n\n", or the negative errno that fits the error's code.
std::string print_uapi_result(const Status& status);

}  // namespace weir
