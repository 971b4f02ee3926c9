#include "controller/enrol/enroller.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <functional>

#include "controller/store/memory/memory_store.h"
#include "tests/unit/controller/enrol/fixture.h"

namespace weir::controller {
namespace {

class EnrollerTest : public testing::Test {
 protected:
  std::string make_token(const TokenRequest& request = make_token_request(),
                         std::int64_t now = k_now) {
    const auto made = enroller_->create_token(request, now);
    EXPECT_TRUE(made) << made.error().message();
    return made->text.reveal();
  }
  EnrolReply join(const Machine& machine, const TokenRequest& request = make_token_request()) {
    const auto reply = enroller_->enrol(machine.request(make_token(request)), k_now);
    EXPECT_TRUE(reply) << message_of(reply);
    return *reply;
  }

  SystemKeySource keys_;
  MemoryStore store_;
  std::unique_ptr<Enroller> enroller_ = *Enroller::open(make_options(), store_, keys_, k_now);
  const Machine machine_{keys_};
};

TEST_F(EnrollerTest, GivesAMachineWithATokenAnIdentity) {
  const auto made = enroller_->create_token(make_token_request(), k_now);
  const JoinToken token = *decode_join_token(made->text.reveal());
  EXPECT_EQ(token.controller_key, enroller_->tunnel_public_key());
  EXPECT_EQ(token.controller.to_string(), "172.31.0.10:51820");
  EXPECT_EQ(token.expires_unix_s, k_now / 1000 + 600);
  EXPECT_EQ(made->info.state, TokenState::open);

  const auto reply = enroller_->enrol(machine_.request(made->text.reveal()), k_now + k_second);
  ASSERT_TRUE(reply) << message_of(reply);
  EXPECT_EQ(reply->mesh, "demo");
  EXPECT_EQ(reply->mesh_id.size(), 16U);
  EXPECT_EQ(reply->agent.id, AgentId("us-east-1/agent-1"));
  EXPECT_EQ(reply->agent.region, RegionName("us-east-1"));
  EXPECT_EQ(reply->agent.cluster, ClusterName("us-a"));
  EXPECT_EQ(reply->agent.public_key, machine_.tunnel.public_key());
  EXPECT_EQ(reply->agent.listen_port, 51820);
  EXPECT_EQ(reply->agent.joined_unix_ms, k_now + k_second);
  EXPECT_EQ(reply->agent.overlay.to_string(), "10.90.0.2");
  EXPECT_EQ(reply->overlay_prefix.to_string(), "10.90.0.0/24");
  EXPECT_EQ(reply->controller_overlay.to_string(), "10.90.0.1");
  const auto certificate = Certificate::from_der(reply->certificate_der);
  EXPECT_EQ(*certificate->uri(), "weir://demo/agent/us-east-1/agent-1");
  EXPECT_EQ(certificate->public_key_der(), machine_.tls.public_key_der());
  EXPECT_EQ(certificate->serial(), reply->agent.certificate_serial);
  EXPECT_TRUE(certificate->issued_by(*Certificate::from_der(reply->ca_der)));
  EXPECT_EQ(enroller_->find_agent(reply->agent.id), reply->agent);
  expect_whole(store_);
}

TEST_F(EnrollerTest, NumbersAgentsPerRegionAndNeverTwice) {
  EXPECT_EQ(join(Machine(keys_)).agent.id, AgentId("us-east-1/agent-1"));
  EXPECT_EQ(join(Machine(keys_), make_token_request("eu-west-1", "eu-a")).agent.id,
            AgentId("eu-west-1/agent-1"));
  const auto second = join(Machine(keys_)).agent;
  EXPECT_EQ(second.id, AgentId("us-east-1/agent-2"));
  ASSERT_TRUE(enroller_->remove(second.id));
  const auto third = join(Machine(keys_)).agent;
  EXPECT_EQ(third.id, AgentId("us-east-1/agent-3"));
  EXPECT_NE(third.overlay, second.overlay) << "a freed address rests";
  EXPECT_EQ(enroller_->agents().size(), 3U);
  expect_whole(store_);
}

struct Refusal {
  const char* what;
  std::function<void(EnrolRequest&)> spoil;
  Code code;
  const char* complaint;
};

TEST_F(EnrollerTest, RefusesWithAReasonAndChangesNothing) {
  const std::string text = make_token();
  const std::string revoked = make_token();
  const JoinToken token = *decode_join_token(text);
  ASSERT_TRUE(enroller_->revoke_token(to_string(decode_join_token(revoked)->id), k_now));
  const Machine stranger(keys_);
  const X25519KeyPair bootstrap(bootstrap_key(token.secret));
  const auto use_key = [&](EnrolRequest& request, const X25519KeyPair& pair) {
    request.public_key.assign(pair.public_key().begin(), pair.public_key().end());
    const auto proof =
        *enrol_proof(pair.private_key(), token.controller_key, token.id, request.csr_der);
    request.key_proof.assign(proof.begin(), proof.end());
  };
  const std::vector<Refusal> table = {
      {"no id", [](auto& r) { r.token_id = ""; }, Code::invalid_argument, "16 hex digits"},
      {"unknown id", [](auto& r) { r.token_id = "00000000000000ff"; }, Code::unauthenticated,
       "not known here, or its secret is wrong"},
      {"wrong secret", [](auto& r) { r.token_secret[0] ^= 1; }, Code::unauthenticated,
       "not known here, or its secret is wrong"},
      {"the token's own secret",
       [&](auto& r) {
         r.token_secret.assign(token.secret.bytes().begin(), token.secret.bytes().end());
       },
       Code::unauthenticated, "its secret is wrong"},
      {"short secret", [](auto& r) { r.token_secret.resize(31); }, Code::invalid_argument,
       "token secret has 31 bytes, not 32"},
      {"no key", [](auto& r) { r.public_key.clear(); }, Code::invalid_argument, "public key has 0"},
      {"low-order key", [](auto& r) { r.public_key.assign(32, 0); }, Code::invalid_argument,
       "no usable key"},
      {"long proof", [](auto& r) { r.key_proof.resize(33); }, Code::invalid_argument,
       "key proof has 33"},
      {"a key of which only the public half is known",
       [&](auto& r) {
         r.public_key.assign(stranger.tunnel.public_key().begin(),
                             stranger.tunnel.public_key().end());
       },
       Code::unauthenticated, "does not prove"},
      {"another CSR than proven", [&](auto& r) { r.csr_der = make_csr(stranger.tls); },
       Code::unauthenticated, "does not prove"},
      {"the controller's key",
       [&](auto& r) { use_key(r, X25519KeyPair(make_options().tunnel_key)); },
       Code::invalid_argument, "controller's own"},
      {"the bootstrap key", [&](auto& r) { use_key(r, bootstrap); }, Code::invalid_argument,
       "bootstrap key"},
      {"port", [](auto& r) { r.listen_port = 65536; }, Code::invalid_argument, "65536 is above"},
      {"another region", [](auto& r) { r.claimed_region = "eu-west-1"; }, Code::invalid_argument,
       "is for region \"us-east-1\", the agent was told \"eu-west-1\""},
      {"another cluster", [](auto& r) { r.claimed_cluster = "us-b"; }, Code::invalid_argument,
       "is for cluster \"us-a\""},
      {"garbage for a CSR",
       [&](auto& r) {
         r.csr_der = {1, 2, 3};
         machine_.prove(r, token);
       },
       Code::invalid_argument, "no certificate signing request"},
      {"revoked", [&](auto& r) { r = machine_.request(revoked); }, Code::failed_precondition,
       "was revoked"},
  };
  const auto before = rows_of(store_);
  for (const Refusal& row : table) {
    EnrolRequest request = machine_.request(text);
    row.spoil(request);
    const auto reply = enroller_->enrol(request, k_now);
    ASSERT_FALSE(reply) << row.what;
    EXPECT_EQ(code_of(reply), row.code) << row.what << ": " << message_of(reply);
    EXPECT_NE(message_of(reply).find(row.complaint), std::string::npos)
        << row.what << ": " << message_of(reply);
    EXPECT_EQ(rows_without_refusals(store_), before) << row.what;
    EXPECT_TRUE(enroller_->agents().empty()) << row.what;
  }
  EnrolRequest honest = machine_.request(text);
  honest.claimed_region = "us-east-1";
  honest.claimed_cluster = "us-a";
  EXPECT_TRUE(enroller_->enrol(honest, k_now));
}

TEST_F(EnrollerTest, KeepsTheFirstRefusalOfEachKindWithAToken) {
  const std::string text = make_token();
  EnrolRequest guess = machine_.request(text);
  guess.token_secret[0] ^= 1;
  EnrolRequest claim = machine_.request(text);
  EnrolRequest unknown = machine_.request(text);
  unknown.token_id = "00000000000000ff";
  for (int i = 0; i < 100; ++i) {
    claim.claimed_region = "region-" + std::to_string(i);
    for (const EnrolRequest* request : {&guess, &claim, &unknown}) {
      EXPECT_FALSE(enroller_->enrol(*request, k_now + i));
    }
  }
  ASSERT_TRUE(enroller_->enrol(machine_.request(text), k_now + 100));
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(enroller_->enrol(Machine(keys_).request(text), k_now + 101 + i));
  }

