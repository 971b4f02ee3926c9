#include "common/join/join_token.h"

#include <gtest/gtest.h>

#include "common/crypto/random.h"
#include "common/crypto/x25519.h"
#include "common/join/enrol_proof.h"
#include "common/join/mesh_uri.h"
#include "common/sim/rng.h"

namespace weir {
namespace {

JoinToken make_token(std::uint64_t seed, const char* endpoint = "172.31.0.10:51820") {
  Rng rng(seed);
  JoinToken token;
  for (auto& byte : token.id) byte = static_cast<std::uint8_t>(rng.next());
  for (auto& byte : token.secret.writable()) byte = static_cast<std::uint8_t>(rng.next());
  for (auto& byte : token.controller_key) byte = static_cast<std::uint8_t>(rng.next());
  token.expires_unix_s = static_cast<std::int64_t>(rng.below(4'000'000'000));
  token.controller = *Endpoint::parse(endpoint);
  return token;
}

/// `bytes` as a token's text, with a checksum that fits.
std::string seal(ByteVector bytes) {
  const Sha256Digest digest = sha256(bytes);
  bytes.insert(bytes.end(), digest.begin(), digest.begin() + 4);
  return "weir1." + to_base64url(bytes);
}

ByteVector body_of(const JoinToken& token) {
  ByteVector bytes = *from_base64url(encode_join_token(token).substr(6));
  bytes.resize(bytes.size() - 4);
  return bytes;
}

TEST(JoinToken, SurvivesBeingWrittenAndRead) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const JoinToken token =
        make_token(seed, seed % 2 == 0 ? "172.31.0.10:51820" : "[2001:db8::1]:1");
    const std::string text = encode_join_token(token);
    EXPECT_LE(text.size(), k_join_token_max);
    const auto read = decode_join_token(text);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(*read, token);
    EXPECT_EQ(*decode_join_token("\n  " + text + "\r\n"), token);
  }
}

TEST(JoinToken, HasTheBytesItsHeaderDescribes) {
  JoinToken token;
  token.id = {1, 2, 3, 4, 5, 6, 7, 8};
  token.controller_key.fill(0xcc);
  token.secret.writable()[31] = 0x55;
  token.expires_unix_s = 0x0102030405;
  token.controller = *Endpoint::parse("1.2.3.4:5");
  EXPECT_EQ(to_hex(body_of(token)),
            "01"
            "0102030405060708" +
                std::string(62, '0') + "55" + std::string(32, 'c') + std::string(32, 'c') +
                "0000000102030405"
                "09"
                "312e322e332e343a35");
}

struct BadToken {
  const char* what;
  std::string text;
  const char* complaint;
};

TEST(JoinToken, SaysWhatIsWrongAndNeverRepeatsTheText) {
  const JoinToken token = make_token(1);
  const std::string text = encode_join_token(token);
  const ByteVector body = body_of(token);
  ByteVector version = body;
  version[0] = 2;
  ByteVector expiry = body;
  expiry[73] = 0xff;
  ByteVector longer_endpoint = body;
  longer_endpoint[81] += 1;
  ByteVector shorter_endpoint = body;
  shorter_endpoint[81] -= 1;
  const auto with_endpoint = [&](std::string_view endpoint) {
    ByteVector bytes(body.begin(), body.begin() + 81);
    bytes.push_back(static_cast<std::uint8_t>(endpoint.size()));
    bytes.insert(bytes.end(), endpoint.begin(), endpoint.end());
    return seal(bytes);
  };
  const std::vector<BadToken> table = {
      {"empty", "", "does not start with"},
      {"another prefix", "weir2." + text.substr(6), "does not start with"},
      {"prefix alone", "weir1.", "cut short"},
      {"half", text.substr(0, text.size() / 2), "cut short"},
      {"a character lost at the end", text.substr(0, text.size() - 1), ""},
      {"four characters lost at the end", text.substr(0, text.size() - 4), "cut short"},
      {"blank inside", text.substr(0, 20) + " " + text.substr(20), "cut short or holds"},
      {"two tokens", text + text, "cut short or holds"},
      {"too long", text + std::string(600, 'A'), "longer than 512"},
      {"version", seal(version), "version 2"},
      {"expiry", seal(expiry), "year 9999"},
      {"endpoint too long", seal(longer_endpoint), "cut short"},
      {"endpoint too short", seal(shorter_endpoint), "checksum"},
      {"no endpoint", with_endpoint(""), "no endpoint"},
      {"a name as endpoint", with_endpoint("weir.example:51820"), "no endpoint"},
      {"port 0", with_endpoint("1.2.3.4:0"), "no endpoint"},
  };
  for (const BadToken& row : table) {
    const auto read = decode_join_token(row.text);
    ASSERT_FALSE(read) << row.what;
    EXPECT_EQ(read.error().code(), Code::invalid_argument);
    EXPECT_NE(read.error().message().find(row.complaint), std::string::npos)
        << row.what << ": " << read.error().message();
    EXPECT_EQ(read.error().message().find(text.substr(10, 12)), std::string::npos);
  }
}

TEST(JoinToken, NoticesEveryChangedCharacter) {
  const std::string text = encode_join_token(make_token(2));
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char other : {'A', 'z', '0', '-', '_', '.', '\0'}) {
      if (text[at] == other) continue;
      std::string changed = text;
      changed[at] = other;
      EXPECT_FALSE(decode_join_token(changed)) << at << " " << other;
    }
  }
}

