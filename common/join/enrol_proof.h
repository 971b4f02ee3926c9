#pragma once

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/crypto/keys.h"
#include "common/crypto/sha256.h"
#include "common/join/join_token.h"

namespace weir {

/// Shows that whoever enrols a WireGuard public key holds its private key: without it, a token's
/// holder could enrol another agent's key, which is no secret, and so replace that agent.
///
///   HKDF-SHA256(X25519(own private, other public), "weir enrol proof" || token id || SHA-256(csr))
///
/// Both ends compute the same value: the agent with (its own private key, the controller's public
/// key from the token), the controller with (its tunnel's private key, the public key in the
/// request). Errors: invalid_argument when `other` is a low-order point.
Result<Sha256Digest> enrol_proof(const PrivateKey& own, const PublicKey& other, const TokenId& id,
                                 ByteView csr_der);

/// The same for an agent that asks for a new certificate after its own has run out; what it proves
/// is that the agent asks and not another process of its machine, which has the same address.
///
///   HKDF-SHA256(X25519(own private, other public), "weir renewal proof" || SHA-256(csr))
Result<Sha256Digest> renewal_proof(const PrivateKey& own, const PublicKey& other, ByteView csr_der);

}  // namespace weir
