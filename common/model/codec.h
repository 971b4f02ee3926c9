#pragma once

#include "common/base/bytes.h"
#include "common/model/revision.h"
#include "weir/policy/v1/revision.pb.h"

namespace weir {

/// A revision as it goes over the wire and onto the disk.
///
/// The digest is the SHA-256 of the message serialised deterministically with `digest` empty, so
/// both sides compute it from the message they hold.

/// `revision` with its digest filled in. Cost: one serialisation.
policy::v1::Revision to_proto(const Revision& revision);

/// The digest of `message`, whatever its own digest field says.
ByteVector digest_of(const policy::v1::Revision& message);

/// Checks the digest, then every field, then the rules of `validate`.
/// Errors: data_loss (digest), invalid_argument (field, value, rule), resource_exhausted (limits).
Result<Revision> from_proto(const policy::v1::Revision& message);

/// One plan alone, for the admin API and for tests.
policy::v1::ServicePlan to_proto(const ServicePlan& plan);

policy::v1::InFlightLimit to_proto(const InFlightLimit& limit);
InFlightLimit from_proto(const policy::v1::InFlightLimit& message);

/// One peer alone, for the agent's identity on disk. Errors: invalid_argument.
policy::v1::Peer to_proto(const MeshPeer& peer);
Result<MeshPeer> from_proto(const policy::v1::Peer& message);

}  // namespace weir
