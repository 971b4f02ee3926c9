// What was, through the operator desk: from the kept series, read on the blocking thread.

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "common/async/on_blocking.h"
#include "common/base/text.h"
#include "controller/app/operator_desk.h"
#include "controller/series/series_reader.h"

namespace weir::controller {

namespace asio = boost::asio;
namespace pb = admin::v1;

namespace {

// As the columns are numbered in series_loop.h.
enum TrafficColumn { k_wanted, k_seen, k_rps, k_p50, k_p99, k_errors, k_in_objective };
enum PathColumn { k_path_p50, k_path_p99, k_path_jitter, k_path_loss, k_path_up };

double known_or_zero(double value) { return std::isfinite(value) ? value : 0; }

std::uint32_t scaled(double value, double factor) {
  return static_cast<std::uint32_t>(std::clamp(known_or_zero(value) * factor, 0.0, 4e9) + 0.5);
}

}  // namespace

/// All of a family at a moment. Errors: invalid_argument (in the future), as the store.
asio::awaitable<Result<SeriesMoment>> OperatorDesk::moment(std::string family,
                                                           std::int64_t at_unix_ms) {
  const std::int64_t at_s = at_unix_ms / 1000;
  const auto plan = plan_series(at_s, at_s + 1, plane_.unix_ms() / 1000);
  if (!plan) co_return fail(plan.error());
  auto open = open_blocks(parts_.series, family, "", plan->tier);
  co_return co_await on_blocking<Result<SeriesMoment>>(
      plane_.blocking(), [&] { return read_moment(parts_.store, open, family, *plan); });
}

asio::awaitable<Result<pb::ListPathsReply>> OperatorDesk::paths_at(pb::ListPathsRequest request) {
  if (request.at_unix_ms() == 0) co_return paths();
  const auto then = co_await moment("path", request.at_unix_ms());
  if (!then) co_return fail(then.error());
  pb::ListPathsReply reply;
  for (const RegionName& region : plane_.options().regions) reply.add_regions(region.value());
  const auto region_of = [](const std::string& agent) { return agent.substr(0, agent.find('/')); };
  for (const auto& [ends, values] : *then) {
    if (values.size() <= k_path_up) continue;
    pb::PathStatus& row = *reply.add_paths();
    row.set_from_agent(ends.first);
    row.set_from_region(region_of(ends.first));
    row.set_unix_ms(request.at_unix_ms());
    telemetry::v1::Path& path = *row.mutable_path();
    path.set_to_agent(ends.second);
    path.set_to_region(region_of(ends.second));
    path.set_up(values[k_path_up] > 0.5);
    path.set_rtt_p50_us(scaled(values[k_path_p50], 1e3));
    path.set_rtt_p99_us(scaled(values[k_path_p99], 1e3));
    path.set_jitter_us(scaled(values[k_path_jitter], 1e3));
    path.set_loss_ppm(scaled(values[k_path_loss], 1e6));
  }
  co_return reply;
}

asio::awaitable<Result<pb::ListServicesReply>> OperatorDesk::services_at(
    pb::ListServicesRequest request) {
  auto reply = services(request);
  if (!reply || request.at_unix_ms() == 0) co_return reply;
  for (pb::Service& service : *reply->mutable_services()) {
    const auto health = co_await moment("health/" + service.service(), request.at_unix_ms());
    if (!health) co_return fail(health.error());
    for (pb::ServiceRegion& region : *service.mutable_regions()) {
      region.clear_endpoints();
      region.set_requests_per_second(0);
      region.set_endpoints_healthy(0);
      region.set_endpoints_total(0);
      const auto then = health->find({k_health_from, region.region()});
      if (then == health->end() || then->second.size() < 2) continue;
      region.set_endpoints_healthy(scaled(then->second[0], 1));
      region.set_endpoints_total(scaled(then->second[1], 1));
    }
    const auto traffic = co_await moment("traffic/" + service.service(), request.at_unix_ms());
    if (!traffic) co_return fail(traffic.error());
    for (const auto& [ends, values] : *traffic) {
      for (pb::ServiceRegion& region : *service.mutable_regions()) {
        if (region.region() != ends.second) continue;
        region.set_requests_per_second(region.requests_per_second() + known_or_zero(values[k_rps]));
      }
    }
  }
  co_return reply;
}

asio::awaitable<Result<pb::GetWeightsReply>> OperatorDesk::weights_at(
    pb::GetWeightsRequest request) {
  if (request.at_unix_ms() == 0) co_return weights(request);
  WEIR_CO_TRY(check_pair(request.service(), request.from_region()));
  pb::GetWeightsReply reply;
  reply.set_unix_ms(request.at_unix_ms());
  for (const ServiceConfig& config : plane_.options().services) {
    const ServiceName& service = config.plan.service;
    if (!request.service().empty() && service.value() != request.service()) continue;
    const auto then = co_await moment("traffic/" + service.value(), request.at_unix_ms());
    if (!then) co_return fail(then.error());
    std::map<std::string, pb::WeightRow> rows;
    for (const auto& [ends, values] : *then) {
      if (!request.from_region().empty() && ends.first != request.from_region()) continue;
      if (values.size() <= k_in_objective) continue;
      pb::WeightRow& row = rows[ends.first];
      row.set_service(service.value());
      row.set_from_region(ends.first);
      row.set_requests_per_second(row.requests_per_second() + known_or_zero(values[k_rps]));
      pb::WeightCell& cell = *row.add_to();
      cell.set_region(ends.second);
      cell.set_wanted_share_ppm(scaled(values[k_wanted], 1e6));
      cell.set_effective_share_ppm(cell.wanted_share_ppm());
      cell.set_seen_share_ppm(scaled(values[k_seen], 1e6));
      cell.set_requests_per_second(known_or_zero(values[k_rps]));
      cell.set_p50_us(scaled(values[k_p50], 1e3));
      cell.set_p99_us(scaled(values[k_p99], 1e3));
      cell.set_error_ppm(scaled(values[k_errors], 1e6));
    }
    for (auto& [from, row] : rows) {
      const WeightChange* change =
          plane_.history().at_time(service, RegionName(from), request.at_unix_ms());
      if (change != nullptr) {
        row.set_epoch(change->id.epoch);
        row.set_generation(change->id.generation);
        for (pb::WeightCell& cell : *row.mutable_to()) {
          const auto weight =
              std::ranges::find(change->after, RegionName(cell.region()), &Weight::region);
          if (weight != change->after.end()) cell.set_weight(weight->weight);
        }
      }
      *reply.add_rows() = std::move(row);
    }
  }
  co_return reply;
}

asio::awaitable<Result<pb::GetTrafficReply>> OperatorDesk::traffic_at(
    pb::GetTrafficRequest request) {
  if (request.at_unix_ms() == 0) co_return traffic(request);
  WEIR_CO_TRY(check_pair(request.service(), ""));
  pb::GetTrafficReply reply;
  reply.set_unix_ms(request.at_unix_ms());
  struct Sums {
    double rps = 0;
    double within = 0;
    double errors = 0;
    double p50 = 0;
    double p99 = 0;
  };
  const auto put = [](const Sums& sums, auto& row) {
    row.set_requests_per_second(sums.rps);
    row.set_p50_us(scaled(sums.p50, 1e3));
    row.set_p99_us(scaled(sums.p99, 1e3));
    if (sums.rps <= 0) return;
    row.set_in_objective(sums.within / sums.rps);
    row.set_errors(sums.errors / sums.rps);
  };
  std::map<std::pair<std::string, std::string>, Sums> between;
  for (const ServiceConfig& config : plane_.options().services) {
    const std::string& service = config.plan.service.value();
    if (!request.service().empty() && service != request.service()) continue;
    const auto then = co_await moment("traffic/" + service, request.at_unix_ms());
    if (!then) co_return fail(then.error());
    Sums all;
    std::map<std::string, bool> sources;
    for (const auto& [ends, values] : *then) {
      if (values.size() <= k_in_objective) continue;
      sources[ends.first] = true;
      const double rps = known_or_zero(values[k_rps]);
      for (Sums* sums : {&between[ends], &all}) {
        sums->rps += rps;
        sums->within += rps * known_or_zero(values[k_in_objective]);
        sums->errors += rps * known_or_zero(values[k_errors]);
        sums->p50 = std::max(sums->p50, known_or_zero(values[k_p50]));
        sums->p99 = std::max(sums->p99, known_or_zero(values[k_p99]));
      }
    }
    pb::ServiceTraffic& row = *reply.add_services();
    row.set_service(service);
    row.set_sources(static_cast<std::uint32_t>(sources.size()));
    put(all, row);
  }
  for (const auto& [ends, sums] : between) {
    if (sums.rps <= 0) continue;
    pb::TrafficFlow& row = *reply.add_flows();
    row.set_from(ends.first);
    row.set_to(ends.second);
    put(sums, row);
  }
  co_return reply;
}

asio::awaitable<Result<pb::GetSeriesReply>> OperatorDesk::series(pb::GetSeriesRequest request) {
  SeriesKey key{.family = request.kind(), .from = request.from(), .to = ""};
  std::vector<const char*> columns;
  if (request.kind() == "path") {
    columns.assign(k_path_columns.begin(), k_path_columns.end());
    key.to = request.to();
    if (key.from.empty() || key.to.empty()) {
      co_return fail(Code::invalid_argument, "a path's series needs from and to, two agents");
    }
  } else if (request.kind() == "traffic" || request.kind() == "health") {
    WEIR_CO_TRY(check_service(request.service()));
    WEIR_CO_TRY(check_pair(request.service(), request.from()));
    key.family += "/" + request.service();
    if (request.kind() == "health") {
      columns.assign(k_health_columns.begin(), k_health_columns.end());
      key.from = k_health_from;
    } else {
      columns.assign(k_traffic_columns.begin(), k_traffic_columns.end());
      if (key.from.empty()) {
        co_return fail(Code::invalid_argument, "a service's traffic series needs from, a region");
      }
    }
  } else {
    co_return fail(Code::invalid_argument,
                   "kind " + in_quotes(request.kind()) + " is none of traffic, path, health");
  }
  const std::int64_t now_s = plane_.unix_ms() / 1000;
  const std::int64_t until_s =
      request.until_unix_ms() == 0 ? now_s : request.until_unix_ms() / 1000;
  const auto plan = plan_series(request.since_unix_ms() / 1000, until_s, now_s);
  if (!plan) co_return fail(plan.error());
  const auto open = open_blocks(parts_.series, key.family, key.from, plan->tier);
  const auto answer = co_await on_blocking<Result<SeriesAnswer>>(
      plane_.blocking(), [&] { return read_series(parts_.store, open, *plan, key); });
  if (!answer) co_return fail(answer.error());
  pb::GetSeriesReply reply;
  reply.set_step_ms(static_cast<std::uint32_t>(plan->step_s() * 1000));
  reply.set_start_unix_ms(plan->start_s * 1000);
  for (const auto& [to, values] : *answer) {
    for (std::size_t i = 0; i < std::min(values.size(), columns.size()); ++i) {
      pb::SeriesColumn& column = *reply.add_columns();
      if (request.kind() != "path") column.set_region(to);
      column.set_name(columns[i]);
      for (const double value : values[i]) column.add_values(value);
    }
  }
  co_return reply;
}

}  // namespace weir::controller
