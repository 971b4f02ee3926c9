#include "controller/policy/rivals/least_request.h"

namespace weir::controller {

LeastRequest::LeastRequest(const ServiceSetting& setting, std::string_view name,
                           EndpointScope scope)
    : name_(name),
      table_(setting, scope),
      pending_(static_cast<std::size_t>(table_.sources()) * table_.slots(), 0) {}

void LeastRequest::on_members(std::uint32_t source, std::uint32_t region,
                              std::span<const char> ready) {
  table_.on_members(source, region, ready);
}

RequestTarget LeastRequest::choose(std::uint32_t source, double /*t_ms*/, Rng& rng) {
  const auto ready = table_.ready(source);
  if (ready.empty()) return table_.last_resort(source);
  const TwoTargets two = draw_two(ready, rng);
  const bool second = pending(source, two.second) < pending(source, two.first);
  const RequestTarget chosen = second ? two.second : two.first;
  ++pending(source, chosen);
  return chosen;
}

void LeastRequest::on_not_sent(std::uint32_t source, RequestTarget target) {
  if (source >= table_.sources() || table_.slot(target) == EndpointTable::k_no_slot) return;
  std::uint32_t& count = pending(source, target);
  if (count > 0) --count;
}

void LeastRequest::on_ended(std::uint32_t source, double /*t_ms*/, RequestTarget target,
                            double /*latency_ms*/, bool /*ok*/) {
  on_not_sent(source, target);
}

}  // namespace weir::controller
