#include "common/join/join_token.h"

#include <algorithm>

#include "common/base/assert.h"
#include "common/base/bytes.h"
#include "common/base/text.h"
#include "common/crypto/hkdf.h"
#include "common/crypto/x25519.h"

namespace weir {
namespace {

constexpr std::string_view k_prefix = "weir1.";
constexpr std::uint8_t k_version = 1;
constexpr std::size_t k_checksum_size = 4;
// version, id, secret, controller key, expiry, endpoint length
constexpr std::size_t k_fixed_size = 1 + 8 + 32 + 32 + 8 + 1;
// A million seconds beyond any date this can mean still fits milliseconds in 64 bits.
constexpr std::uint64_t k_expiry_max = 253402300799;  // the year 9999

std::unexpected<Error> complain(const std::string& rule) {
  return fail(Code::invalid_argument,
              "join token " + rule + "; copy it again from `weirctl mesh token create`, whole");
}

ByteView checksum(const Sha256Digest& digest) { return ByteView(digest).first(k_checksum_size); }

class WipeAtEnd {
 public:
  explicit WipeAtEnd(ByteVector& bytes) : bytes_(bytes) {}
  WipeAtEnd(const WipeAtEnd&) = delete;
  WipeAtEnd& operator=(const WipeAtEnd&) = delete;
  ~WipeAtEnd() { wipe(bytes_); }

 private:
  ByteVector& bytes_;
};

IpAddress in_bootstrap_prefix(ByteView last8) {
  std::array<std::uint8_t, 16> bytes = {0xfd, 0x57, 0x65, 0x69, 0x72, 0x00, 0x00, 0x00};
  std::ranges::copy(last8, bytes.begin() + 8);
  return IpAddress::v6(bytes);
}

}  // namespace

std::string encode_join_token(const JoinToken& token) {
  const std::string endpoint = token.controller.to_string();
  WEIR_ASSERT(token.expires_unix_s >= 0, std::to_string(token.expires_unix_s));
  ByteVector bytes(k_fixed_size + endpoint.size() + k_checksum_size);
  auto out = bytes.begin();
  *out++ = k_version;
  out = std::ranges::copy(token.id, out).out;
  out = std::ranges::copy(token.secret.bytes(), out).out;
  out = std::ranges::copy(token.controller_key, out).out;
  store_be64(&*out, static_cast<std::uint64_t>(token.expires_unix_s));
  out += 8;
  *out++ = static_cast<std::uint8_t>(endpoint.size());
  out = std::ranges::copy(as_bytes(endpoint), out).out;
  const ByteView body = ByteView(bytes).first(bytes.size() - k_checksum_size);
  std::ranges::copy(checksum(sha256(body)), out);
  std::string text = std::string(k_prefix) + to_base64url(bytes);
  wipe(bytes);
  return text;
}

Result<JoinToken> decode_join_token(std::string_view text) {
  text = trim(text);
  if (!text.starts_with(k_prefix)) return complain("does not start with \"weir1.\"");
  if (text.size() > k_join_token_max) {
    return complain("is longer than " + std::to_string(k_join_token_max) + " characters");
  }
  auto decoded = from_base64url(text.substr(k_prefix.size()));
  if (!decoded) return complain("is cut short or holds a character that is not of base64url");
  ByteVector& bytes = *decoded;
  const WipeAtEnd wiped(bytes);
  if (bytes.size() < k_fixed_size + k_checksum_size) return complain("is cut short");
  if (bytes[0] != k_version) {
    return complain("has version " + std::to_string(bytes[0]) + ", this program reads version 1");
  }
  const std::size_t endpoint_size = bytes[k_fixed_size - 1];
  const std::size_t size = k_fixed_size + endpoint_size + k_checksum_size;
  if (bytes.size() < size) return complain("is cut short");
  const ByteView body = ByteView(bytes).first(bytes.size() - k_checksum_size);
  if (bytes.size() > size ||
      !std::ranges::equal(checksum(sha256(body)), ByteView(bytes).last(k_checksum_size))) {
    return complain("is damaged: its checksum does not fit");
  }
  JoinToken token;
  std::copy_n(bytes.begin() + 1, token.id.size(), token.id.begin());
  token.secret = SecretKey(std::span<const std::uint8_t, 32>(bytes.data() + 9, 32));
  std::copy_n(bytes.begin() + 41, token.controller_key.size(), token.controller_key.begin());
  const std::uint64_t expiry = load_be64(bytes.data() + 73);
  const auto endpoint = Endpoint::parse(as_text(body.subspan(k_fixed_size, endpoint_size)));
  if (expiry > k_expiry_max) return complain("has an expiry after the year 9999");
  if (!endpoint || endpoint->port == 0) return complain("holds no endpoint of a controller");
  token.expires_unix_s = static_cast<std::int64_t>(expiry);
  token.controller = *endpoint;
  return token;
}

std::string to_string(const TokenId& id) { return to_hex(id); }

Result<TokenId> parse_token_id(std::string_view text) {
  const auto bytes = from_hex(text);
  TokenId id{};
  if (!bytes || bytes->size() != id.size()) {
    return fail(Code::invalid_argument, "token id " + in_quotes(text) + " is not 16 hex digits");
  }
  std::ranges::copy(*bytes, id.begin());
  return id;
}

IpPrefix bootstrap_prefix() { return {in_bootstrap_prefix({}), 64}; }

IpAddress bootstrap_controller_address() {
  constexpr std::array<std::uint8_t, 8> one = {0, 0, 0, 0, 0, 0, 0, 1};
  return in_bootstrap_prefix(one);
}

IpAddress bootstrap_address(const TokenId& id) {
  Sha256 hash;
  hash.update(as_bytes("weir bootstrap address"));
  hash.update(id);
  const Sha256Digest digest = hash.finish();
  return in_bootstrap_prefix(ByteView(digest).first(8));
}

PrivateKey bootstrap_key(const SecretKey& token_secret) {
  PrivateKey key = derive_key(token_secret.bytes(), "weir bootstrap key");
  clamp(key);
  return key;
}

SecretKey redeem_secret(const SecretKey& token_secret) {
  return derive_key(token_secret.bytes(), "weir redeem secret");
}

Sha256Digest hash_redeem_secret(const SecretKey& redeem_secret) {
  return sha256(redeem_secret.bytes());
}

}  // namespace weir
