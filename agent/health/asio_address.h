#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstring>

#include "common/net/ip.h"

namespace weir::agent {

inline boost::asio::ip::address to_asio(const IpAddress& address) {
  if (address.is_v4()) return boost::asio::ip::address_v4(address.v4_host_order());
  boost::asio::ip::address_v6::bytes_type bytes{};
  std::memcpy(bytes.data(), address.bytes().data(), bytes.size());
  return boost::asio::ip::address_v6(bytes);
}

inline IpAddress from_asio(const boost::asio::ip::address& address) {
  if (address.is_v4()) return IpAddress::v4(address.to_v4().to_uint());
  return IpAddress::v6(address.to_v6().to_bytes());
}

}  // namespace weir::agent
