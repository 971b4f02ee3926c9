#pragma once

#include <google/protobuf/repeated_field.h>

#include <span>

#include "common/model/service.h"
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

}  // namespace weir::controller
