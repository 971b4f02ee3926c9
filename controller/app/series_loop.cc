#include "controller/app/series_loop.h"

#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "common/async/on_blocking.h"
#include "controller/series/series_reader.h"

namespace weir::controller {

namespace asio = boost::asio;
using std::chrono::seconds;

namespace {

constexpr double k_unknown = std::numeric_limits<double>::quiet_NaN();

constexpr std::int64_t k_round_s = 60;
constexpr int k_sources_a_second = 100;

double ms(std::chrono::microseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

void SeriesLoop::record_traffic(std::int64_t unix_s, Time now) {
  for (const auto& [source, weights] : plane_.publisher().state().weights) {
    const std::string family = "traffic/" + source.first.value();
    if (!choice_.keeps({.family = family, .from = source.second.value(), .to = ""})) continue;
    double sum = 0;
    double started = 0;
    std::vector<FlowRates> flows;
    for (const Weight& weight : weights.change.after) {
      sum += weight.weight;
      flows.push_back(plane_.telemetry().rates({source.first, source.second, weight.region},
                                               now - seconds(1), now));
      started += flows.back().started;
    }
    for (std::size_t i = 0; i < flows.size(); ++i) {
      const Weight& weight = weights.change.after[i];
      const FlowRates& flow = flows[i];
      const double ended = flow.ok + flow.errors + flow.timeouts;
      const bool told = flow.agents > 0;
      const bool any = told && ended > 0;
      const std::array values = {sum > 0 ? weight.weight / sum : k_unknown,
                                 started > 0 ? flow.started / started : k_unknown,
                                 told ? flow.started : k_unknown,
                                 any ? ms(flow.latency.quantile(0.5)) : k_unknown,
                                 any ? ms(flow.latency.quantile(0.99)) : k_unknown,
                                 any ? (flow.errors + flow.timeouts) / ended : k_unknown,
                                 any ? flow.within_objective / ended : k_unknown};
      static_assert(values.size() == k_traffic_columns.size());
      const SeriesKey key{family, source.second.value(), weight.region.value()};
      // No room, and not chosen yet: the rest would not be kept either.
      if (!recorder_.add(key, values, unix_s) && !choice_.crowded()) return;
    }
  }
}

void SeriesLoop::record_paths(std::int64_t unix_s, Time now) {
  for (const PathRow& row : plane_.telemetry().paths(now)) {
    const telemetry::v1::Path& path = row.path;
    const bool up = row.fresh && path.up();
    const bool measured = up && path.received() > 0;
    const auto known = [measured](double value) { return measured ? value : k_unknown; };
    const std::array values = {known(path.rtt_p50_us() / 1e3), known(path.rtt_p99_us() / 1e3),
                               known(path.jitter_us() / 1e3),
                               row.fresh ? path.loss_ppm() / 1e6 : k_unknown, up ? 1.0 : 0.0};
    static_assert(values.size() == k_path_columns.size());
    const SeriesKey key{"path", row.from.value(), path.to_agent()};
    if (choice_.keeps(key)) recorder_.add(key, values, unix_s);
  }
}

void SeriesLoop::record_health(std::int64_t unix_s, Time now) {
  std::map<std::pair<std::string, std::string>, std::array<double, 2>> servers;
  for (const EndpointRow& row : plane_.telemetry().endpoints(now)) {
    auto& [healthy, total] = servers[{row.health.service(), row.region.value()}];
    healthy += row.fresh && row.health.healthy() ? 1 : 0;
    total += 1;
  }
  for (const auto& [where, values] : servers) {
    const SeriesKey key{"health/" + where.first, k_health_from, where.second};
    if (choice_.keeps(key)) recorder_.add(key, values, unix_s);
  }
}

/// A hundred sources further: with many of them the core thread has no time for all at once.
void SeriesLoop::look_on(std::int64_t unix_s, Time now) {
  if (unix_s - round_.began_s < k_round_s) return;
  const auto& sources = plane_.publisher().state().weights;
  auto source = round_.last ? sources.upper_bound(*round_.last) : sources.begin();
  for (int looked = 0; looked < k_sources_a_second && source != sources.end(); ++looked) {
    const auto& [service, from] = source->first;
    double all = 0;
    for (const Weight& weight : source->second.change.after) {
      const double rate =
          plane_.telemetry().sums({service, from, weight.region}, now).requests_per_second;
      all += rate;
      round_.between[{from.value(), weight.region.value()}] += rate;
      round_.served[{service.value(), weight.region.value()}] += rate;
    }
    round_.sources.push_back({.group = {"traffic/" + service.value(), from.value(), ""},
                              .series = source->second.change.after.size(),
                              .rate = all});
    round_.last = source->first;
    ++source;
  }
  if (source != sources.end()) return;
  choose(now);
  round_ = {.began_s = unix_s, .last = {}, .sources = {}, .between = {}, .served = {}};
}

void SeriesLoop::choose(Time now) {
  std::vector<SeriesChoice::Candidate> all = std::move(round_.sources);
  for (const PathRow& row : plane_.telemetry().paths(now)) {
    all.push_back({.group = {"path", row.from.value(), row.path.to_agent()},
                   .series = 1,
                   .rate = round_.between[{row.from_region.value(), row.path.to_region()}]});
  }
  std::set<std::pair<std::string, std::string>> servers;
  for (const EndpointRow& row : plane_.telemetry().endpoints(now)) {
    servers.emplace(row.health.service(), row.region.value());
  }
  for (const auto& where : servers) {
    all.push_back({.group = {"health/" + where.first, k_health_from, where.second},
                   .series = 1,
                   .rate = round_.served[where]});
  }
  choice_.choose(std::move(all));
  if (choice_.crowded()) {
    recorder_.keep_only([this](const SeriesKey& key) { return choice_.keeps(key); });
  }
  if (choice_.crowded() && !crowded_) {
    log_.warn("series.crowded", {{"left_out", std::uint64_t{choice_.left_out()}}});
  }
  crowded_ = choice_.crowded();
}

void SeriesLoop::record(std::int64_t unix_s) {
  const Time now = plane_.clock().now();
  record_paths(unix_s, now);
  record_health(unix_s, now);
  record_traffic(unix_s, now);
  look_on(unix_s, now);
}

asio::awaitable<void> SeriesLoop::write(std::vector<SeriesRecorder::Write> rows) {
  if (rows.empty()) co_return;
  const Status written = co_await on_blocking<Status>(
      plane_.blocking(), [this, &rows] { return write_series(store_, rows); });
  if (!written && !failed_) log_.warn("series.not_written", {{"why", written.error().message()}});
  failed_ = !written;
  if (failed_) co_return;
  for (const SeriesRecorder::Write& row : rows) {
    if (row.value) written_bytes_ += row.key.size() + row.value->size();
  }
}

/// What had its time while the controller was away.
asio::awaitable<void> SeriesLoop::sweep() {
  const std::int64_t now_s = plane_.unix_ms() / 1000;
  for (const SeriesTier& tier : k_series_tiers) {
    std::string after;
    do {
      const auto swept = co_await on_blocking<Result<std::string>>(
          plane_.blocking(), [&] { return sweep_series(store_, tier, after, now_s); });
      if (!swept) {
        log_.warn("series.not_swept", {{"why", swept.error().message()}});
        co_return;
      }
      after = *swept;
    } while (!after.empty());
  }
}

asio::awaitable<void> SeriesLoop::run() {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await sweep();
  while (co_await plane_.clock().sleep_for(seconds(1))) {
    const std::int64_t unix_s = plane_.unix_ms() / 1000;
    record(unix_s);
    co_await write(recorder_.take(unix_s));
  }
  co_await write(recorder_.close());
}

}  // namespace weir::controller
