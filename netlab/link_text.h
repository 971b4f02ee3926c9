#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "netlab/link_model.h"

namespace weir::netlab {

/// The longest delay, jitter and queue a link may have.
inline constexpr Duration k_duration_max = std::chrono::seconds(60);

/// "80ms", "1.5s", "250us", "0"; at most `k_duration_max`.
/// Errors: invalid_argument (names the text and the rule).
Result<Duration> parse_duration(std::string_view text);

/// "1%", "0.5%" or "0.005": a probability in [0, 1]. Errors as above.
Result<double> parse_probability(std::string_view text);

/// "500mbit", "1gbit", "64kbit", "0" (no limit): bits per second, at most 100 Gbit. Errors as
/// above.
Result<std::uint64_t> parse_rate(std::string_view text);

/// Sets the one named by `key`: delay, jitter, reorder, loss, duplicate, corrupt, rate, queue, mtu.
/// `settings` is unchanged on error. Errors: invalid_argument.
Status apply_setting(LinkSettings& settings, std::string_view key, std::string_view value);

/// "12.345ms".
std::string duration_text(Duration duration);

}  // namespace weir::netlab
