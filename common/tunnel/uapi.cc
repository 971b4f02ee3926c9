#include "common/tunnel/uapi.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "common/base/bytes.h"
#include "common/base/text.h"
#include "common/crypto/secret_text.h"

namespace weir {
namespace {

constexpr std::string_view k_public_key = "public_key";

/// The value itself is not repeated: it may be a secret.
Result<SecretKey> parse_secret(std::string_view key, std::string_view value) {
  auto bytes = value.size() == 2 * SecretKey::k_size
                   ? from_hex(value)
                   : Result<ByteVector>(fail(Code::invalid_argument, ""));
  if (!bytes) {
    return fail(Code::invalid_argument, std::string(key) + " needs 64 hexadecimal digits");
  }
  const SecretKey parsed{std::span<const std::uint8_t, SecretKey::k_size>(bytes->data(), 32)};
  wipe(*bytes);
  return parsed;
}

Result<PublicKey> parse_public(std::string_view value) {
  WEIR_ASSIGN(secret, parse_secret(k_public_key, value));
  PublicKey key;
  std::ranges::copy(secret.bytes(), key.begin());
  return key;
}

/// Flags can only be raised: "true" is the only value the protocol has.
Status raise(bool& flag, std::string_view key, std::string_view value) {
  if (value != "true") {
    return fail(Code::invalid_argument,
                std::string(key) + "=" + in_quotes(value) + "; the only value is true");
  }
  flag = true;
  return {};
}

template <typename Number>
Status assign_number(std::optional<Number>& target, std::string_view key, std::string_view value,
                     std::uint64_t max) {
  const auto number = parse_number(value, max);
  if (!number) return fail(number.error().within(key));
  target = static_cast<Number>(*number);
  return {};
}

int errno_of(Code code) {
  switch (code) {
    case Code::ok:
      return 0;
    case Code::already_exists:
      return EADDRINUSE;
    case Code::permission_denied:
      return EPERM;
    case Code::resource_exhausted:
      return ENOSPC;
    case Code::not_found:
      return ENOENT;
    case Code::unimplemented:
      return EOPNOTSUPP;
    case Code::unavailable:
      return EIO;
    default:
      return EINVAL;
  }
}

/// An address and its zone, which only a link-local one has.
struct ZonedEndpoint {
  Endpoint endpoint;
  std::string zone;
};

Result<ZonedEndpoint> parse_zoned(std::string_view value) {
  const std::size_t percent = value.find('%');
  const std::size_t end = value.find(']');
  if (percent == std::string_view::npos || end == std::string_view::npos || end < percent) {
    WEIR_ASSIGN(plain, Endpoint::parse(value));
    return ZonedEndpoint{plain, {}};
  }
  WEIR_ASSIGN(endpoint, Endpoint::parse(std::string(value.substr(0, percent)) +
                                        std::string(value.substr(end))));
  if (!endpoint.address.is_link_local()) {
    return fail(Code::invalid_argument,
                "endpoint " + in_quotes(value) + " has a zone, and is not link-local");
  }
  std::string zone(value.substr(percent + 1, end - percent - 1));
  if (zone.empty()) {
    return fail(Code::invalid_argument, "endpoint " + in_quotes(value) + " has an empty zone");
  }
  return ZonedEndpoint{endpoint, std::move(zone)};
}

}  // namespace

UapiParser::~UapiParser() { wipe_text(unfinished_); }

std::vector<UapiRequest> UapiParser::feed(std::string_view bytes) {
  std::vector<UapiRequest> requests;
  while (!bytes.empty() && !broken()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (unfinished_.size() + piece.size() > k_line_max) {
      break_off("a line is longer than " + std::to_string(k_line_max) + " bytes", requests);
      break;
    }
    unfinished_.reserve(k_line_max);
    if (end == std::string_view::npos) {
      unfinished_.append(piece);
      break;
    }
    bytes.remove_prefix(end + 1);
    if (unfinished_.empty()) {
      take_line(piece, requests);
    } else {
      unfinished_.append(piece);
      std::string line = std::exchange(unfinished_, {});
      take_line(line, requests);
      wipe_text(line);
    }
  }
  return requests;
}

void UapiParser::take_line(std::string_view line, std::vector<UapiRequest>& requests) {
  switch (phase_) {
    case Phase::operation:
      if (line == "get=1") {
        phase_ = Phase::get_end;
      } else if (line == "set=1") {
        begin_operation();
        phase_ = Phase::device;
      } else if (!line.empty()) {
        break_off("operation " + in_quotes(line) + " is neither get=1 nor set=1", requests);
      }
      return;
    case Phase::get_end:
      if (!line.empty()) {
        break_off("get=1 is followed by " + in_quotes(line) + ", not by an empty line", requests);
        return;
      }
      requests.emplace_back(UapiGet{});
      phase_ = Phase::operation;
      return;
    case Phase::device:
    case Phase::peer:
    case Phase::skip:
      take_set_line(line, requests);
      return;
    case Phase::broken:
      return;
  }
}

void UapiParser::take_set_line(std::string_view line, std::vector<UapiRequest>& requests) {
  set_bytes_ += line.size() + 1;
  if (set_bytes_ > k_set_bytes_max) {
    break_off("one set is longer than " + std::to_string(k_set_bytes_max) + " bytes", requests);
    return;
  }
  if (line.empty()) {
    finish_set(requests);
    return;
  }
  if (phase_ == Phase::skip) return;
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) {
    // Whatever the line holds may be a secret that lost its key.
    refuse(Error(Code::invalid_argument, "a line of a set is not key=value"));
    return;
  }
  if (auto taken = take_pair(line.substr(0, equals), line.substr(equals + 1)); !taken) {
    refuse(std::move(taken).error());
  }
}

