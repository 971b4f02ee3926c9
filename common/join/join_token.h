#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/crypto/keys.h"
#include "common/crypto/sha256.h"
#include "common/net/ip.h"

namespace weir {

/// Names a token; no secret.
using TokenId = std::array<std::uint8_t, 8>;

/// The one string an operator carries from the controller to a machine that shall join.
///
///   "weir1." base64url( 0x01, id 8, secret 32, controller public key 32, expiry unix s be64,
///                       endpoint length u8, endpoint "IP:PORT",
///                       first 4 bytes of SHA-256 of all before )
///
/// Both sides derive from the secret what they need; the controller keeps the bootstrap public key
/// and a hash of the redeem secret, and forgets the token.
struct JoinToken {
  TokenId id{};
  SecretKey secret;
  PublicKey controller_key{};
  std::int64_t expires_unix_s = 0;
  Endpoint controller;
  friend bool operator==(const JoinToken&, const JoinToken&) = default;
};

/// The text is a secret: show it once, keep it nowhere.
std::string encode_join_token(const JoinToken& token);

/// Blanks and line ends around the text are allowed. The expiry is not looked at: compare it with
/// your clock. Errors: invalid_argument (no token, cut short, damaged, another version, no
/// endpoint); no message repeats any part of the text.
Result<JoinToken> decode_join_token(std::string_view text);

inline constexpr std::size_t k_join_token_max = 512;

/// 16 hex digits: how a token is named in requests, lists and messages.
std::string to_string(const TokenId& id);
/// Errors: invalid_argument.
Result<TokenId> parse_token_id(std::string_view text);

/// fd57:6569:7200::/64, only used inside bootstrap tunnels.
IpPrefix bootstrap_prefix();
/// fd57:6569:7200::1, where the controller serves enrolment.
IpAddress bootstrap_controller_address();
/// Where the holder of this token sits inside the tunnel.
IpAddress bootstrap_address(const TokenId& id);

/// The WireGuard private key (clamped) of the bootstrap tunnel.
PrivateKey bootstrap_key(const SecretKey& token_secret);
/// What the enrol request shows to redeem the token.
SecretKey redeem_secret(const SecretKey& token_secret);
/// What the controller keeps of the redeem secret.
Sha256Digest hash_redeem_secret(const SecretKey& redeem_secret);

}  // namespace weir
