#include "controller/policy/rivals/endpoint_table.h"

#include <algorithm>
#include <tuple>

namespace weir::controller {

EndpointTable::EndpointTable(const ServiceSetting& setting, EndpointScope scope)
    : regions_(static_cast<std::uint32_t>(setting.size())),
      scope_(scope),
      order_(setting.size()),
      members_(setting.size(), setting.size()),
      ready_(setting.size()) {
  for (std::uint32_t from = 0; from < regions_; ++from) {
    for (std::uint32_t to = 0; to < regions_; ++to) {
      if (setting.allowed(from, to)) order_[from].push_back(to);
    }
    std::ranges::sort(order_[from], {}, [&](std::uint32_t to) {
      const double rtt = setting.rtt_ms.empty() ? k_unknown : setting.rtt_ms(from, to);
      return std::tuple(to != from, !known(rtt), known(rtt) ? rtt : 0, to);
    });
  }
}

void EndpointTable::on_members(std::uint32_t source, std::uint32_t region,
                               std::span<const char> ready) {
  if (source >= regions_ || region >= regions_) return;
  const auto count = std::min<std::size_t>(ready.size(), k_endpoints_max);
  members_(source, region).assign(ready.begin(), ready.begin() + static_cast<long>(count));
  rebuild(source);
}

void EndpointTable::rebuild(std::uint32_t source) {
  auto& list = ready_[source];
  list.clear();
  for (const std::uint32_t region : order_[source]) {
    const auto& members = members_(source, region);
    for (std::uint32_t endpoint = 0; endpoint < members.size(); ++endpoint) {
      if (members[endpoint]) list.push_back({.region = region, .endpoint = endpoint});
    }
    if (scope_ == EndpointScope::nearest && !list.empty()) return;
  }
}

bool EndpointTable::is_ready(std::uint32_t source, RequestTarget target) const {
  if (target.region >= regions_) return false;
  const auto& members = members_(source, target.region);
  return target.endpoint < members.size() && members[target.endpoint] != 0;
}

std::uint32_t EndpointTable::slot(RequestTarget target) const {
  if (target.region >= regions_ || target.endpoint >= k_endpoints_max) return k_no_slot;
  return target.region * k_endpoints_max + target.endpoint;
}

TwoTargets draw_two(std::span<const RequestTarget> targets, Rng& rng) {
  if (targets.size() == 1) return {targets[0], targets[0]};
  const std::uint64_t first = rng.below(targets.size());
  // Among the others: those from the first one's place on are one further.
  std::uint64_t second = rng.below(targets.size() - 1);
  if (second >= first) ++second;
  return {targets[first], targets[second]};
}

}  // namespace weir::controller
