#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/result.h"

namespace weir {

/// An IPv4 or IPv6 address: a value, no socket. IPv4-mapped IPv6 stays IPv6 unless `unmapped`.
class IpAddress {
 public:
  /// The unspecified IPv4 address, 0.0.0.0.
  constexpr IpAddress() = default;

  static IpAddress v4(std::uint32_t host_order);
  static IpAddress v4(std::span<const std::uint8_t, 4> network_order);
  static IpAddress v6(std::span<const std::uint8_t, 16> network_order);

  /// Errors: invalid_argument (names the text). No zone, no port, no brackets.
  static Result<IpAddress> parse(std::string_view text);

  bool is_v4() const { return v4_; }
  bool is_v6() const { return !v4_; }
  bool is_unspecified() const;
  bool is_loopback() const;
  /// fe80::/10: means something on one interface only.
  bool is_link_local() const;
  /// 32 or 128.
  int bits() const { return v4_ ? 32 : 128; }
  /// 4 or 16 bytes in network order.
  ByteView bytes() const { return {bytes_.data(), v4_ ? std::size_t{4} : std::size_t{16}}; }
  /// Only for IPv4.
  std::uint32_t v4_host_order() const;
  /// ::ffff:a.b.c.d becomes a.b.c.d; anything else stays.
  IpAddress unmapped() const;

  std::string to_string() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  bool v4_ = true;
};

/// An address and how many of its leading bits count. Host bits are always 0.
class IpPrefix {
 public:
  IpPrefix() = default;
  /// Host bits of `address` are cleared. `length` <= address.bits().
  IpPrefix(const IpAddress& address, int length);
  /// One address: /32 or /128.
  static IpPrefix host(const IpAddress& address);

  /// "10.0.0.0/8", "fd00::/64"; without a slash, one host. Host bits are cleared, as `wg` does.
  /// Errors: invalid_argument.
  static Result<IpPrefix> parse(std::string_view text);

  const IpAddress& address() const { return address_; }
  int length() const { return length_; }
  bool contains(const IpAddress& address) const;
  bool overlaps(const IpPrefix& other) const;
  std::string to_string() const;

  friend auto operator<=>(const IpPrefix&, const IpPrefix&) = default;

 private:
  IpAddress address_;
  int length_ = 0;
};

/// An address and a port: where packets go.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  /// "1.2.3.4:80" or "[fe80::1]:80".
  /// Errors: invalid_argument.
  static Result<Endpoint> parse(std::string_view text);
  std::string to_string() const;

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

}  // namespace weir

template <>
struct std::hash<weir::IpAddress> {
  std::size_t operator()(const weir::IpAddress& address) const {
    return std::hash<std::string_view>()(weir::as_text(address.bytes()));
  }
};

template <>
struct std::hash<weir::Endpoint> {
  std::size_t operator()(const weir::Endpoint& endpoint) const {
    return std::hash<weir::IpAddress>()(endpoint.address) * 65599 + endpoint.port;
  }
};