Status UapiParser::take_pair(std::string_view key, std::string_view value) {
  if (key == k_public_key) return begin_peer(value);
  return phase_ == Phase::device ? take_device_pair(key, value) : take_peer_pair(key, value);
}

Status UapiParser::take_device_pair(std::string_view key, std::string_view value) {
  if (key == "private_key") {
    WEIR_ASSIGN(secret, parse_secret(key, value));
    set_.private_key = secret;
    return {};
  }
  if (key == "listen_port") return assign_number(set_.listen_port, key, value, UINT16_MAX);
  if (key == "fwmark") {
    if (value.empty()) value = "0";  // how an older `wg` takes the mark away
    return assign_number(set_.fwmark, key, value, UINT32_MAX);
  }
  if (key == "replace_peers") return raise(set_.replace_peers, key, value);
  return fail(Code::invalid_argument, "unknown key " + in_quotes(key) + " of the device");
}

Status UapiParser::begin_peer(std::string_view value) {
  if (set_.peers.size() >= k_peers_max) {
    return fail(Code::resource_exhausted,
                "one set may name at most " + std::to_string(k_peers_max) + " peers");
  }
  WEIR_ASSIGN(parsed, parse_public(value));
  PeerUpdate peer;
  peer.public_key = parsed;
  set_.peers.push_back(std::move(peer));
  phase_ = Phase::peer;
  return {};
}

Status UapiParser::take_peer_pair(std::string_view key, std::string_view value) {
  PeerUpdate& peer = set_.peers.back();
  if (key == "allowed_ip") return take_allowed_ip(value);
  if (key == "remove") return raise(peer.remove, key, value);
  if (key == "update_only") return raise(peer.update_only, key, value);
  if (key == "replace_allowed_ips") return raise(peer.replace_allowed_ips, key, value);
  if (key == "preshared_key") {
    WEIR_ASSIGN(secret, parse_secret(key, value));
    peer.preshared_key = secret;
    return {};
  }
  if (key == "endpoint") {
    return take_endpoint(value);
  }
  if (key == "persistent_keepalive_interval") {
    return assign_number(peer.persistent_keepalive, key, value, UINT16_MAX);
  }
  if (key == "protocol_version") {
    if (value == "1") return {};
    return fail(Code::unimplemented, "protocol_version " + in_quotes(value) + "; only 1 exists");
  }
  return fail(Code::invalid_argument, "unknown key " + in_quotes(key) + " of a peer");
}

Status UapiParser::take_endpoint(std::string_view value) {
  WEIR_ASSIGN(zoned, parse_zoned(value));
  PeerUpdate& peer = set_.peers.back();
  peer.endpoint = Endpoint{zoned.endpoint.address.unmapped(), zoned.endpoint.port};
  peer.endpoint_interface = 0;
  if (zoned.zone.empty()) return {};
  const auto number = parse_number(zoned.zone, UINT32_MAX);
  if (number) {
    peer.endpoint_interface = static_cast<std::uint32_t>(*number);
  } else if (zones_) {
    peer.endpoint_interface = zones_(zoned.zone);
  }
  if (peer.endpoint_interface != 0) return {};
  return fail(Code::invalid_argument,
              "endpoint " + in_quotes(value) + " is in the zone of no interface here");
}

