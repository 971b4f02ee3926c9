#include "controller/enrol/enroller.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/join/enrol_proof.h"
#include "common/join/mesh_uri.h"
#include "controller/enrol/redeem.h"

// One enrolment:
//
//   shape -> [ token row -> judge -> key proof -> plan: name, address -> certificate ->
//              rows -> commit -> memory ]
//
// The part in brackets runs again when the commit finds that another writer was faster. Nothing
// before the commit leaves a trace, except in memory, which is read again from the store before its
// next use.

namespace weir::controller {
namespace {

constexpr int k_attempts = 8;

Status check_name(std::string_view what, const std::string& name) {
  if (valid_name(name, false)) return {};
  return fail(Code::invalid_argument, std::string(what) + " " + in_quotes(name) + " needs 1 to " +
                                          std::to_string(k_name_max) +
                                          " characters of a-z 0-9 - . _");
}

Status check_options(const Enroller::Options& options) {
  WEIR_TRY(check_name("mesh", options.mesh));
  if (options.certificate_lifetime < std::chrono::minutes(1) ||
      options.certificate_lifetime > std::chrono::hours(24 * 365)) {
    return fail(Code::invalid_argument,
                "a certificate lifetime of " +
                    std::to_string(options.certificate_lifetime.count() / 1000) +
                    " s is not within 1 minute and 365 days");
  }
  return {};
}

/// An agent in a region that is not configured would lose every service without a word.
Status check_regions(const std::vector<RegionName>& regions, const Registry& agents, Store& store,
                     std::int64_t now_unix_ms) {
  constexpr std::size_t named_max = 10;
  if (regions.empty()) return {};
  const auto known = [&regions](const RegionName& region) {
    return std::ranges::find(regions, region) != regions.end();
  };
  std::vector<std::string> strays;
  for (const AgentRecord& agent : agents.all()) {
    if (known(agent.region)) continue;
    strays.push_back("agent " + agent.id.value() + " lies in " + in_quotes(agent.region.value()));
  }
  WEIR_ASSIGN(rows, scan_all(store, k_token_rows, TokenBook::k_tokens_max + 1));
  for (const Row& row : rows) {
    WEIR_ASSIGN(token, decode_token_record(row.value));
    if (known(token.region) || token.state(now_unix_ms) != TokenState::open) continue;
    strays.push_back("join token " + to_string(token.id) + " is for " +
                     in_quotes(token.region.value()));
  }
  if (strays.empty()) return {};
  std::string told;
  for (std::size_t i = 0; i < std::min(strays.size(), named_max); ++i) {
    told += (told.empty() ? "" : ", ") + strays[i];
  }
  if (strays.size() > named_max) {
    told += " and " + std::to_string(strays.size() - named_max) + " more";
  }
  return fail(Code::failed_precondition,
              "the configuration's regions lack one that is in use: " + told +
                  "; put it back, then `weirctl mesh remove` the agents and `weirctl mesh token "
                  "revoke` the tokens before it goes");
}

std::unexpected<Error> no_such_agent(const AgentId& agent) {
  return fail(Code::not_found, "agent " + in_quotes(agent.value()) +
                                   " does not belong to the mesh; join with a new token");
}

Status check_replaced(const TokenRequest& request, const Registry& agents) {
  if (request.replaces.empty()) return {};
  const std::string name = in_quotes(request.replaces.value());
  const AgentRecord* replaced = agents.find(request.replaces);
  if (replaced == nullptr) {
    return fail(Code::not_found,
                "agent " + name + " does not belong to the mesh; list them with: weirctl mesh ls");
  }
  if (replaced->region != request.region || replaced->cluster != request.cluster) {
    return fail(Code::invalid_argument, "agent " + name + " is in region " +
                                            in_quotes(replaced->region.value()) + ", cluster " +
                                            in_quotes(replaced->cluster.value()) +
                                            "; a token that replaces it is made for both");
  }
  if (request.uses > 1) {
    return fail(Code::invalid_argument, "a token that replaces agent " + name +
                                            " has one use, not " + std::to_string(request.uses));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Enroller>> Enroller::open(const Options& options, Store& store,
                                                 KeySource& keys, std::int64_t now_unix_ms) {
  WEIR_TRY(check_options(options));
  WEIR_ASSIGN(roster, Roster::create(options.overlay));
  WEIR_ASSIGN(identity, load_or_make_identity(store, keys, options.mesh, now_unix_ms));
  WEIR_TRY(roster.load(store));
  WEIR_TRY(check_regions(options.regions, roster.agents(), store, now_unix_ms));
  return std::unique_ptr<Enroller>(
      new Enroller(options, store, keys, std::move(identity), std::move(roster)));
}

Enroller::Enroller(const Options& options, Store& store, KeySource& keys, MeshIdentity identity,
                   Roster roster)
    : options_(options),
      store_(store),
      identity_(std::move(identity)),
      tunnel_public_key_(X25519KeyPair(options.tunnel_key).public_key()),
      overlay_prefix_(roster.addresses().prefix()),
      controller_overlay_(roster.addresses().controller_address()),
      tokens_(store, keys, {tunnel_public_key_, options.public_endpoint}),
      roster_(std::move(roster)) {}

/// Runs `attempt` under the lock, again with fresh memory while it is aborted. After any failed
/// commit memory may hold a plan that was not carried out, so it is read again before the next use.
template <typename Attempt>
auto Enroller::retried(Attempt attempt) -> decltype(attempt()) {
  const std::lock_guard lock(mu_);
  for (int left = k_attempts; left > 0; --left) {
    if (stale_) {
      WEIR_TRY(roster_.load(store_));
      stale_ = false;
    }
    auto outcome = attempt();
    if (outcome || outcome.error().code() != Code::aborted) return outcome;
  }
  return fail(Code::aborted, "other writers were faster " + std::to_string(k_attempts) +
                                 " times in a row; try again");
}

Result<std::uint64_t> Enroller::commit(const Transaction& transaction) {
  auto version = store_.commit(transaction);
  stale_ = stale_ || !version;
  return version;
}

Result<NewToken> Enroller::create_token(const TokenRequest& request, std::int64_t now_unix_ms) {
  WEIR_TRY(check_name("region", request.region.value()));
  if (request.region.value().size() > k_region_name_max) {
    return fail(Code::invalid_argument, "region " + in_quotes(request.region.value()) + " has " +
                                            std::to_string(request.region.value().size()) +
                                            " characters; the limit is " +
                                            std::to_string(k_region_name_max));
  }
  WEIR_TRY(check_name("cluster", request.cluster.value()));
  const auto& regions = options_.regions;
  if (!regions.empty() && std::ranges::find(regions, request.region) == regions.end()) {
    std::string known;
    for (const RegionName& region : regions) known += (known.empty() ? "" : ", ") + region.value();
    return fail(Code::invalid_argument, "region " + in_quotes(request.region.value()) +
                                            " is not in the configuration, which has " + known);
  }
  return retried([&]() -> Result<NewToken> {
    const auto lies_in = roster_.agents().region_of(request.cluster);
    if (lies_in && *lies_in != request.region) {
      return fail(Code::invalid_argument, "cluster " + in_quotes(request.cluster.value()) +
                                              " lies in region " + in_quotes(lies_in->value()) +
                                              ", not in " + in_quotes(request.region.value()));
    }
    WEIR_TRY(check_replaced(request, roster_.agents()));
    return tokens_.create(request, now_unix_ms);
  });
}

Result<std::vector<TokenInfo>> Enroller::list_tokens(std::int64_t now_unix_ms) {
  const std::lock_guard lock(mu_);
  WEIR_ASSIGN(tokens, tokens_.all());
  std::vector<TokenInfo> infos;
  for (const StoredToken& token : tokens) infos.push_back(token.record.info(now_unix_ms));
  return infos;
}

Status Enroller::revoke_token(const std::string& id, std::int64_t now_unix_ms) {
  WEIR_ASSIGN(parsed, parse_token_id(id));
  return retried([&] { return tokens_.revoke(parsed, now_unix_ms); });
}

Result<std::vector<BootstrapPeer>> Enroller::bootstrap_peers(std::int64_t now_unix_ms) {
  const std::lock_guard lock(mu_);
  WEIR_ASSIGN(tokens, tokens_.all());
  std::vector<BootstrapPeer> peers;
  for (const auto& [token, version] : tokens) {
    if (token.revoked_unix_ms != 0 || now_unix_ms >= token.expires_unix_ms) continue;
    peers.push_back(
        {token.id, token.bootstrap_key, bootstrap_address(token.id), token.expires_unix_ms});
  }
  return peers;
}

Status Enroller::check_proof(const EnrolRequest& request, const PublicKey& public_key,
                             const TokenId& id) const {
  WEIR_ASSIGN(wanted, enrol_proof(options_.tunnel_key, public_key, id, request.csr_der));
  if (equal_in_constant_time(wanted, request.key_proof)) return {};
  return fail(Code::unauthenticated,
              "the enrolment does not prove that its sender holds the private key of " +
                  to_base64(public_key));
}

Result<EnrolReply> Enroller::enrol(const EnrolRequest& request, std::int64_t now_unix_ms) {
  WEIR_ASSIGN(id, parse_token_id(request.token_id));
  Result<EnrolReply> reply = enrol_with(id, request, now_unix_ms);
  if (!reply) record_refusal(id, reply.error(), now_unix_ms);
  return reply;
}

Result<EnrolReply> Enroller::enrol_with(const TokenId& id, const EnrolRequest& request,
                                        std::int64_t now_unix_ms) {
  WEIR_ASSIGN(claim, check_shape(request, tunnel_public_key_));
  return retried([&] { return enrol_once(request, claim, id, now_unix_ms); });
}

/// A stranger may name as many tokens as it likes: only one that exists has rows.
void Enroller::record_refusal(const TokenId& id, const Error& why, std::int64_t now_unix_ms) {
  const std::lock_guard lock(mu_);
  const auto token = tokens_.find(id);
  if (token && *token) tokens_.refusals().record((*token)->record, why, now_unix_ms);
}

Result<std::vector<telemetry::v1::Event>> Enroller::refusals() {
  const std::lock_guard lock(mu_);
  return tokens_.refusals().all();
}

Result<EnrolReply> Enroller::enrol_once(const EnrolRequest& request, const RedeemClaim& claim,
                                        const TokenId& id, std::int64_t now_unix_ms) {
  WEIR_ASSIGN(found, tokens_.find(id));
  if (!found) return fail(unknown_token(id));
  TokenRecord token = found->record;
  WEIR_ASSIGN(redeem, judge_redeem(token, claim, roster_.agents(), options_.regions, now_unix_ms));
  WEIR_TRY(check_proof(request, claim.public_key, id));

  Transaction transaction;
  transaction.if_version(token_row_key(id), found->version);
  AgentRecord agent;
  if (redeem == Redeem::retry) {
    agent = *roster_.agents().find_key(claim.public_key);
  } else {
    agent.region = token.region;
    agent.cluster = token.cluster;
    agent.public_key = claim.public_key;
    agent.joined_unix_ms = now_unix_ms;
    agent.token_id = to_string(id);
    // Until the commit has succeeded, memory may hold an address nobody was given.
    stale_ = true;
    WEIR_ASSIGN(planned, roster_.plan_admission(store_, agent, token.replaces, transaction));
    agent = planned;
    token.redemptions.push_back({agent.id, agent.public_key, now_unix_ms});
    transaction.put(token_row_key(id), encode_token_record(token));
  }
  agent.listen_port = static_cast<std::uint16_t>(request.listen_port);
  WEIR_ASSIGN(certificate, issue_for(agent, request.csr_der, now_unix_ms));
  roster_.plan_row(agent, transaction);
  WEIR_ASSIGN(version, commit(transaction));
  roster_.apply_row(agent, version);
  if (redeem == Redeem::fresh && token.replaces != agent.id) roster_.apply_removal(token.replaces);
  stale_ = false;
  return EnrolReply{.mesh = identity_.mesh,
                    .mesh_id = identity_.id,
                    .agent = agent,
                    .overlay_prefix = overlay_prefix_,
                    .controller_overlay = controller_overlay_,
                    .certificate_der = certificate.to_der(),
                    .ca_der = ca_certificate().to_der()};
}

Result<Certificate> Enroller::issue_for(AgentRecord& agent, ByteView csr_der,
                                        std::int64_t now_unix_ms) const {
  WEIR_ASSIGN(certificate, identity_.ca.issue(csr_der, {agent_uri(identity_.mesh, agent.id), {}},
                                              now_unix_ms, options_.certificate_lifetime.count()));
  agent.certificate_serial = certificate.serial();
  agent.certificate_expires_unix_ms = certificate.not_after_unix_ms();
  return certificate;
}

Status Enroller::update(AgentRecord agent) {
  Transaction transaction;
  roster_.plan_row(agent, transaction);
  WEIR_ASSIGN(version, commit(transaction));
  roster_.apply_row(agent, version);
  return {};
}

Result<Certificate> Enroller::renew_once(const AgentRecord& held, ByteView csr_der,
                                         std::int64_t now_unix_ms) {
  AgentRecord renewed = held;
  WEIR_ASSIGN(certificate, issue_for(renewed, csr_der, now_unix_ms));
  WEIR_TRY(update(std::move(renewed)));
  return certificate;
}

Result<Certificate> Enroller::renew(const AgentId& agent, ByteView csr_der,
                                    std::int64_t now_unix_ms) {
  return retried([&]() -> Result<Certificate> {
    const AgentRecord* held = roster_.agents().find(agent);
    if (held == nullptr) return no_such_agent(agent);
    const std::int64_t lifetime = options_.certificate_lifetime.count();
    const std::int64_t age = now_unix_ms - (held->certificate_expires_unix_ms - lifetime);
    // Below 0 it was made for another lifetime, or the clock was set back.
    if (age >= 0 && age < lifetime / 4) {
      return fail(Code::resource_exhausted,
                  "the certificate of " + agent.value() + " is " + std::to_string(age / 1000) +
                      " s old; it is renewed after a quarter of its lifetime, " +
                      std::to_string(lifetime / 4000) + " s");
    }
    return renew_once(*held, csr_der, now_unix_ms);
  });
}

Result<RenewedCertificate> Enroller::renew_lapsed(const IpAddress& caller, ByteView csr_der,
                                                  ByteView proof, std::int64_t now_unix_ms) {
  return retried([&]() -> Result<RenewedCertificate> {
    const AgentRecord* held = roster_.agents().find_overlay(caller);
    if (held == nullptr) {
      return fail(Code::not_found,
                  "no agent of this mesh has the address " + caller.to_string() + "; join again");
    }
    const AgentId agent = held->id;
    WEIR_ASSIGN(wanted, renewal_proof(options_.tunnel_key, held->public_key, csr_der));
    if (!equal_in_constant_time(wanted, proof)) {
      return fail(
          Code::unauthenticated,
          "the request does not prove that its sender holds the WireGuard key of " + agent.value());
    }
    WEIR_ASSIGN(certificate, renew_once(*held, csr_der, now_unix_ms));
    return RenewedCertificate{.agent = agent, .certificate = certificate};
  });
}

Result<Certificate> Enroller::issue_controller_certificate(ByteView csr_der,
                                                           std::int64_t now_unix_ms) {
  return identity_.ca.issue(csr_der, {controller_uri(identity_.mesh), {controller_overlay_}},
                            now_unix_ms, options_.certificate_lifetime.count());
}

Status Enroller::record_session(const AgentId& agent, std::int64_t now_unix_ms) {
  return retried([&]() -> Status {
    const AgentRecord* held = roster_.agents().find(agent);
    if (held == nullptr) return no_such_agent(agent);
    if (held->first_session_unix_ms != 0) return {};
    AgentRecord connected = *held;
    connected.first_session_unix_ms = std::max<std::int64_t>(1, now_unix_ms);
    return update(std::move(connected));
  });
}

Result<AgentRecord> Enroller::remove(const AgentId& agent) {
  return retried([&]() -> Result<AgentRecord> {
    const AgentRecord* held = roster_.agents().find(agent);
    if (held == nullptr) return no_such_agent(agent);
    const AgentRecord removed = *held;
    Transaction transaction;
    roster_.plan_removal(removed, transaction);
    WEIR_TRY(commit(transaction));
    roster_.apply_removal(agent);
    return removed;
  });
}

std::vector<AgentRecord> Enroller::agents() {
  const std::lock_guard lock(mu_);
  return roster_.agents().all();
}

std::optional<AgentRecord> Enroller::find_agent(const AgentId& agent) {
  const std::lock_guard lock(mu_);
  const AgentRecord* held = roster_.agents().find(agent);
  if (held == nullptr) return std::nullopt;
  return *held;
}

}  // namespace weir::controller
