#pragma once

#include <google/protobuf/repeated_field.h>

#include <span>

#include "common/model/proposal.h"
#include "common/model/service.h"
#include "controller/publish/publisher.h"
#include "weir/admin/v1/admin.pb.h"
#include "weir/policy/v1/revision.pb.h"

namespace weir::controller {

/// Weights as the admin API's replies carry them.
inline void put(std::span<const Weight> weights,
                google::protobuf::RepeatedPtrField<policy::v1::Weight>& out) {
  for (const Weight& weight : weights) {
    auto& row = *out.Add();
    row.set_region(weight.region.value());
    row.set_weight(weight.weight);
  }
}

inline void put(const Reason& reason, admin::v1::Reason& out) {
  out.set_region(reason.region.value());
  out.set_term(reason.term);
  out.set_share(reason.delta);
  out.set_note(reason.note);
}

inline void put(const SeenRequests& seen, admin::v1::SeenRequests& out) {
  out.set_ended(seen.ended);
  out.set_in_objective(seen.in_objective);
  out.set_p99_us(seen.p99_us);
}

}  // namespace weir::controller
