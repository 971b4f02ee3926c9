#include "common/tunnel_kernel/wireguard_wire.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/time_types.h>
#include <linux/wireguard.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <functional>

namespace weir {
namespace {

// Room for a peer without its prefixes, and for one prefix, headers included.
constexpr std::size_t k_peer_size_max = 192;
constexpr std::size_t k_prefix_size_max = 48;

Status malformed(std::string_view part) {
  return fail(Code::internal,
              "the kernel's answer about a WireGuard device has a malformed " + std::string(part));
}

template <typename Header>
ByteView bytes_of(const Header& value) {
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof(value)};
}

void put_endpoint(NetlinkMessage& message, const Endpoint& endpoint) {
  const IpAddress address = endpoint.address.unmapped();
  const ByteView bytes = address.bytes();
  if (address.is_v4()) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(endpoint.port);
    std::memcpy(&to.sin_addr, bytes.data(), sizeof(to.sin_addr));
    message.put(WGPEER_A_ENDPOINT, bytes_of(to));
  } else {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(endpoint.port);
    std::memcpy(&to.sin6_addr, bytes.data(), sizeof(to.sin6_addr));
    message.put(WGPEER_A_ENDPOINT, bytes_of(to));
  }
}

void put_prefix(NetlinkMessage& message, const IpPrefix& prefix) {
  const std::size_t entry = message.open(0);
  message.put_u16(WGALLOWEDIP_A_FAMILY, prefix.address().is_v4() ? AF_INET : AF_INET6);
  message.put(WGALLOWEDIP_A_IPADDR, prefix.address().bytes());
  message.put_u8(WGALLOWEDIP_A_CIDR_MASK, static_cast<std::uint8_t>(prefix.length()));
  message.close(entry);
}

/// All of a peer but its prefixes.
void put_peer_head(NetlinkMessage& message, const PeerChange& peer) {
  std::uint32_t flags = 0;
  if (peer.remove) flags |= WGPEER_F_REMOVE_ME;
  if (peer.replace_allowed_ips) flags |= WGPEER_F_REPLACE_ALLOWEDIPS;
  if (!peer.create && !peer.remove) flags |= WGPEER_F_UPDATE_ONLY;
  message.put(WGPEER_A_PUBLIC_KEY, peer.public_key);
  message.put_u32(WGPEER_A_FLAGS, flags);
  if (peer.preshared_key) message.put(WGPEER_A_PRESHARED_KEY, peer.preshared_key->bytes());
  if (peer.endpoint) put_endpoint(message, *peer.endpoint);
  if (peer.persistent_keepalive) {
    message.put_u16(WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL,
                    static_cast<std::uint16_t>(peer.persistent_keepalive->count()));
  }
}

void put_peer_again(NetlinkMessage& message, const PublicKey& key) {
  message.put(WGPEER_A_PUBLIC_KEY, key);
  message.put_u32(WGPEER_A_FLAGS, WGPEER_F_UPDATE_ONLY);
}

std::optional<IpAddress> read_address(std::uint16_t family, ByteView bytes) {
  if (family == AF_INET && bytes.size() == 4) {
    return IpAddress::v4(std::span<const std::uint8_t, 4>(bytes));
  }
  if (family == AF_INET6 && bytes.size() == 16) {
    return IpAddress::v6(std::span<const std::uint8_t, 16>(bytes));
  }
  return std::nullopt;
}

Status read_endpoint(ByteView value, PeerState& peer) {
  sa_family_t family = 0;
  if (value.size() < sizeof(family)) return malformed("endpoint");
  std::memcpy(&family, value.data(), sizeof(family));
  if (family == AF_INET && value.size() >= sizeof(sockaddr_in)) {
    const ByteView address = value.subspan(offsetof(sockaddr_in, sin_addr), 4);
    peer.endpoint = Endpoint{*read_address(AF_INET, address), load_be16(value.data() + 2)};
    return {};
  }
  if (family == AF_INET6 && value.size() >= sizeof(sockaddr_in6)) {
    const ByteView address = value.subspan(offsetof(sockaddr_in6, sin6_addr), 16);
    peer.endpoint = Endpoint{*read_address(AF_INET6, address), load_be16(value.data() + 2)};
    std::memcpy(&peer.endpoint_interface, value.data() + offsetof(sockaddr_in6, sin6_scope_id), 4);
    return {};
  }
  if (family == AF_UNSPEC) return {};
  return malformed("endpoint");
}

Status read_handshake_time(ByteView value, PeerState& peer) {
  __kernel_timespec time{};
  if (value.size() != sizeof(time)) return malformed("handshake time");
  std::memcpy(&time, value.data(), sizeof(time));
  constexpr std::int64_t k_seconds_max = std::int64_t{1} << 33;  // in nanoseconds 63 bits
  if (time.tv_sec < 0 || time.tv_sec > k_seconds_max || time.tv_nsec < 0 ||
      time.tv_nsec >= 1'000'000'000) {
    return malformed("handshake time");
  }
  if (time.tv_sec == 0 && time.tv_nsec == 0) return {};
  peer.last_handshake =
      WallTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
  return {};
}