  const auto reopened = *Enroller::open(make_options(), store_, keys_, k_now);
  const auto kept = reopened->refusals();
  ASSERT_TRUE(kept) << kept.error().message();
  std::vector<std::pair<std::int64_t, std::string>> told;
  for (const auto& event : *kept) {
    EXPECT_EQ(event.type(), "enrol.refused");
    EXPECT_EQ(event.region(), "us-east-1");
    EXPECT_NE(event.message().find(to_string(decode_join_token(text)->id)), std::string::npos);
    told.emplace_back(event.unix_ms() - k_now, event.message());
  }
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[0].first, 0);
  EXPECT_EQ(told[1].first, 0);
  EXPECT_NE((told[0].second + told[1].second).find("secret is wrong"), std::string::npos);
  EXPECT_NE((told[0].second + told[1].second).find("region-0"), std::string::npos);
  EXPECT_EQ(told[2].first, 101);
  EXPECT_NE(told[2].second.find("was redeemed already"), std::string::npos);
}

TEST_F(EnrollerTest, ForgetsWhoWasRefusedWithTheToken) {
  EnrolRequest guess = machine_.request(make_token());
  guess.token_secret[0] ^= 1;
  EXPECT_FALSE(enroller_->enrol(guess, k_now));
  EXPECT_EQ(enroller_->refusals()->size(), 1U);
  make_token(make_token_request(), k_now + 10 * k_minute + 7 * 24 * 60 * k_minute);
  EXPECT_TRUE(enroller_->refusals()->empty());
}

