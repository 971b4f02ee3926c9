#include "common/net/ip.h"

#include <arpa/inet.h>

#include <algorithm>

#include "common/base/assert.h"
#include "common/base/text.h"

namespace weir {

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress address;
  store_be32(address.bytes_.data(), host_order);
  return address;
}

IpAddress IpAddress::v4(std::span<const std::uint8_t, 4> network_order) {
  IpAddress address;
  std::ranges::copy(network_order, address.bytes_.begin());
  return address;
}

IpAddress IpAddress::v6(std::span<const std::uint8_t, 16> network_order) {
  IpAddress address;
  std::ranges::copy(network_order, address.bytes_.begin());
  address.v4_ = false;
  return address;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  std::array<std::uint8_t, 16> bytes{};
  if (terminated.size() == text.size() && terminated.find('\0') == std::string::npos) {
    if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) {
      return v4(std::span<const std::uint8_t, 4>(bytes.data(), 4));
    }
    if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return v6(bytes);
  }
  return fail(Code::invalid_argument, in_quotes(text) + " is not an IP address");
}

bool IpAddress::is_unspecified() const {
  return std::ranges::all_of(bytes(), [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_loopback() const {
  if (v4_) return bytes_[0] == 127;
  return bytes_[15] == 1 && std::all_of(bytes_.begin(), bytes_.begin() + 15,
                                        [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_link_local() const {
  return !v4_ && bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

std::uint32_t IpAddress::v4_host_order() const {
  WEIR_ASSERT(v4_, "not an IPv4 address: " + to_string());
  return load_be32(bytes_.data());
}

IpAddress IpAddress::unmapped() const {
  constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (v4_ || !std::equal(mapped.begin(), mapped.end(), bytes_.begin())) return *this;
  return v4(std::span<const std::uint8_t, 4>(bytes_.data() + 12, 4));
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
  return text.data();
}

IpPrefix::IpPrefix(const IpAddress& address, int length) : length_(length) {
  WEIR_ASSERT(length >= 0 && length <= address.bits(), "prefix length " + std::to_string(length));
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(address.bytes(), bytes.begin());
  for (int bit = length; bit < address.bits(); ++bit) {
    bytes[static_cast<std::size_t>(bit / 8)] &= static_cast<std::uint8_t>(~(0x80 >> (bit % 8)));
  }
  address_ = address.is_v4() ? IpAddress::v4(std::span<const std::uint8_t, 4>(bytes.data(), 4))
                             : IpAddress::v6(bytes);
}

IpPrefix IpPrefix::host(const IpAddress& address) { return {address, address.bits()}; }

Result<IpPrefix> IpPrefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  WEIR_ASSIGN(address, IpAddress::parse(text.substr(0, slash)));
  if (slash == std::string_view::npos) return host(address);
  const auto length = parse_number(text.substr(slash + 1), static_cast<unsigned>(address.bits()));
  if (!length) {
    return fail(Code::invalid_argument, "prefix " + in_quotes(text) + " needs a length from 0 to " +
                                            std::to_string(address.bits()));
  }
  return IpPrefix(address, static_cast<int>(*length));
}

bool IpPrefix::contains(const IpAddress& address) const {
  if (address.is_v4() != address_.is_v4()) return false;
  return IpPrefix(address, length_).address_ == address_;
}

bool IpPrefix::overlaps(const IpPrefix& other) const {
  return length_ <= other.length_ ? contains(other.address_) : other.contains(address_);
}

std::string IpPrefix::to_string() const {
  return address_.to_string() + "/" + std::to_string(length_);
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
  const auto complaint = [&] {
    return fail(Code::invalid_argument,
                "endpoint " + in_quotes(text) + " is not ADDRESS:PORT or [IPV6]:PORT");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return complaint();
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  const auto port = parse_number(text.substr(colon + 1), 65535);
  if (!address || !port || address->is_v6() != bracketed) return complaint();
  return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

std::string Endpoint::to_string() const {
  const std::string host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return host + ":" + std::to_string(port);
}

}  // namespace weir
