#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "common/base/time.h"
#include "common/crypto/blake2s.h"
#include "common/crypto/random.h"
#include "common/net/ip.h"
#include "common/tunnel/messages.h"

namespace weir {

/// The two MACs at the end of handshake messages, and the cookies behind the second.
///
///     mac1  keyed with the receiver's public key: proves the sender knows whom it talks to
///     mac2  keyed with a cookie: proves the sender receives at its address; asked for under load
///
/// A cookie is a MAC of address and port under a secret that lives 120 s, so the responder keeps no
/// state for anybody.

using Mac = std::array<std::uint8_t, wire::k_mac_size>;

inline constexpr Duration k_cookie_secret_lifetime = std::chrono::seconds(120);
/// The sender stops using a cookie a little before the secret behind it is gone.
inline constexpr Duration k_cookie_use = std::chrono::seconds(115);

/// The keys both MAC sides derive from a receiver's public key.
struct MacKeys {
  explicit MacKeys(const PublicKey& receiver);
  SecretKey mac1;
  SecretKey cookie;
};

/// The receiver's side: one per device.
class CookieChecker {
 public:
  explicit CookieChecker(const PublicKey& own) : keys_(own) {}

  /// `message` is a whole initiation or response. In constant time.
  bool mac1_holds(ByteView message) const;
  bool mac2_holds(ByteView message, const Endpoint& from, Time now) const;

  /// The reply to `message` from `from`: a cookie only its sender can read.
  std::array<std::uint8_t, wire::k_cookie_size> reply(ByteView message, const Endpoint& from,
                                                      Time now, KeySource& keys);

 private:
  Mac cookie_for(const Endpoint& from) const;

  const MacKeys keys_;
  SecretKey secret_;
  std::optional<Time> secret_made_;
};

/// The sender's side: one per peer.
class CookieJar {
 public:
  explicit CookieJar(const PublicKey& receiver) : keys_(receiver) {}

  /// Fills the last 32 bytes of `message`.
  void add_macs(ByteSpan message, Time now);
  /// Takes the cookie out of a reply. False, and nothing changes, unless it answers the last
  /// message that left; one reply a message.
  [[nodiscard]] bool take(ByteView reply, Time now);
  void clear();

 private:
  const MacKeys keys_;
  std::optional<Mac> last_mac1_;
  Mac cookie_{};
  std::optional<Time> cookie_taken_;
};

}  // namespace weir