Status read_prefix(ByteView value, PeerState& peer) {
  std::optional<std::uint16_t> family;
  std::optional<std::uint8_t> length;
  ByteView bytes;
  AttributeReader reader(value);
  while (const auto attribute = reader.next()) {
    if (attribute->type == WGALLOWEDIP_A_FAMILY) family = read_u16(attribute->value);
    if (attribute->type == WGALLOWEDIP_A_IPADDR) bytes = attribute->value;
    if (attribute->type == WGALLOWEDIP_A_CIDR_MASK) length = read_u8(attribute->value);
  }
  const auto address = read_address(family.value_or(AF_UNSPEC), bytes);
  if (reader.broken() || !address || !length || *length > address->bits()) {
    return malformed("allowed IP");
  }
  peer.allowed_ips.emplace_back(*address, *length);
  return {};
}

Status read_prefixes(ByteView value, PeerState& peer) {
  AttributeReader reader(value);
  while (const auto attribute = reader.next()) WEIR_TRY(read_prefix(attribute->value, peer));
  if (reader.broken()) return malformed("list of allowed IPs");
  return {};
}

template <typename Number>
Status read_into(std::optional<Number> number, Number& target, std::string_view part) {
  if (!number) return malformed(part);
  target = *number;
  return {};
}

Status read_peer_attribute(const AttributeReader::Attribute& attribute, PeerState& peer) {
  const ByteView value = attribute.value;
  switch (attribute.type) {
    case WGPEER_A_PRESHARED_KEY: {
      if (value.size() != PresharedKey::k_size) return malformed("preshared key");
      const PresharedKey key{std::span<const std::uint8_t, PresharedKey::k_size>(value)};
      if (!key.is_zero()) peer.preshared_key = key;
      return {};
    }
    case WGPEER_A_ENDPOINT:
      return read_endpoint(value, peer);
    case WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL: {
      std::uint16_t seconds = 0;
      WEIR_TRY(read_into(read_u16(value), seconds, "persistent keepalive"));
      peer.persistent_keepalive = std::chrono::seconds(seconds);
      return {};
    }
    case WGPEER_A_LAST_HANDSHAKE_TIME:
      return read_handshake_time(value, peer);
    case WGPEER_A_RX_BYTES:
      return read_into(read_u64(value), peer.rx_bytes, "count of bytes");
    case WGPEER_A_TX_BYTES:
      return read_into(read_u64(value), peer.tx_bytes, "count of bytes");
    case WGPEER_A_ALLOWEDIPS:
      return read_prefixes(value, peer);
    default:
      return {};
  }
}

std::optional<PublicKey> read_key(ByteView value) {
  PublicKey key{};
  if (value.size() != key.size()) return std::nullopt;
  std::ranges::copy(value, key.begin());
  return key;
}

ByteView after_header(ByteView payload) {
  constexpr std::size_t k_header = GENL_HDRLEN;
  return payload.size() < k_header ? ByteView() : payload.subspan(k_header);
}

/// Fills messages with peers, one after the other.
class PeerWriter {
 public:
  PeerWriter(std::function<NetlinkMessage()> start, NetlinkMessage first)
      : start_(std::move(start)), current_{std::move(first), {}} {}

  void write(const PeerChange& peer, std::size_t position) {
    make_room(k_peer_size_max + k_prefix_size_max);
    std::size_t entry = begin_peer(position);
    put_peer_head(current_.message, peer);
    if (!peer.remove) {
      std::size_t list = current_.message.open(WGPEER_A_ALLOWEDIPS);
      for (const IpPrefix& prefix : peer.allowed_ips) {
        if (current_.message.size() + k_prefix_size_max > WireguardWire::k_message_size_max) {
          current_.message.close(list);
          current_.message.close(entry);
          next_message();
          entry = begin_peer(position);
          put_peer_again(current_.message, peer.public_key);
          list = current_.message.open(WGPEER_A_ALLOWEDIPS);
        }
        put_prefix(current_.message, prefix);
      }
      current_.message.close(list);
    }
    current_.message.close(entry);
  }

  std::vector<SetMessage> finish() {
    close_peers();
    done_.push_back(std::move(current_));
    return std::move(done_);
  }

 private:
  void make_room(std::size_t size) {
    if (current_.message.size() + size > WireguardWire::k_message_size_max) next_message();
  }
  std::size_t begin_peer(std::size_t position) {
    if (!peers_) peers_ = current_.message.open(WGDEVICE_A_PEERS);
    current_.peers.push_back(position);
    return current_.message.open(0);
  }
  void close_peers() {
    if (peers_) current_.message.close(*peers_);
    peers_.reset();
  }
  void next_message() {
    close_peers();
    done_.push_back(std::move(current_));
    current_ = SetMessage{start_(), {}};
  }