TEST_F(EnrollerTest, RefusesATokenFromTheMomentItExpires) {
  const std::string token = make_token();
  const auto late = enroller_->enrol(machine_.request(token), k_now + 10 * k_minute);
  EXPECT_EQ(code_of(late), Code::failed_precondition);
  EXPECT_NE(message_of(late).find("expired 0 s ago"), std::string::npos);
  EXPECT_TRUE(enroller_->enrol(machine_.request(token), k_now + 10 * k_minute - 1));
}

TEST_F(EnrollerTest, RepeatsAnInterruptedJoinForTheSameMachineOnly) {
  const std::string token = make_token();
  const auto first = enroller_->enrol(machine_.request(token), k_now);
  ASSERT_TRUE(first);

  // The same tunnel key with a new TLS key: the machine was interrupted before it kept anything
  // else.
  Machine restarted(keys_);
  EnrolRequest again = restarted.request(token);
  again.public_key.assign(machine_.tunnel.public_key().begin(), machine_.tunnel.public_key().end());
  machine_.prove(again, *decode_join_token(token));
  const auto second = enroller_->enrol(again, k_now + k_minute);
  ASSERT_TRUE(second) << second.error().message();
  EXPECT_EQ(second->agent.id, first->agent.id);
  EXPECT_EQ(second->agent.overlay, first->agent.overlay);
  EXPECT_EQ(second->agent.joined_unix_ms, first->agent.joined_unix_ms);
  EXPECT_NE(second->agent.certificate_serial, first->agent.certificate_serial);
  EXPECT_EQ(Certificate::from_der(second->certificate_der)->public_key_der(),
            restarted.tls.public_key_der());
  EXPECT_EQ(enroller_->agents(), std::vector{second->agent}) << "a ghost";

  const auto other = enroller_->enrol(Machine(keys_).request(token), k_now);
  EXPECT_EQ(code_of(other), Code::failed_precondition);
  EXPECT_NE(message_of(other).find("was redeemed already, by agent us-east-1/agent-1"),
            std::string::npos);

  ASSERT_TRUE(enroller_->record_session(first->agent.id, k_now));
  const auto before = rows_of(store_);
  const auto late = enroller_->enrol(machine_.request(token), k_now);
  EXPECT_EQ(code_of(late), Code::failed_precondition);
  EXPECT_NE(message_of(late).find("which has connected since"), std::string::npos);
  EXPECT_EQ(rows_of(store_), before);
  expect_whole(store_);
}

