#include <utility>

#include "common/base/text.h"
#include "policy/step_fields.h"

namespace weir::policy {
namespace {

double count(const Fields& fields, std::string_view name) {
  const double value = fields.measured(name, 0, k_count_max);
  return known(value) ? value : 0;
}

PairSeen read_pair(const Fields& fields) {
  PairSeen pair{.sent = count(fields, "sent"),
                .ok = count(fields, "ok"),
                .errors = count(fields, "errors"),
                .timeouts = count(fields, "timeouts"),
                .in_slo = count(fields, "in_slo"),
                .shed = count(fields, "shed"),
                .in_flight = fields.measured("in_flight", 0, k_count_max)};
  if (const auto latency = fields.object("latency_ms")) {
    pair.latency_mean_ms = latency->measured("mean", 0, k_latency_ms_max);
    pair.latency_p50_ms = latency->measured("p50", 0, k_latency_ms_max);
    pair.latency_p90_ms = latency->measured("p90", 0, k_latency_ms_max);
    pair.latency_p99_ms = latency->measured("p99", 0, k_latency_ms_max);
  }
  return pair;
}

void read_sources(const Fields& line, const StepInit& init, ServiceObservation& seen) {
  const std::size_t n = init.regions.size();
  std::vector<char> named(n, 0);
  line.objects("sources", [&](const Fields& source) {
    const auto from = read_region(source, "region", init);
    if (!from) return;
    if (std::exchange(named[*from], 1)) {
      source.complain(source.place("region") + ": the source is named twice");
    }
    seen.offered[*from] = source.measured("offered", 0, k_count_max);
    std::vector<char> reached(n, 0);
    source.objects("to", [&](const Fields& destination) {
      const auto to = read_region(destination, "region", init);
      if (!to) return;
      if (std::exchange(reached[*to], 1)) {
        destination.complain(destination.place("region") + ": the destination is named twice");
      }
      seen.pairs(*from, *to) = read_pair(destination);
    });
  });
}

/// As in the first line, what one direction does not say the other one says for it.
void read_paths(const Fields& line, const StepInit& init, ServiceObservation& seen) {
  const std::size_t n = init.regions.size();
  Grid<char> named(n, n, 0);
  line.objects("paths", [&](const Fields& fields) {
    const auto from = read_region(fields, "from", init);
    const auto to = read_region(fields, "to", init);
    if (!from || !to) return;
    if (std::exchange(named(*from, *to), 1)) {
      fields.complain(fields.place("to") + ": the path is named twice");
    }
    seen.paths(*from, *to) = {.rtt_ms = fields.measured("rtt_ms", 0, k_latency_ms_max),
                              .loss = fields.measured("loss", 0, 1),
                              .up = fields.flag("up").value_or(true)};
  });
  for (std::size_t from = 0; from < n; ++from) {
    for (std::size_t to = 0; to < n; ++to) {
      if (named(from, to) && !named(to, from)) seen.paths(to, from) = seen.paths(from, to);
    }
  }
}

void read_servers(const Fields& line, const StepInit& init, ServiceObservation& seen) {
  std::vector<char> named(init.regions.size(), 0);
  line.objects("destinations", [&](const Fields& fields) {
    const auto region = read_region(fields, "region", init);
    if (!region) return;
    if (std::exchange(named[*region], 1)) {
      fields.complain(fields.place("region") + ": the destination is named twice");
    }
    seen.servers[*region] = {.ready = fields.measured("ready", 0, k_count_max),
                             .endpoints = fields.measured("endpoints", 0, k_count_max),
                             .utilization = fields.measured("utilization", 0, 1e6),
                             .in_flight = fields.measured("in_flight", 0, k_count_max),
                             .queue = fields.measured("queue", 0, k_count_max)};
  });
}

}  // namespace

StepObservation read_observation(const Fields& line, const StepInit& init) {
  StepObservation observation;
  observation.seen = ServiceObservation::blank(init.regions.size());
  const auto name = line.text("service");
  const auto service = name ? init.service_index.find(*name) : init.service_index.end();
  if (service == init.service_index.end()) {
    line.complain(name ? "service is " + in_quotes(*name) + ", none of the first line"
                       : "service is missing");
    return observation;
  }
  observation.service = service->second;
  observation.seen.t_ms = line.configured("t_ms", k_unknown, 0, k_time_ms_max);
  read_sources(line, init, observation.seen);
  read_paths(line, init, observation.seen);
  read_servers(line, init, observation.seen);
  return observation;
}

}  // namespace weir::policy
