#include "controller/policy/planner/path_table.h"

#include <algorithm>

#include "controller/policy/planner/numeric.h"

namespace weir::controller {
namespace {

constexpr double k_local_ms = 1;
constexpr double k_distant_ms = 80;
constexpr double k_longest_ms = 60'000;
constexpr double k_measured_tau_s = 0.8;
constexpr double k_inferred_tau_s = 5;
constexpr double k_enough_answers = 3;

}  // namespace

PathTable::PathTable(const ServiceSetting& setting) : paths_(setting.size(), setting.size()) {
  for (std::size_t s = 0; s < setting.size(); ++s) {
    for (std::size_t d = 0; d < setting.size(); ++d) {
      Path& path = paths_(s, d);
      const double told = setting.rtt_ms.empty() ? k_unknown : setting.rtt_ms(s, d);
      path.configured = usable(told);
      path.rtt_ms =
          path.configured ? std::min(told, k_longest_ms) : (s == d ? k_local_ms : k_distant_ms);
    }
  }
}

void PathTable::observe(const ServiceObservation& seen, std::span<const double> service_p50_ms,
                        double dt_s) {
  for (std::size_t s = 0; s < paths_.rows(); ++s) {
    for (std::size_t d = 0; d < paths_.columns(); ++d) {
      Path& path = paths_(s, d);
      const PathSeen& told = seen.paths(s, d);
      path.up = told.up;
      if (usable(told.rtt_ms)) {
        const double rtt = std::min(told.rtt_ms, k_longest_ms);
        const double gain = path.measured ? gain_of(dt_s, k_measured_tau_s) : 1;
        path.rtt_ms += gain * (rtt - path.rtt_ms);
        path.measured = true;
        continue;
      }
      if (path.measured || path.configured) continue;
      const PairSeen& pair = seen.pairs(s, d);
      if (!usable(pair.latency_p50_ms) || !(pair.ok >= k_enough_answers)) continue;
      const double over = std::clamp(pair.latency_p50_ms - service_p50_ms[d], 0.1, k_longest_ms);
      const double gain = path.inferred ? gain_of(dt_s, k_inferred_tau_s) : 1;
      path.rtt_ms += gain * (over - path.rtt_ms);
      path.inferred = true;
    }
  }
}

}  // namespace weir::controller