TEST_F(EnrollerTest, RefusesARetryOfAnAgentThatWasRemoved) {
  const std::string token = make_token();
  const auto joined = enroller_->enrol(machine_.request(token), k_now);
  ASSERT_TRUE(enroller_->remove(joined->agent.id));
  const auto again = enroller_->enrol(machine_.request(token), k_now);
  EXPECT_EQ(code_of(again), Code::failed_precondition);
  EXPECT_TRUE(enroller_->agents().empty());
}

TEST_F(EnrollerTest, LetsATokenBeUsedAsOftenAsItSays) {
  TokenRequest request = make_token_request();
  request.uses = 3;
  const std::string token = make_token(request);
  std::set<AgentId> names;
  for (int i = 0; i < 3; ++i) {
    names.insert(enroller_->enrol(Machine(keys_).request(token), k_now)->agent.id);
  }
  EXPECT_EQ(names.size(), 3U);
  EXPECT_EQ(code_of(enroller_->enrol(Machine(keys_).request(token), k_now)),
            Code::failed_precondition);
  const auto listed = enroller_->list_tokens(k_now);
  EXPECT_EQ((*listed)[0].state, TokenState::redeemed);
  EXPECT_EQ((*listed)[0].redeemed_by.size(), 3U);
  expect_whole(store_);
}

TEST_F(EnrollerTest, ReplacesTheRegistrationOfAKeyThatComesWithAFreshToken) {
  const auto first = join(machine_).agent;
  ASSERT_TRUE(enroller_->record_session(first.id, k_now));
  const auto second = join(machine_).agent;
  EXPECT_EQ(second.id, first.id);
  EXPECT_EQ(second.overlay, first.overlay);
  EXPECT_EQ(second.first_session_unix_ms, 0);
  EXPECT_EQ(enroller_->agents(), std::vector{second});

  const auto moved = join(machine_, make_token_request("eu-west-1", "eu-a")).agent;
  EXPECT_EQ(moved.id, AgentId("eu-west-1/agent-1"));
  EXPECT_EQ(enroller_->agents(), std::vector{moved});
  EXPECT_EQ(enroller_->find_agent(first.id), std::nullopt);
  expect_whole(store_);
}

TEST_F(EnrollerTest, GivesAMachineThatLostItsDiskANewIdentity) {
  const auto before = join(machine_).agent;
  const auto after = join(Machine(keys_)).agent;
  EXPECT_NE(after.id, before.id);
  EXPECT_NE(after.overlay, before.overlay);
  ASSERT_TRUE(enroller_->remove(before.id));
  EXPECT_EQ(enroller_->agents(), std::vector{after});
}

TEST_F(EnrollerTest, RemovesTheAgentATokenReplacesInTheSameTransaction) {
  const auto lost = join(machine_).agent;
  ASSERT_TRUE(enroller_->record_session(lost.id, k_now));
  TokenRequest request = make_token_request();
  request.replaces = lost.id;
  const auto made = enroller_->create_token(request, k_now + k_second);
  ASSERT_TRUE(made) << message_of(made);
  EXPECT_EQ(made->info.replaces, lost.id);
  EXPECT_EQ(enroller_->agents().size(), 1U);
  const auto commits = store_.commit(Transaction());
  const Machine next(keys_);
  const auto reply = enroller_->enrol(next.request(made->text.reveal()), k_now + k_minute);
  ASSERT_TRUE(reply) << message_of(reply);
  EXPECT_EQ(*store_.commit(Transaction()), *commits + 1);
  EXPECT_NE(reply->agent.id, lost.id) << "the old certificate would name the new machine";
  EXPECT_EQ(enroller_->agents(), std::vector{reply->agent}) << "a ghost";
  expect_whole(store_);

  const auto again = enroller_->enrol(next.request(made->text.reveal()), k_now + k_minute);
  ASSERT_TRUE(again) << message_of(again);
  EXPECT_EQ(again->agent.id, reply->agent.id);
  join(Machine(keys_));
  expect_whole(store_);
  enroller_ = *Enroller::open(make_options(), store_, keys_, k_now);
  EXPECT_EQ(enroller_->agents().size(), 2U);
}

