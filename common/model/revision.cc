#include "common/model/revision.h"

#include <algorithm>
#include <set>

#include "common/base/text.h"

namespace weir {
namespace {

std::unexpected<Error> broken(std::string message) {
  return fail(Code::invalid_argument, std::move(message));
}

bool plain_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

Status check_name(std::string_view what, std::string_view name, bool with_slash) {
  if (valid_name(name, with_slash)) return {};
  return broken(std::string(what) + " " + in_quotes(name) +
                " must be 1 to 200 characters of a-z 0-9 - . _" +
                (with_slash ? " in two parts with a / between" : ""));
}

bool is_share(Ratio ratio) { return ratio.value() >= 0 && ratio.value() <= 1; }

Status check_self(const MeshSelf& self) {
  WEIR_TRY(check_name("agent", self.agent.value(), true));
  WEIR_TRY(check_name("region", self.region.value(), false));
  WEIR_TRY(check_name("cluster", self.cluster.value(), false));
  if (!self.overlay_prefix.contains(self.overlay)) {
    return broken("overlay address " + self.overlay.to_string() + " lies outside " +
                  self.overlay_prefix.to_string());
  }
  return {};
}

Status check_peers(const Revision& revision) {
  if (revision.peers.size() > k_peers_max) {
    return fail(Code::resource_exhausted, std::to_string(revision.peers.size()) +
                                              " peers; the limit is " +
                                              std::to_string(k_peers_max));
  }
  std::set<AgentId> agents = {revision.self.agent};
  std::set<IpAddress> addresses = {revision.self.overlay};
  std::set<PublicKey> keys;
  for (const MeshPeer& peer : revision.peers) {
    WEIR_TRY(check_name("peer", peer.agent.value(), true));
    if (!peer.controller) {
      WEIR_TRY(check_name("region", peer.region.value(), false));
      WEIR_TRY(check_name("cluster", peer.cluster.value(), false));
    }
    if (!agents.insert(peer.agent).second)
      return broken("peer " + peer.agent.value() + " stands twice");
    if (!keys.insert(peer.public_key).second) {
      return broken("peer " + peer.agent.value() + " has the public key of another peer");
    }
    if (!revision.self.overlay_prefix.contains(peer.overlay)) {
      return broken("peer " + peer.agent.value() + ": overlay address " + peer.overlay.to_string() +
                    " lies outside " + revision.self.overlay_prefix.to_string());
    }
    if (!addresses.insert(peer.overlay).second) {
      return broken("peer " + peer.agent.value() + ": overlay address " + peer.overlay.to_string() +
                    " is taken");
    }
  }
  return {};
}

Status check_weights(std::span<const Weight> weights, const ServicePlan& plan) {
  if (weights.size() > k_regions_max) {
    return fail(Code::resource_exhausted, std::to_string(weights.size()) +
                                              " destinations; the limit is " +
                                              std::to_string(k_regions_max));
  }
  std::set<RegionName> regions;
  std::uint64_t sum = 0;
  for (const Weight& weight : weights) {
    WEIR_TRY(check_name("region", weight.region.value(), false));
    if (!regions.insert(weight.region).second) {
      return broken("region " + weight.region.value() + " stands twice");
    }
    if (weight.weight > k_weight_max) {
      return broken("weight " + std::to_string(weight.weight) + " of " + weight.region.value() +
                    " is above 10000");
    }
    const auto& allowed = plan.guards.residency;
    if (weight.weight > 0 && !allowed.empty() &&
        std::ranges::find(allowed, weight.region) == allowed.end()) {
      return broken("region " + weight.region.value() + " is outside the residency rule");
    }
    sum += weight.weight;
  }
  if (sum == 0) return broken("no destination has a weight above 0");
  return {};
}

Status check_limits(std::span<const InFlightLimit> limits) {
  if (limits.size() > k_regions_max) {
    return fail(Code::resource_exhausted, std::to_string(limits.size()) +
                                              " limits in flight; the limit is " +
                                              std::to_string(k_regions_max));
  }
  std::set<RegionName> seen;
  for (const InFlightLimit& limit : limits) {
    WEIR_TRY(check_name("region", limit.region.value(), false));
    if (!seen.insert(limit.region).second) {
      return broken("two limits in flight for " + limit.region.value());
    }
    if (limit.requests < 1 || limit.requests > k_in_flight_limit_max) {
      return broken("limit of " + std::to_string(limit.requests) + " in flight for " +
                    limit.region.value() + " is not from 1 to " +
                    std::to_string(k_in_flight_limit_max));
    }
    if (limit.overflow_weight > k_weight_max) {
      return broken("overflow weight " + std::to_string(limit.overflow_weight) + " of " +
                    limit.region.value() + " is above 10000");
    }
  }
  return {};
}

Status check_service(const ServicePlan& plan) {
  WEIR_TRY(check_weights(plan.weights, plan));
  if (!plan.configured.empty()) WEIR_TRY(check_weights(plan.configured, plan));
  WEIR_TRY(check_limits(plan.limits));
  const FailoverSpec& failover = plan.failover;
  for (const Ratio share :
       {plan.guards.min_share, plan.guards.max_step, failover.healthy_share_below,
        failover.spill_below, failover.error_share_above, plan.health.jitter}) {
    if (!is_share(share))
      return broken("share " + std::to_string(share.value()) + " is not from 0 to 1");
  }
  if (plan.health.kind != HealthCheckSpec::Kind::none &&
      (plan.health.rise < 1 || plan.health.fall < 1 || plan.health.interval.count() < 10 ||
       plan.health.timeout.count() < 1)) {
    return broken(
        "health check needs rise and fall from 1, interval from 10 ms, timeout from 1 ms");
  }
  if (plan.health.kind == HealthCheckSpec::Kind::exec && plan.health.exec_argv.empty()) {
    return broken("an exec health check needs a program");
  }
  return {};
}

}  // namespace

bool valid_name(std::string_view text, bool with_slash) {
  if (text.size() > k_name_max) return false;
  if (!with_slash) return plain_name(text);
  const std::size_t slash = text.find('/');
  return slash != std::string_view::npos && plain_name(text.substr(0, slash)) &&
         plain_name(text.substr(slash + 1));
}

Status validate(const Revision& revision) {
  WEIR_TRY(check_self(revision.self));
  WEIR_TRY(check_peers(revision));
  if (revision.services.size() > k_services_max) {
    return fail(Code::resource_exhausted, std::to_string(revision.services.size()) +
                                              " services; the limit is " +
                                              std::to_string(k_services_max));
  }
  std::set<ServiceName> names;
  std::set<std::uint16_t> ports;
  for (const ServicePlan& plan : revision.services) {
    WEIR_TRY(check_name("service", plan.service.value(), true));
    if (!names.insert(plan.service).second)
      return broken("service " + plan.service.value() + " stands twice");
    if (plan.listen_port == 0 || !ports.insert(plan.listen_port).second) {
      return broken("service " + plan.service.value() + ": listen port " +
                    std::to_string(plan.listen_port) + " is 0 or taken by another service");
    }
    if (auto checked = check_service(plan); !checked) {
      return fail(std::move(checked).error().within("service " + plan.service.value()));
    }
  }
  return {};
}

}  // namespace weir
