#include "controller/policy/rivals/waterfall.h"

#include <algorithm>
#include <tuple>

namespace weir::controller {

Grid<double> fill_waterfall(const ServiceView& view, const std::vector<double>& demand,
                            std::vector<double> room) {
  struct Pair {
    bool away;
    double rtt_ms;
    std::size_t from;
    std::size_t to;
    auto key() const { return std::tuple(away, rtt_ms, from, to); }
  };
  std::vector<Pair> pairs;
  for (std::size_t from = 0; from < view.size(); ++from) {
    for (const std::size_t to : view.nearest(from)) {
      pairs.push_back({from != to, view.rtt_ms(from, to), from, to});
    }
  }
  std::ranges::sort(pairs, {}, &Pair::key);
  Grid<double> flows(view.size(), view.size());
  std::vector<double> left = demand;
  for (const Pair& pair : pairs) {
    const double taken = std::min(left[pair.from], room[pair.to]);
    flows(pair.from, pair.to) = taken;
    left[pair.from] -= taken;
    room[pair.to] -= taken;
  }
  for (std::size_t from = 0; from < view.size(); ++from) {
    if (!view.nearest(from).empty()) flows(from, view.nearest(from).front()) += left[from];
  }
  return flows;
}

Waterfall::Waterfall(const ServiceSetting& setting, std::string_view name,
                     const WaterfallOptions& options)
    : name_(name),
      options_(options),
      view_(setting),
      book_(options.capacity, options.learn_tau_s, setting.size()),
      demand_(setting.size()) {}

ServiceWish Waterfall::observe(const ServiceObservation& seen) {
  view_.see(seen);
  book_.learn(view_);
  std::vector<double> demand(view_.size());
  std::vector<double> room(view_.size());
  for (std::size_t i = 0; i < view_.size(); ++i) {
    demand_[i].add(view_.demand(i), options_.demand_weight);
    demand[i] = demand_[i].value_or(0);
    const bool drained = view_.ready_share(i) < options_.drain_below;
    room[i] = drained ? 0 : options_.threshold * book_.capacity(view_, i);
  }
  Grid<double> flows = fill_waterfall(view_, demand, std::move(room));
  // A source without demand says where its first request would go.
  const Grid<double> first = nearest_only(view_);
  for (std::size_t from = 0; from < view_.size(); ++from) {
    if (demand[from] > 0) continue;
    std::ranges::copy(first.row(from), flows.row(from).begin());
  }
  return view_.wish(std::move(flows));
}

}  // namespace weir::controller