TEST_F(EnrollerTest, ReplacesAnAgentByAMachineThatIsOneAlready) {
  const auto lost = join(machine_).agent;
  const Machine next(keys_);
  const auto known = join(next).agent;
  TokenRequest request = make_token_request();
  request.replaces = lost.id;
  const auto reply = enroller_->enrol(next.request(make_token(request)), k_now);
  ASSERT_TRUE(reply) << message_of(reply);
  EXPECT_EQ(reply->agent.id, known.id);
  EXPECT_EQ(enroller_->agents(), std::vector{reply->agent});
  expect_whole(store_);

  request.replaces = known.id;
  const auto itself = enroller_->enrol(next.request(make_token(request)), k_now + k_minute);
  ASSERT_TRUE(itself) << message_of(itself);
  EXPECT_EQ(itself->agent.id, known.id);
  EXPECT_EQ(enroller_->agents().size(), 1U);
  expect_whole(store_);
}

TEST_F(EnrollerTest, ReplacesNoAgentThatHasJoinedAnewSince) {
  const auto lost = join(machine_).agent;
  TokenRequest request = make_token_request();
  request.replaces = lost.id;
  const std::string token = make_token(request);
  const std::string other = make_token();
  ASSERT_TRUE(enroller_->enrol(machine_.request(other), k_now + k_minute));
  const auto before = rows_of(store_);
  const auto reply = enroller_->enrol(Machine(keys_).request(token), k_now + 2 * k_minute);
  EXPECT_EQ(code_of(reply), Code::failed_precondition);
  EXPECT_NE(message_of(reply).find("joined anew since"), std::string::npos);
  EXPECT_EQ(rows_without_refusals(store_), before);
}

TEST_F(EnrollerTest, MakesATokenThatReplacesOnlyForTheAgentsOwnPlace) {
  const auto agent = join(machine_).agent;
  TokenRequest request = make_token_request("eu-west-1", "eu-a");
  request.replaces = agent.id;
  EXPECT_EQ(code_of(enroller_->create_token(request, k_now)), Code::invalid_argument);
  request = make_token_request();
  request.replaces = AgentId("us-east-1/agent-9");
  EXPECT_EQ(code_of(enroller_->create_token(request, k_now)), Code::not_found);
  request.replaces = agent.id;
  request.uses = 2;
  EXPECT_EQ(code_of(enroller_->create_token(request, k_now)), Code::invalid_argument);
}

TEST_F(EnrollerTest, LetsAMachineJoinAgainWithATokenOfSeveralUses) {
  TokenRequest request = make_token_request();
  request.uses = 2;
  const std::string token = make_token(request);
  const auto first = enroller_->enrol(machine_.request(token), k_now);
  ASSERT_TRUE(first);
  ASSERT_TRUE(enroller_->record_session(first->agent.id, k_now));
  const auto again = enroller_->enrol(machine_.request(token), k_now + k_second);
  ASSERT_TRUE(again) << message_of(again);
  EXPECT_EQ(again->agent.id, first->agent.id);
  EXPECT_EQ((*enroller_->list_tokens(k_now))[0].uses_left, 0U) << "it cost a use";
  expect_whole(store_);
}

