// How long the agent's choice takes: the region by weight, then the less busy of two servers there.
// Nanoseconds of processor time, median of runs.
//
// usage: scripts/bench choice

#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "common/routing/chooser.h"
#include "common/routing/two_choices.h"

namespace weir {
namespace {

constexpr int k_choices = 1'000'000;
constexpr int k_runs = 7;

double median_ns(std::size_t regions, std::size_t servers) {
  Rng rng(1);
  std::vector<double> weights(regions, 100);
  weights[0] = 130;
  std::vector<std::vector<int>> in_flight(regions, std::vector<int>(servers, 0));
  WeightedChooser chooser(1);
  std::vector<double> runs;
  for (int run = 0; run < k_runs; ++run) {
    const std::clock_t start = std::clock();
    for (int i = 0; i < k_choices; ++i) {
      auto& busy = in_flight[chooser.choose(weights).value_or(0)];
      const auto server =
          less_busy_of_two(servers, rng, [&busy](std::size_t at) { return busy[at]; });
      busy[server] = (busy[server] + 1) % 7;
    }
    runs.push_back(1e9 * static_cast<double>(std::clock() - start) /
                   static_cast<double>(CLOCKS_PER_SEC) / k_choices);
  }
  std::ranges::sort(runs);
  return runs[k_runs / 2];
}

}  // namespace
}  // namespace weir

int main() {
  for (const std::size_t regions : {3U, 6U, 50U}) {
    fmt::print("regions={} servers=100 choice_ns={:.1f}\n", regions, weir::median_ns(regions, 100));
  }
  return 0;
}
