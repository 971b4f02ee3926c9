#pragma once

#include <optional>
#include <string_view>

#include "policy/json_fields.h"
#include "policy/step_message.h"

namespace weir::policy {

inline constexpr double k_step_protocol = 1;
/// Beyond these a number was not measured: eleven days, and more requests than there are.
inline constexpr double k_latency_ms_max = 1e9;
inline constexpr double k_count_max = 1e12;
inline constexpr double k_time_ms_max = 1e15;

/// The number of the region a field names; a complaint when there is none.
std::optional<std::size_t> read_region(const Fields& fields, std::string_view name,
                                       const StepInit& init);

/// The rest of a line of each type; what is wrong goes to the line's complaint.
StepInit read_init(const Fields& line);
StepObservation read_observation(const Fields& line, const StepInit& init);

}  // namespace weir::policy