TEST_F(EnrollerTest, KeepsAClusterInOneRegionWhateverTokensAreOpen) {
  const std::string here = make_token(make_token_request("us-east-1", "one"));
  const std::string there = make_token(make_token_request("eu-west-1", "one"));
  const auto first = enroller_->enrol(machine_.request(here), k_now);
  ASSERT_TRUE(first);
  const auto refused = enroller_->enrol(Machine(keys_).request(there), k_now);
  EXPECT_EQ(code_of(refused), Code::failed_precondition);
  EXPECT_NE(message_of(refused).find("lies in region \"us-east-1\" by now"), std::string::npos)
      << message_of(refused);
  const auto moved = enroller_->enrol(machine_.request(there), k_now);
  ASSERT_TRUE(moved) << message_of(moved) << ": the only agent there is the one that moves";
  EXPECT_EQ(moved->agent.region, RegionName("eu-west-1"));
  expect_whole(store_);
}

TEST_F(EnrollerTest, RefusesToOpenWithoutTheRegionOfAnAgentOrAnOpenToken) {
  const auto agent = join(machine_).agent;
  Enroller::Options options = make_options();
  options.regions = {RegionName("eu-west-1")};
  const auto opened = Enroller::open(options, store_, keys_, k_now);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::failed_precondition);
  EXPECT_NE(opened.error().message().find("agent us-east-1/agent-1 lies in \"us-east-1\""),
            std::string::npos)
      << opened.error().message();
  ASSERT_TRUE(enroller_->remove(agent.id));
  EXPECT_TRUE(Enroller::open(options, store_, keys_, k_now)) << "a redeemed token is history";
  const std::string token = make_token();
  EXPECT_FALSE(Enroller::open(options, store_, keys_, k_now));
  EXPECT_TRUE(Enroller::open(options, store_, keys_, k_now + 10 * k_minute)) << "it has expired";
}

TEST_F(EnrollerTest, RenewsForTheSameIdentityAndForMembersOnly) {
  const auto agent = join(machine_).agent;
  const auto csr = make_csr(P256Key::generate());
  const std::int64_t later = k_now + 12 * 60 * k_minute;
  const auto renewed = enroller_->renew(agent.id, csr, later);
  ASSERT_TRUE(renewed) << message_of(renewed);
  EXPECT_EQ(*renewed->uri(), agent_uri("demo", agent.id));
  EXPECT_EQ(renewed->not_after_unix_ms(), later + 24 * 60 * k_minute);
  EXPECT_EQ(enroller_->find_agent(agent.id)->certificate_serial, renewed->serial());
  EXPECT_EQ(enroller_->find_agent(agent.id)->certificate_expires_unix_ms,
            renewed->not_after_unix_ms());
  EXPECT_EQ(code_of(enroller_->renew(agent.id, {}, later + 12 * 60 * k_minute)),
            Code::invalid_argument);
  EXPECT_EQ(code_of(enroller_->renew(AgentId("us-east-1/agent-9"), csr, later)), Code::not_found);
  ASSERT_TRUE(enroller_->remove(agent.id));
  EXPECT_EQ(code_of(enroller_->renew(agent.id, csr, later)), Code::not_found);
  EXPECT_EQ(code_of(enroller_->record_session(agent.id, later)), Code::not_found);
  EXPECT_EQ(code_of(enroller_->remove(agent.id)), Code::not_found);
}

TEST_F(EnrollerTest, RenewsNoCertificateYoungerThanAQuarterOfItsLifetime) {
  const auto agent = join(machine_).agent;
  const auto csr = make_csr(P256Key::generate());
  const auto before = rows_of(store_);
  const auto early = enroller_->renew(agent.id, csr, k_now + 6 * 60 * k_minute - k_second);
  EXPECT_EQ(code_of(early), Code::resource_exhausted);
  EXPECT_NE(message_of(early).find("after a quarter of its lifetime, 21600 s"), std::string::npos)
      << message_of(early);
  EXPECT_EQ(rows_of(store_), before);
  EXPECT_TRUE(enroller_->renew(agent.id, csr, k_now + 6 * 60 * k_minute + k_second));
  EXPECT_TRUE(enroller_->renew(agent.id, csr, k_now - k_minute)) << "a clock that was set back";
}

