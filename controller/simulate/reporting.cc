#include "controller/simulate/reporting.h"

#include <algorithm>

namespace weir::controller {
namespace {

bool covers(Incident::What what, Incident::What part) {
  return what == part || what == Incident::What::all;
}

}  // namespace

Reporting::Reporting(const Scenario& scenario)
    : scenario_(scenario),
      active_(scenario.incidents.size(), 0),
      kept_(1),
      blank_(ServiceObservation::blank(scenario.size())),
      seen_(blank_) {
  for (const Incident& incident : scenario.incidents) {
    if (incident.kind == Incident::Kind::late) {
      kept_ = std::max<std::size_t>(kept_, incident.intervals + 1);
    }
  }
}

void Reporting::take(ServiceObservation measured) {
  past_.push_front(std::move(measured));
  if (past_.size() > kept_) past_.pop_back();
  seen_ = past_.front();
  for (std::size_t i = 0; i < active_.size(); ++i) {
    if (active_[i] != 0) apply(scenario_.incidents[i]);
  }
}

void Reporting::apply(const Incident& incident) {
  for (const std::uint32_t region : incident.regions) {
    switch (incident.kind) {
      case Incident::Kind::late: {
        const bool there = incident.intervals < past_.size();
        replace(region, incident.what, there ? past_[incident.intervals] : blank_);
        break;
      }
      case Incident::Kind::missing:
        replace(region, incident.what, blank_);
        break;
      case Incident::Kind::wrong:
        scale_servers(region, incident.factor);
        break;
      case Incident::Kind::rogue:
        lie(region, incident.lies_about_clients);
        break;
      default:
        break;
    }
  }
}

void Reporting::replace(std::size_t region, Incident::What what, const ServiceObservation& with) {
  if (covers(what, Incident::What::servers)) seen_.servers[region] = with.servers[region];
  if (covers(what, Incident::What::sources)) {
    seen_.offered[region] = with.offered[region];
    std::ranges::copy(with.pairs.row(region), seen_.pairs.row(region).begin());
  }
  if (covers(what, Incident::What::paths)) {
    std::ranges::copy(with.paths.row(region), seen_.paths.row(region).begin());
  }
}

void Reporting::scale_servers(std::size_t region, double factor) {
  ServersSeen& servers = seen_.servers[region];
  servers.utilization *= factor;
  servers.in_flight *= factor;
  servers.queue *= factor;
}

void Reporting::lie(std::size_t region, bool about_clients) {
  ServersSeen& servers = seen_.servers[region];
  servers.ready = servers.endpoints = scenario_.servers[region].endpoints;
  servers.utilization = 0.2;
  servers.in_flight = servers.ready;
  servers.queue = 0;
  if (!about_clients) return;
  for (PairSeen& pair : seen_.pairs.row(region)) {
    pair.ok = pair.in_slo = pair.ended();
    pair.errors = pair.timeouts = 0;
  }
}

}  // namespace weir::controller
