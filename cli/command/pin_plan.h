#pragma once

#include <google/protobuf/repeated_field.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "weir/admin/v1/admin.pb.h"

namespace weir::cli {

using Weights = google::protobuf::RepeatedPtrField<policy::v1::Weight>;

/// "us-east-1=70,eu-west-1=30" and the same as several words.
/// Errors: invalid_argument (form, weight above 10000, a region twice).
Result<std::vector<policy::v1::Weight>> parse_weights(const std::vector<std::string>& words);

/// "eu-west-1 70 (70.0%), us-east-1 30 (30.0%)".
std::string weights_in_words(const Weights& weights);

/// "eu-west-1 130 -> 70 (56.5% -> 70.0%)", regions that do not change included, three blanks apart.
std::string change_in_words(const Weights& before, const Weights& after);

/// "eu-west-1 -30.3 points: path, round trip 201.5 of 175 ms"; "eu-west-1: pinned".
std::string in_words(const admin::v1::Reason& reason);

/// The table an operator decides on: region, weight and share now and then.
std::string plan_of(const admin::v1::PinWeightsRequest& pin,
                    const admin::v1::PinWeightsReply& reply, bool colour);

}  // namespace weir::cli