TEST_F(EnrollerTest, RenewsALapsedCertificateForWhoHasTheAddressAndTheWireGuardKey) {
  const AgentRecord agent = join(machine_).agent;
  const AgentRecord other = join(Machine(keys_)).agent;
  const std::int64_t later = k_now + 90 * 24 * 60 * k_minute;
  const ByteVector csr = make_csr(P256Key::generate());
  const auto proof =
      *renewal_proof(machine_.tunnel.private_key(), enroller_->tunnel_public_key(), csr);

  const auto renewed = enroller_->renew_lapsed(agent.overlay, csr, proof, later);
  ASSERT_TRUE(renewed) << message_of(renewed);
  EXPECT_EQ(renewed->agent, agent.id);
  EXPECT_EQ(*renewed->certificate.uri(), agent_uri("demo", agent.id));
  EXPECT_EQ(enroller_->find_agent(agent.id)->certificate_serial, renewed->certificate.serial());

  EXPECT_EQ(code_of(enroller_->renew_lapsed(other.overlay, csr, proof, later)),
            Code::unauthenticated)
      << "another agent's key";
  const ByteVector other_csr = make_csr(P256Key::generate());
  EXPECT_EQ(code_of(enroller_->renew_lapsed(agent.overlay, other_csr, proof, later)),
            Code::unauthenticated)
      << "a proof that was overheard is for one CSR";
  EXPECT_EQ(code_of(enroller_->renew_lapsed(agent.overlay, csr, {}, later)), Code::unauthenticated);
  EXPECT_EQ(code_of(enroller_->renew_lapsed(enroller_->controller_overlay(), csr, proof, later)),
            Code::not_found);
  ASSERT_TRUE(enroller_->remove(agent.id));
  EXPECT_EQ(code_of(enroller_->renew_lapsed(agent.overlay, csr, proof, later)), Code::not_found)
      << "a removed agent stays out";
}

TEST_F(EnrollerTest, CertifiesTheControllerWithItsAddress) {
  const auto certificate =
      enroller_->issue_controller_certificate(make_csr(P256Key::generate()), k_now);
  ASSERT_TRUE(certificate);
  EXPECT_EQ(*certificate->uri(), "weir://demo/controller");
  EXPECT_EQ(X509_check_ip_asc(certificate->native(), "10.90.0.1", 0), 1);
  EXPECT_TRUE(certificate->issued_by(enroller_->ca_certificate()));
}

TEST_F(EnrollerTest, KeepsABootstrapPeerUntilItsTokenEnds) {
  const std::string text = make_token();
  const JoinToken token = *decode_join_token(text);
  const std::string other = make_token();
  auto peers = *enroller_->bootstrap_peers(k_now);
  ASSERT_EQ(peers.size(), 2U);
  const auto mine = std::ranges::find(peers, token.id, &BootstrapPeer::token);
  ASSERT_NE(mine, peers.end());
  EXPECT_EQ(mine->public_key, X25519KeyPair(bootstrap_key(token.secret)).public_key());
  EXPECT_EQ(mine->address, bootstrap_address(token.id));
  EXPECT_EQ(mine->expires_unix_ms, k_now + 10 * k_minute);
  ASSERT_TRUE(enroller_->enrol(machine_.request(text), k_now));
  EXPECT_EQ(enroller_->bootstrap_peers(k_now)->size(), 2U) << "the reply may have been lost";
  ASSERT_TRUE(enroller_->revoke_token(to_string(decode_join_token(other)->id), k_now));
  EXPECT_EQ(enroller_->bootstrap_peers(k_now)->size(), 1U);
  EXPECT_TRUE(enroller_->bootstrap_peers(k_now + 10 * k_minute)->empty());
}

TEST_F(EnrollerTest, RefusesTokensThatCannotBeMeant) {
  const auto refusal = [&](const TokenRequest& request) {
    const auto made = enroller_->create_token(request, k_now);
    EXPECT_FALSE(made);
    EXPECT_EQ(code_of(made), Code::invalid_argument);
    return made.error().message();
  };
  EXPECT_NE(refusal(make_token_request("mars", "c")).find("us-east-1, eu-west-1"),
            std::string::npos);
  EXPECT_NE(refusal(make_token_request(std::string(101, 'r').c_str(), "c")).find("limit is 100"),
            std::string::npos);
  EXPECT_NE(refusal(make_token_request("us-east-1", "Bad Name")).find("a-z 0-9"),
            std::string::npos);
  EXPECT_NE(refusal(make_token_request("us-east-1", "")).find("cluster"), std::string::npos);
  TokenRequest request = make_token_request();
  request.ttl = std::chrono::hours(24 * 8);
  EXPECT_NE(refusal(request).find("7 days"), std::string::npos);
  request.ttl = std::chrono::seconds(-1);
  refusal(request);
  request = make_token_request();
  request.uses = 1001;
  EXPECT_NE(refusal(request).find("limit 1000"), std::string::npos);
  join(machine_);
  EXPECT_NE(refusal(make_token_request("eu-west-1", "us-a")).find("lies in region \"us-east-1\""),
            std::string::npos);
  EXPECT_EQ(enroller_->list_tokens(k_now)->size(), 1U);
}