Status UapiParser::take_allowed_ip(std::string_view value) {
  if (++allowed_ips_ > k_allowed_ips_max) {
    return fail(Code::resource_exhausted,
                "one set may name at most " + std::to_string(k_allowed_ips_max) + " allowed IPs");
  }
  PeerUpdate& peer = set_.peers.back();
  const bool remove = value.starts_with('-');
  if (remove) value.remove_prefix(1);
  WEIR_ASSIGN(prefix, IpPrefix::parse(value));
  (remove ? peer.removed_allowed_ips : peer.allowed_ips).push_back(prefix);
  return {};
}

void UapiParser::refuse(Error error) {
  refused_ = std::move(error);
  set_ = {};
  phase_ = Phase::skip;
}

void UapiParser::break_off(std::string why, std::vector<UapiRequest>& requests) {
  requests.emplace_back(UapiRefusal{Error(Code::invalid_argument, std::move(why))});
  begin_operation();
  wipe_text(unfinished_);
  phase_ = Phase::broken;
}

void UapiParser::finish_set(std::vector<UapiRequest>& requests) {
  if (refused_) {
    requests.emplace_back(UapiRefusal{*std::move(refused_)});
  } else {
    requests.emplace_back(std::move(set_));
  }
  begin_operation();
  phase_ = Phase::operation;
}

void UapiParser::begin_operation() {
  set_ = {};
  refused_.reset();
  set_bytes_ = 0;
  allowed_ips_ = 0;
}

namespace {

void print_pair(std::string& text, std::string_view key, std::string_view value) {
  text.append(key).append("=").append(value).append("\n");
}

void print_pair(std::string& text, std::string_view key, std::uint64_t value) {
  print_pair(text, key, std::to_string(value));
}

/// Straight into `text`: a string in between would be freed with the key in it.
void print_secret(std::string& text, std::string_view key, const SecretKey& secret) {
  constexpr std::string_view digits = "0123456789abcdef";
  text.append(key).append("=");
  for (const std::uint8_t byte : secret.bytes()) {
    text.push_back(digits[byte >> 4U]);
    text.push_back(digits[byte & 15U]);
  }
  text.append("\n");
}

std::string endpoint_of(const PeerState& peer) {
  if (peer.endpoint_interface == 0) return peer.endpoint->to_string();
  return "[" + peer.endpoint->address.to_string() + "%" + std::to_string(peer.endpoint_interface) +
         "]:" + std::to_string(peer.endpoint->port);
}

void print_peer(std::string& text, const PeerState& peer) {
  print_pair(text, k_public_key, to_hex(peer.public_key));
  print_secret(text, "preshared_key", peer.preshared_key.value_or(PresharedKey()));
  print_pair(text, "protocol_version", 1);
  if (peer.endpoint) print_pair(text, "endpoint", endpoint_of(peer));
  const auto since_epoch = peer.last_handshake.value_or(WallTime()).time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_epoch);
  print_pair(text, "last_handshake_time_sec", static_cast<std::uint64_t>(seconds.count()));
  print_pair(text, "last_handshake_time_nsec",
             static_cast<std::uint64_t>((since_epoch - seconds).count()));
  print_pair(text, "tx_bytes", peer.tx_bytes);
  print_pair(text, "rx_bytes", peer.rx_bytes);
  print_pair(text, "persistent_keepalive_interval",
             static_cast<std::uint64_t>(peer.persistent_keepalive.count()));
  for (const IpPrefix& prefix : peer.allowed_ips) {
    print_pair(text, "allowed_ip", prefix.to_string());
  }
}

/// Never less than the answer has: a text that grows leaves its keys behind in the memory it had.
std::size_t size_of_get(const DeviceState& device) {
  constexpr std::size_t device_max = 192;
  constexpr std::size_t peer_max = 512;
  constexpr std::size_t allowed_ip_max = 64;
  std::size_t size = device_max;
  for (const PeerState& peer : device.peers) {
    size += peer_max + allowed_ip_max * peer.allowed_ips.size();
  }
  return size;
}

}  // namespace

std::string print_uapi_get(const UapiView& view) {
  std::string text;
  text.reserve(size_of_get(view.device));
  if (view.device.private_key && !view.device.private_key->is_zero()) {
    print_secret(text, "private_key", *view.device.private_key);
  }
  if (view.listen_port != 0) print_pair(text, "listen_port", view.listen_port);
  if (view.fwmark != 0) print_pair(text, "fwmark", view.fwmark);
  for (const PeerState& peer : view.device.peers) print_peer(text, peer);
  text.append("errno=0\n\n");
  return text;
}

std::string print_uapi_result(const Status& status) {
  const int number = status ? 0 : errno_of(status.error().code());
  return "errno=" + std::to_string(-number) + "\n\n";
}

}  // namespace weir
