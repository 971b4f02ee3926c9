#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/crypto/random.h"
#include "common/crypto/x25519.h"
#include "common/crypto/x509.h"
#include "controller/enrol/mesh_identity.h"
#include "controller/enrol/redeem.h"
#include "controller/enrol/roster.h"
#include "controller/enrol/token_book.h"
#include "controller/enrol/values.h"
#include "controller/store/store.h"

namespace weir::controller {

/// Decides who belongs to the mesh: join tokens, identities, certificates.
///
/// Identity, region and cluster come from the token alone; of a CSR only the proven key is used.
/// Each change is one store transaction (docs/decisions/0002), so whatever fails or crashes has
/// changed nothing or everything.
///
/// Every call may block on the store: call from a blocking thread, any. `now` is wall time in
/// milliseconds since 1970. Calls that fail with aborted met other writers 8 times in a row: try
/// again. Besides the errors named, each passes on the store's data_loss and unavailable.
class Enroller {
 public:
  struct Options {
    std::string mesh;
    std::string overlay;       // "10.90.0.0/16"
    Endpoint public_endpoint;  // goes into tokens
    PrivateKey tunnel_key;     // the controller's WireGuard key
    std::chrono::milliseconds certificate_lifetime = std::chrono::hours(24);
    std::vector<RegionName> regions;  // tokens are made for these only; empty: for any
  };

  /// Reads what is stored; the first time, makes the mesh's id and CA. `store` and `keys` outlive
  /// it. Errors: invalid_argument (options), failed_precondition (the store belongs to another
  /// mesh, or an agent or an open token to a region that is not configured), out_of_range (stored
  /// addresses lie outside the overlay).
  static Result<std::unique_ptr<Enroller>> open(const Options& options, Store& store,
                                                KeySource& keys, std::int64_t now_unix_ms);

  /// Errors: invalid_argument (name, region unknown, cluster lies in another region, ttl or uses
  /// beyond the limit), not_found (the agent to replace), resource_exhausted (too many open
  /// tokens).
  Result<NewToken> create_token(const TokenRequest& request, std::int64_t now_unix_ms);
  /// Newest first. Tokens stay listed for 7 days after their expiry.
  Result<std::vector<TokenInfo>> list_tokens(std::int64_t now_unix_ms);
  /// Agents that joined by it stay. Errors: invalid_argument, not_found.
  Status revoke_token(const std::string& id, std::int64_t now_unix_ms);
  /// One for each token neither expired nor revoked; a redeemed one stays, so that a lost reply can
  /// be asked for again.
  Result<std::vector<BootstrapPeer>> bootstrap_peers(std::int64_t now_unix_ms);

  /// Redeems a token. The same token and public key again, before the agent's first session and the
  /// token's expiry, gives the same identity with a new certificate. A public key that is
  /// registered already and comes with a fresh token replaces its old registration: same region and
  /// cluster, same name and address. A token that replaces an agent also removes that agent.
  /// Errors: invalid_argument (malformed, a claim that is not the token's, CSR), unauthenticated
  /// (unknown token, wrong secret or key proof), failed_precondition (expired, revoked, redeemed),
  /// resource_exhausted (addresses, agents). A refusal changes nothing; the first of its kind with
  /// a token that is known is kept (`refusals`).
  Result<EnrolReply> enrol(const EnrolRequest& request, std::int64_t now_unix_ms);

  /// Enrolments refused with tokens that are listed, as events, oldest first.
  Result<std::vector<telemetry::v1::Event>> refusals();

  /// A new certificate for the same identity; `agent` comes from the session's certificate.
  /// Errors: not_found (no such agent, or removed), resource_exhausted (the one it has is younger
  /// than a quarter of its lifetime), invalid_argument (CSR).
  Result<Certificate> renew(const AgentId& agent, ByteView csr_der, std::int64_t now_unix_ms);
  /// The same for the agent whose overlay address `caller` is, after its certificate has run out;
  /// `proof` shows that it holds its WireGuard key (common/join/enrol_proof.h). Errors: not_found,
  /// unauthenticated (proof), invalid_argument (CSR).
  Result<RenewedCertificate> renew_lapsed(const IpAddress& caller, ByteView csr_der, ByteView proof,
                                          std::int64_t now_unix_ms);
  /// For the controller's own TLS server: URI weir://<mesh>/controller and its overlay address.
  /// Errors: invalid_argument (CSR).
  Result<Certificate> issue_controller_certificate(ByteView csr_der, std::int64_t now_unix_ms);

  /// Called when an agent's session opens; ends the retry of its enrolment. Errors: not_found.
  Status record_session(const AgentId& agent, std::int64_t now_unix_ms);
  /// Takes the agent out of the mesh and frees its address. What it was. Errors: not_found.
  Result<AgentRecord> remove(const AgentId& agent);

  /// From memory; do not block on the disk.
  std::vector<AgentRecord> agents();
  std::optional<AgentRecord> find_agent(const AgentId& agent);

  const std::string& mesh() const { return identity_.mesh; }
  const ByteVector& mesh_id() const { return identity_.id; }
  const Certificate& ca_certificate() const { return identity_.ca.certificate(); }
  std::string ca_pem() const { return ca_certificate().to_pem(); }
  const PublicKey& tunnel_public_key() const { return tunnel_public_key_; }
  IpPrefix overlay_prefix() const { return overlay_prefix_; }
  IpAddress controller_overlay() const { return controller_overlay_; }

 private:
  Enroller(const Options& options, Store& store, KeySource& keys, MeshIdentity identity,
           Roster roster);
  Result<EnrolReply> enrol_with(const TokenId& id, const EnrolRequest& request,
                                std::int64_t now_unix_ms);
  Result<EnrolReply> enrol_once(const EnrolRequest& request, const RedeemClaim& claim,
                                const TokenId& id, std::int64_t now_unix_ms);
  void record_refusal(const TokenId& id, const Error& why, std::int64_t now_unix_ms);
  Status check_proof(const EnrolRequest& request, const PublicKey& public_key,
                     const TokenId& id) const;
  Result<Certificate> issue_for(AgentRecord& agent, ByteView csr_der,
                                std::int64_t now_unix_ms) const;
  Result<Certificate> renew_once(const AgentRecord& held, ByteView csr_der,
                                 std::int64_t now_unix_ms);
  Status update(AgentRecord agent);
  Result<std::uint64_t> commit(const Transaction& transaction);
  template <typename Attempt>
  auto retried(Attempt attempt) -> decltype(attempt());

  // Constant after construction.
  const Options options_;
  Store& store_;
  const MeshIdentity identity_;
  const PublicKey tunnel_public_key_;
  const IpPrefix overlay_prefix_;
  const IpAddress controller_overlay_;

  std::mutex mu_;
  TokenBook tokens_;    // guarded by mu_
  Roster roster_;       // guarded by mu_
  bool stale_ = false;  // guarded by mu_; the roster is read again before its next use
};

}  // namespace weir::controller