TEST_F(EnrollerTest, ListsTokensUntilAWeekAfterTheirExpiry) {
  const auto old = decode_join_token(make_token())->id;
  const auto young = decode_join_token(make_token(make_token_request(), k_now + k_minute))->id;
  const auto listed = enroller_->list_tokens(k_now + 10 * k_minute);
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_EQ((*listed)[0].id, young);
  EXPECT_EQ((*listed)[0].state, TokenState::open);
  EXPECT_EQ((*listed)[1].id, old);
  EXPECT_EQ((*listed)[1].state, TokenState::expired);
  const std::int64_t week_later = k_now + 10 * k_minute + 7 * 24 * 60 * k_minute;
  make_token(make_token_request(), week_later);
  EXPECT_EQ(enroller_->list_tokens(week_later)->size(), 2U);
  EXPECT_EQ(code_of(enroller_->revoke_token(to_string(old), k_now)), Code::not_found);
  EXPECT_EQ(code_of(enroller_->revoke_token("x", k_now)), Code::invalid_argument);
}

TEST_F(EnrollerTest, SaysWhenTheOverlayIsFull) {
  MemoryStore store;
  auto options = make_options();
  options.overlay = "10.90.0.0/30";
  const auto enroller = *Enroller::open(options, store, keys_, k_now);
  TokenRequest request = make_token_request();
  request.uses = 2;
  const std::string token = enroller->create_token(request, k_now)->text.reveal();
  const auto first = enroller->enrol(machine_.request(token), k_now);
  ASSERT_TRUE(first);
  const auto before = rows_of(store);
  const auto full = enroller->enrol(Machine(keys_).request(token), k_now);
  EXPECT_EQ(code_of(full), Code::resource_exhausted);
  EXPECT_EQ(rows_of(store), before);
  ASSERT_TRUE(enroller->remove(first->agent.id));
  EXPECT_TRUE(enroller->enrol(Machine(keys_).request(token), k_now));
}

TEST_F(EnrollerTest, OpensOnlyAStoreThatFitsItsConfiguration) {
  join(machine_);
  auto other_mesh = make_options();
  other_mesh.mesh = "other";
  EXPECT_EQ(code_of(Enroller::open(other_mesh, store_, keys_, k_now)), Code::failed_precondition);
  auto other_overlay = make_options();
  other_overlay.overlay = "10.91.0.0/24";
  EXPECT_EQ(code_of(Enroller::open(other_overlay, store_, keys_, k_now)), Code::out_of_range);
  auto no_name = make_options();
  no_name.mesh = "No Name";
  EXPECT_EQ(code_of(Enroller::open(no_name, store_, keys_, k_now)), Code::invalid_argument);
  auto no_prefix = make_options();
  no_prefix.overlay = "overlay";
  EXPECT_EQ(code_of(Enroller::open(no_prefix, store_, keys_, k_now)), Code::invalid_argument);
  auto again = Enroller::open(make_options(), store_, keys_, k_now);
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->agents(), enroller_->agents());
}

TEST_F(EnrollerTest, TellsAWatchOfTheAgentsRows) {
  std::vector<std::string> changed;
  const auto watch = store_.watch(std::string(k_agent_rows), [&](const ChangeSet& changes) {
    for (const auto& write : changes.writes) {
      changed.push_back((write.value ? "put " : "erase ") + write.key);
    }
  });
  const auto agent = join(machine_).agent;
  ASSERT_TRUE(enroller_->remove(agent.id));
  EXPECT_EQ(changed, (std::vector<std::string>{"put registry/agent/us-east-1/agent-1",
                                               "erase registry/agent/us-east-1/agent-1"}));
}

}  // namespace
}  // namespace weir::controller
