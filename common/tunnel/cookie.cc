#include "common/tunnel/cookie.h"

#include <algorithm>

#include "common/crypto/aead.h"

namespace weir {
namespace {

constexpr std::size_t k_nonce_offset = 8;
constexpr std::size_t k_cookie_offset = k_nonce_offset + k_xnonce_size;

ByteView before_mac1(ByteView message) { return message.first(message.size() - wire::k_macs_size); }

ByteView before_mac2(ByteView message) { return message.first(message.size() - wire::k_mac_size); }

ByteView mac1_of(ByteView message) {
  return message.last(wire::k_macs_size).first(wire::k_mac_size);
}

Mac mac(ByteView key, ByteParts parts) {
  Mac tag{};
  blake2s_mac(key, parts, tag);
  return tag;
}

}  // namespace

MacKeys::MacKeys(const PublicKey& receiver)
    : mac1(blake2s({as_bytes("mac1----"), receiver})),
      cookie(blake2s({as_bytes("cookie--"), receiver})) {}

bool CookieChecker::mac1_holds(ByteView message) const {
  return equal_in_constant_time(mac(keys_.mac1.bytes(), {before_mac1(message)}), mac1_of(message));
}

bool CookieChecker::mac2_holds(ByteView message, const Endpoint& from, Time now) const {
  if (!secret_made_ || now - *secret_made_ >= k_cookie_secret_lifetime) return false;
  return equal_in_constant_time(mac(cookie_for(from), {before_mac2(message)}),
                                message.last(wire::k_mac_size));
}

Mac CookieChecker::cookie_for(const Endpoint& from) const {
  std::array<std::uint8_t, 2> port{};
  store_be16(port.data(), from.port);
  return mac(secret_.bytes(), {from.address.bytes(), port});
}

std::array<std::uint8_t, wire::k_cookie_size> CookieChecker::reply(ByteView message,
                                                                   const Endpoint& from, Time now,
                                                                   KeySource& keys) {
  if (!secret_made_ || now - *secret_made_ >= k_cookie_secret_lifetime) {
    keys.fill(secret_.writable());
    secret_made_ = now;
  }
  std::array<std::uint8_t, wire::k_cookie_size> reply{};
  store_le32(reply.data(), wire::k_cookie);
  std::copy_n(message.data() + 4, 4, reply.data() + 4);  // their sender index is our receiver
  const std::span<std::uint8_t, k_xnonce_size> nonce(reply.data() + k_nonce_offset, k_xnonce_size);
  keys.fill(nonce);
  xseal(keys_.cookie, nonce, mac1_of(message), cookie_for(from), reply.data() + k_cookie_offset);
  return reply;
}

void CookieJar::add_macs(ByteSpan message, Time now) {
  std::uint8_t* const mac1_place = message.data() + message.size() - wire::k_macs_size;
  const Mac mac1 = mac(keys_.mac1.bytes(), {before_mac1(message)});
  std::ranges::copy(mac1, mac1_place);
  last_mac1_ = mac1;

  Mac mac2{};
  if (cookie_taken_ && now - *cookie_taken_ < k_cookie_use) {
    mac2 = mac(cookie_, {before_mac2(message)});
  }
  std::ranges::copy(mac2, mac1_place + wire::k_mac_size);
}

bool CookieJar::take(ByteView reply, Time now) {
  if (!last_mac1_ || reply.size() != wire::k_cookie_size) return false;
  const std::span<const std::uint8_t, k_xnonce_size> nonce(reply.data() + k_nonce_offset,
                                                           k_xnonce_size);
  Mac cookie{};
  if (!xopen(keys_.cookie, nonce, *last_mac1_, reply.subspan(k_cookie_offset), cookie.data())) {
    return false;
  }
  cookie_ = cookie;
  cookie_taken_ = now;
  last_mac1_.reset();
  return true;
}

void CookieJar::clear() {
  wipe(cookie_);
  cookie_taken_.reset();
  last_mac1_.reset();
}

}  // namespace weir
