#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "policy/step_message.h"

namespace weir::policy {

/// A line has at most this many bytes; 50 by 50 regions with every field need a sixteenth.
inline constexpr std::size_t k_line_bytes_max = 8U << 20U;

/// One line of the policy step protocol. `init` is the first line once it was accepted, else
/// nullptr. Errors: invalid_argument (what is wrong, and where in the line), failed_precondition
/// (an observation before the first line, a second first line).
///
///   absent or null   not known
///   impossible       (a negative count, a share above 1) not known, in an observation; an error in
///                    the first line
///   wrong type       an error
///   unknown names    fields are ignored; regions and services are errors, and so is naming one
///                    twice
Result<StepLine> parse_step_line(std::string_view text, const StepInit* init);

/// Weights of one source, in the order of the regions, and the share to refuse.
struct StepSource {
  std::vector<std::uint32_t> weights;
  double shed = 0;
};

std::string ready_line(std::string_view policy, std::string_view version);
/// At most 32 reasons are written.
std::string weights_line(const StepInit& init, std::size_t service, double t_ms,
                         std::span<const StepSource> sources, std::span<const Why> why);
std::string error_line(std::size_t line, std::string_view message);

/// `{"NAME": NUMBER, ...}`: a policy's settings. Errors: invalid_argument.
Result<std::map<std::string, double>> parse_settings(std::string_view text);

}  // namespace weir::policy