TEST(JoinToken, GivesBothSidesTheSameBootstrapAddress) {
  const TokenId id = {1, 2, 3, 4, 5, 6, 7, 8};
  Sha256 hash;
  hash.update(as_bytes("weir bootstrap address"));
  hash.update(id);
  const std::string wanted = to_hex(hash.finish()).substr(0, 16);
  EXPECT_EQ(to_hex(bootstrap_address(id).bytes()), "fd57656972000000" + wanted);
  EXPECT_TRUE(bootstrap_prefix().contains(bootstrap_address(id)));
  EXPECT_EQ(bootstrap_prefix().to_string(), "fd57:6569:7200::/64");
  EXPECT_EQ(bootstrap_controller_address().to_string(), "fd57:6569:7200::1");
}

TEST(JoinToken, DerivesKeysThatTellNothingOfEachOther) {
  const SecretKey secret = make_token(3).secret;
  const PrivateKey key = bootstrap_key(secret);
  EXPECT_EQ(key, bootstrap_key(secret));
  EXPECT_EQ(key.bytes()[0] & 7, 0) << "not clamped";
  EXPECT_EQ(key.bytes()[31] & 0xc0, 0x40) << "not clamped";
  EXPECT_FALSE(redeem_secret(secret) == key);
  EXPECT_FALSE(redeem_secret(secret) == secret);
  EXPECT_FALSE(redeem_secret(secret) == redeem_secret(make_token(4).secret));
}

TEST(TokenId, IsReadAsItIsWritten) {
  const TokenId id = make_token(5).id;
  EXPECT_EQ(*parse_token_id(to_string(id)), id);
  for (const char* bad : {"", "00", "000000000000000g", "00000000000000000"}) {
    EXPECT_EQ(parse_token_id(bad).error().code(), Code::invalid_argument) << bad;
  }
}

TEST(EnrolProof, IsEqualAtBothEndsAndBoundToTokenAndRequest) {
  SystemKeySource source;
  const auto agent = X25519KeyPair::generate(source);
  const auto controller = X25519KeyPair::generate(source);
  const auto stranger = X25519KeyPair::generate(source);
  const TokenId id = make_token(6).id;
  const auto csr = as_bytes("csr");
  const auto proof = enrol_proof(agent.private_key(), controller.public_key(), id, csr);
  ASSERT_TRUE(proof);
  EXPECT_EQ(enrol_proof(controller.private_key(), agent.public_key(), id, csr), *proof);
  EXPECT_NE(enrol_proof(stranger.private_key(), agent.public_key(), id, csr), *proof);
  EXPECT_NE(enrol_proof(agent.private_key(), controller.public_key(), TokenId(), csr), *proof);
  EXPECT_NE(enrol_proof(agent.private_key(), controller.public_key(), id, as_bytes("csR")), *proof);
  EXPECT_FALSE(enrol_proof(agent.private_key(), PublicKey(), id, csr)) << "low-order point";

  const auto renewal = renewal_proof(agent.private_key(), controller.public_key(), csr);
  ASSERT_TRUE(renewal);
  EXPECT_EQ(renewal_proof(controller.private_key(), agent.public_key(), csr), *renewal);
  EXPECT_NE(*renewal, *proof) << "one is no use for the other";
  EXPECT_NE(renewal_proof(agent.private_key(), controller.public_key(), as_bytes("csR")), *renewal);
}

TEST(MeshUri, NamesAnAgentOfThisMeshOnly) {
  const AgentId agent("us-east-1/agent-1");
  EXPECT_EQ(agent_uri("demo", agent), "weir://demo/agent/us-east-1/agent-1");
  EXPECT_EQ(controller_uri("demo"), "weir://demo/controller");
  EXPECT_EQ(*parse_agent_uri("demo", agent_uri("demo", agent)), agent);
  for (const char* bad :
       {"", "weir://demo/controller", "weir://demo/agent/", "weir://other/agent/a/b",
        "weir://demo/agent/a//b", "weir://demo/agent/A\n", "spiffe://demo/agent/a"}) {
    EXPECT_EQ(parse_agent_uri("demo", bad).error().code(), Code::permission_denied) << bad;
  }
}

}  // namespace
}  // namespace weir
