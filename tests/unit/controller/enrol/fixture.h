#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/join/enrol_proof.h"
#include "common/join/mesh_uri.h"
#include "controller/enrol/enroller.h"

namespace weir::controller {

inline constexpr std::int64_t k_now = 1'800'000'000'000;
inline constexpr std::int64_t k_second = 1000;
inline constexpr std::int64_t k_minute = 60 * k_second;

/// A machine that wants to join: its keys, and what it sends with a token.
struct Machine {
  explicit Machine(KeySource& keys)
      : tunnel(X25519KeyPair::generate(keys)), tls(P256Key::generate()) {}

  EnrolRequest request(const std::string& token_text) const {
    const JoinToken token = *decode_join_token(token_text);
    EnrolRequest request;
    request.token_id = to_string(token.id);
    const SecretKey secret = redeem_secret(token.secret);
    request.token_secret.assign(secret.bytes().begin(), secret.bytes().end());
    request.public_key.assign(tunnel.public_key().begin(), tunnel.public_key().end());
    request.csr_der = make_csr(tls);
    request.listen_port = 51820;
    prove(request, token);
    return request;
  }

  void prove(EnrolRequest& request, const JoinToken& token) const {
    const auto proof =
        *enrol_proof(tunnel.private_key(), token.controller_key, token.id, request.csr_der);
    request.key_proof.assign(proof.begin(), proof.end());
  }

  X25519KeyPair tunnel;
  P256Key tls;
};

inline Enroller::Options make_options() {
  Enroller::Options options;
  options.mesh = "demo";
  options.overlay = "10.90.0.0/24";
  options.public_endpoint = *Endpoint::parse("172.31.0.10:51820");
  options.tunnel_key.writable()[0] = 0x48;
  options.tunnel_key.writable()[31] = 0x41;
  options.regions = {RegionName("us-east-1"), RegionName("eu-west-1")};
  return options;
}

inline TokenRequest make_token_request(const char* region = "us-east-1",
                                       const char* cluster = "us-a") {
  return {.region = RegionName(region), .cluster = ClusterName(cluster)};
}

/// The code of a refusal; ok for a success.
template <typename T>
Code code_of(const Result<T>& result) {
  return result ? Code::ok : result.error().code();
}
template <typename T>
std::string message_of(const Result<T>& result) {
  return result ? "no refusal" : result.error().message();
}

inline std::map<std::string, std::string> rows_of(Store& store) {
  std::map<std::string, std::string> rows;
  const auto scanned = scan_all(store, "", 100'000);
  EXPECT_TRUE(scanned) << scanned.error().message();
  for (const Row& row : *scanned) rows[row.key] = row.value;
  return rows;
}

inline std::map<std::string, std::string> rows_without_refusals(Store& store) {
  auto rows = rows_of(store);
  std::erase_if(rows, [](const auto& row) { return row.first.starts_with(k_refusal_rows); });
  return rows;
}

/// Nothing half: every agent has its key and its address and was redeemed by a token that knows it,
/// and no row is without an agent.
inline void expect_whole(Store& store) {
  std::set<std::string> keys;
  std::set<std::string> grants;
  std::set<std::string> redeemed;
  std::size_t agents = 0;
  const auto rows = rows_of(store);
  for (const auto& [key, value] : rows) {
    if (key.starts_with(k_token_rows)) {
      const auto token = decode_token_record(value);
      ASSERT_TRUE(token);
      ASSERT_LE(token->redemptions.size(), token->uses) << "redeemed too often";
      for (const auto& redemption : token->redemptions) {
        redeemed.insert(to_string(token->id) + " " + redemption.agent.value());
      }
    }
  }
  for (const auto& [key, value] : rows) {
    if (!key.starts_with(k_agent_rows)) continue;
    const auto agent = decode_agent(value);
    ASSERT_TRUE(agent);
    ++agents;
    EXPECT_EQ(rows.at(public_key_row_key(agent->public_key)), agent->id.value());
    EXPECT_EQ(rows.at(grant_row_key(agent->overlay)), agent->id.value());
    EXPECT_TRUE(redeemed.contains(agent->token_id + " " + agent->id.value())) << agent->id;
    keys.insert(public_key_row_key(agent->public_key));
    grants.insert(grant_row_key(agent->overlay));
  }
  EXPECT_EQ(keys.size(), agents);
  EXPECT_EQ(grants.size(), agents);
  for (const auto& [key, value] : rows) {
    if (key.starts_with("registry/key/")) EXPECT_TRUE(keys.contains(key)) << key;
    if (key.starts_with("ipam/grant/")) EXPECT_TRUE(grants.contains(key)) << key;
  }
}

/// `machines` machines, each in a thread, redeem one single-use token at once.
inline void redeem_in_parallel(Store& store, int machines) {
  SystemKeySource keys;
  const auto enroller = *Enroller::open(make_options(), store, keys, k_now);
  const std::string token = enroller->create_token(make_token_request(), k_now)->text.reveal();
  std::vector<EnrolRequest> requests;
  for (int i = 0; i < machines; ++i) requests.push_back(Machine(keys).request(token));

  std::atomic<int> admitted = 0;
  std::atomic<int> refused = 0;
  {
    std::atomic<bool> go = false;
    std::vector<std::jthread> threads;
    for (const EnrolRequest& request : requests) {
      threads.emplace_back([&enroller, &admitted, &refused, &go, &request] {
        go.wait(false);
        const auto reply = enroller->enrol(request, k_now);
        if (reply) ++admitted;
        if (!reply && reply.error().code() == Code::failed_precondition) ++refused;
      });
    }
    go = true;
    go.notify_all();
  }
  EXPECT_EQ(admitted, 1);
  EXPECT_EQ(refused, machines - 1);
  EXPECT_EQ(enroller->agents().size(), 1U);
  expect_whole(store);
}

}  // namespace weir::controller
