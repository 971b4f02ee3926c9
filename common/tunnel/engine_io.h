#pragma once

#include <cstdint>

#include "common/base/bytes.h"
#include "common/net/ip.h"

namespace weir {

/// The two ends of a UDP exchange as our socket sees them. Replies go out from `local`, so that a
/// host with several addresses answers from the one it was asked at; unspecified lets the kernel
/// choose.
struct UdpPath {
  Endpoint remote = {};
  IpAddress local = {};
  std::uint32_t interface_index = 0;  ///< 0 is any; set where one end is link-local

  /// The same remote, our own address left to the kernel. The interface stays: a link-local remote
  /// is nowhere without it.
  UdpPath without_local() const { return {remote, {}, interface_index}; }

  friend bool operator==(const UdpPath&, const UdpPath&) = default;
};

/// Where the engine's results go. Called during an engine call, on its thread, in the order in
/// which packets are to leave; must not call the engine back.
class EngineOutput {
 public:
  // Of one `send`: what a kernel cuts at once, and what travels as one through the IPv4 stack.
  static constexpr std::size_t k_send_count_max = 64;
  static constexpr std::size_t k_send_bytes_max = 65535 - 20 - 8;

  virtual ~EngineOutput() = default;

  /// `size` writable bytes for datagrams to `to`; the engine fills them and calls `send`, or never
  /// mentions them again. Several may be on their way; they come to `send` in the same order. Never
  /// fails: where `room()` is less than `size`, everything sent goes to the kernel first, and no
  /// buffer may be on its way.
  virtual ByteSpan send_buffer(const UdpPath& to, std::size_t size) = 0;
  virtual std::size_t room() const = 0;
  /// The first bytes of a `send_buffer`, complete: datagrams of `size` bytes, of which the last may
  /// be shorter; at most k_send_count_max and, unless it is one, k_send_bytes_max.
  virtual void send(const UdpPath& to, ByteSpan datagrams, std::size_t size) = 0;

  /// An authenticated inner IP packet whose source address belongs to the peer, or an ICMP message
  /// of our own. It lies inside the datagram given to `on_datagram`, whose bytes stay as they are
  /// until the receiver is done.
  virtual void deliver(ByteSpan ip_packet) = 0;
};

/// What became of a packet from the TUN device.
enum class InnerVerdict : std::uint8_t {
  sent,         ///< encrypted and handed to `send`
  staged,       ///< kept until a handshake is done
  no_peer,      ///< no allowed IP matches its destination
  no_endpoint,  ///< the peer has no known endpoint
  looped,       ///< to the very endpoint of the peer that would carry it: it would come back longer
  malformed,    ///< not IPv4 or IPv6
  too_big,      ///< longer than UDP carries; its sender gets an ICMP message
  down,         ///< the engine is down
};

}  // namespace weir