  std::function<NetlinkMessage()> start_;
  std::vector<SetMessage> done_;
  SetMessage current_;
  std::optional<std::size_t> peers_;  // where the open list of peers begins
};

}  // namespace

NetlinkMessage WireguardWire::get() const {
  NetlinkMessage message(family_, NLM_F_DUMP);
  message.header(genlmsghdr{.cmd = WG_CMD_GET_DEVICE, .version = WG_GENL_VERSION, .reserved = 0});
  message.put_u32(WGDEVICE_A_IFINDEX, interface_index_);
  return message;
}

NetlinkMessage WireguardWire::start() const {
  NetlinkMessage message(family_, NLM_F_ACK);
  message.header(genlmsghdr{.cmd = WG_CMD_SET_DEVICE, .version = WG_GENL_VERSION, .reserved = 0});
  message.put_u32(WGDEVICE_A_IFINDEX, interface_index_);
  return message;
}

std::vector<SetMessage> WireguardWire::set(const DeviceChange& change) const {
  std::vector<SetMessage> messages;
  if (change.listen_port) {
    messages.push_back({start(), {}});
    messages.back().message.put_u16(WGDEVICE_A_LISTEN_PORT, *change.listen_port);
  }
  if (!change.fwmark && !change.private_key && change.peers.empty()) return messages;

  NetlinkMessage first = start();
  if (change.fwmark) first.put_u32(WGDEVICE_A_FWMARK, *change.fwmark);
  if (change.private_key) first.put(WGDEVICE_A_PRIVATE_KEY, change.private_key->bytes());
  PeerWriter writer([this] { return start(); }, std::move(first));
  for (std::size_t i = 0; i < change.peers.size(); ++i) writer.write(change.peers[i], i);
  for (SetMessage& message : writer.finish()) messages.push_back(std::move(message));
  return messages;
}

Status DeviceReader::add(ByteView payload) {
  AttributeReader reader(after_header(payload));
  while (const auto attribute = reader.next()) {
    const ByteView value = attribute->value;
    switch (attribute->type) {
      case WGDEVICE_A_PRIVATE_KEY: {
        if (value.size() != PrivateKey::k_size) return malformed("private key");
        const PrivateKey key{std::span<const std::uint8_t, PrivateKey::k_size>(value)};
        if (!key.is_zero()) device_.device.private_key = key;
        break;
      }
      case WGDEVICE_A_PUBLIC_KEY:
        device_.public_key = read_key(value);
        if (!device_.public_key) return malformed("public key");
        break;
      case WGDEVICE_A_LISTEN_PORT:
        WEIR_TRY(read_into(read_u16(value), device_.listen_port, "port"));
        break;
      case WGDEVICE_A_FWMARK:
        WEIR_TRY(read_into(read_u32(value), device_.fwmark, "mark"));
        break;
      case WGDEVICE_A_PEERS: {
        AttributeReader peers(value);
        while (const auto peer = peers.next()) WEIR_TRY(add_peer(peer->value));
        if (peers.broken()) return malformed("list of peers");
        break;
      }
      default:
        break;
    }
  }
  if (reader.broken()) return malformed("attribute");
  return {};
}

Status DeviceReader::add_peer(ByteView value) {
  std::optional<PublicKey> key;
  AttributeReader keys(value);
  while (const auto attribute = keys.next()) {
    if (attribute->type == WGPEER_A_PUBLIC_KEY) key = read_key(attribute->value);
  }
  if (keys.broken() || !key) return malformed("peer");

  std::vector<PeerState>& peers = device_.device.peers;
  if (peers.empty() || peers.back().public_key != *key) {
    peers.emplace_back().public_key = *key;
  }
  AttributeReader reader(value);
  while (const auto attribute = reader.next()) {
    WEIR_TRY(read_peer_attribute(*attribute, peers.back()));
  }
  return {};
}

NetlinkMessage ask_family(std::string_view name) {
  NetlinkMessage message(GENL_ID_CTRL, NLM_F_ACK);
  message.header(genlmsghdr{.cmd = CTRL_CMD_GETFAMILY, .version = 1, .reserved = 0});
  message.put_text(CTRL_ATTR_FAMILY_NAME, name);
  return message;
}

std::optional<std::uint16_t> read_family(ByteView payload) {
  AttributeReader reader(after_header(payload));
  while (const auto attribute = reader.next()) {
    if (attribute->type == CTRL_ATTR_FAMILY_ID) return read_u16(attribute->value);
  }
  return std::nullopt;
}

}  // namespace weir
