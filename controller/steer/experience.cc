#include "controller/steer/experience.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "weir/store/v1/steering.pb.h"

namespace weir::controller {
namespace {

using Message = store::v1::Experience;

constexpr std::size_t k_pair_values = 12;
constexpr std::size_t k_server_values = 5;
constexpr std::size_t k_path_values = 3;
constexpr std::size_t k_regions_most = 1000;

using PairField = double PairSeen::*;
constexpr std::array<PairField, k_pair_values> k_pair_fields = {&PairSeen::sent,
                                                                &PairSeen::ok,
                                                                &PairSeen::errors,
                                                                &PairSeen::timeouts,
                                                                &PairSeen::in_slo,
                                                                &PairSeen::shed,
                                                                &PairSeen::latency_mean_ms,
                                                                &PairSeen::latency_p50_ms,
                                                                &PairSeen::latency_p90_ms,
                                                                &PairSeen::latency_p99_ms,
                                                                &PairSeen::in_flight,
                                                                &PairSeen::chosen};
using ServerField = double ServersSeen::*;
constexpr std::array<ServerField, k_server_values> k_server_fields = {
    &ServersSeen::ready, &ServersSeen::endpoints, &ServersSeen::utilization,
    &ServersSeen::in_flight, &ServersSeen::queue};

bool tells_something(const PairSeen& pair) {
  return pair.sent > 0 || pair.ended() > 0 || (known(pair.in_flight) && pair.in_flight > 0);
}

void put(const ServiceObservation& seen, Message::Interval& out) {
  out.set_t_ms(seen.t_ms);
  for (const double rate : seen.offered) out.add_offered(static_cast<float>(rate));
  const auto& pairs = seen.pairs.cells();
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (!tells_something(pairs[i])) continue;
    out.add_pair_number(static_cast<std::uint32_t>(i));
    for (const PairField field : k_pair_fields) {
      out.add_pair_values(static_cast<float>(pairs[i].*field));
    }
  }
  for (const ServersSeen& servers : seen.servers) {
    for (const ServerField field : k_server_fields) {
      out.add_server_values(static_cast<float>(servers.*field));
    }
  }
  for (const PathSeen& path : seen.paths.cells()) {
    out.add_path_values(static_cast<float>(path.rtt_ms));
    out.add_path_values(static_cast<float>(path.loss));
    out.add_path_values(path.up ? 1 : 0);
  }
  for (const double share : seen.in_force.cells()) out.add_in_force(static_cast<float>(share));
}

bool fits(const Message::Interval& in, std::size_t n) {
  const auto size = [](const auto& list) { return static_cast<std::size_t>(list.size()); };
  return size(in.offered()) == n && size(in.server_values()) == n * k_server_values &&
         size(in.path_values()) == n * n * k_path_values &&
         (in.in_force().empty() || size(in.in_force()) == n * n) &&
         size(in.pair_values()) == size(in.pair_number()) * k_pair_values &&
         std::ranges::all_of(in.pair_number(), [n](std::uint32_t i) { return i < n * n; });
}

ServiceObservation get(const Message::Interval& in, std::size_t n) {
  ServiceObservation seen = ServiceObservation::blank(n);
  seen.t_ms = in.t_ms();
  for (std::size_t i = 0; i < n; ++i) {
    seen.offered[i] = in.offered(static_cast<int>(i));
    for (std::size_t f = 0; f < k_server_values; ++f) {
      seen.servers[i].*k_server_fields[f] =
          in.server_values(static_cast<int>(i * k_server_values + f));
    }
  }
  for (int i = 0; i < in.pair_number_size(); ++i) {
    PairSeen& pair = seen.pairs.cells()[in.pair_number(i)];
    for (std::size_t f = 0; f < k_pair_values; ++f) {
      pair.*k_pair_fields[f] =
          in.pair_values(i * static_cast<int>(k_pair_values) + static_cast<int>(f));
    }
  }
  for (std::size_t i = 0; i < n * n; ++i) {
    const int at = static_cast<int>(i * k_path_values);
    seen.paths.cells()[i] = {.rtt_ms = in.path_values(at),
                             .loss = in.path_values(at + 1),
                             .up = in.path_values(at + 2) != 0};
  }
  if (!in.in_force().empty()) {
    seen.in_force = Grid<double>(n, n);
    std::ranges::copy(in.in_force(), seen.in_force.cells().begin());
  }
  return seen;
}

}  // namespace

void Experience::add(ServiceObservation seen, std::size_t cells_max) {
  const std::size_t cells = std::max<std::size_t>(seen.pairs.cells().size(), 1);
  intervals_.push_back(std::move(seen));
  const std::size_t most = std::clamp<std::size_t>(cells_max / cells, 10, k_intervals_max);
  while (intervals_.size() > most) intervals_.pop_front();
}

std::vector<ServiceObservation> Experience::newest(std::size_t count) const {
  const auto some = static_cast<std::ptrdiff_t>(std::min(count, intervals_.size()));
  return {intervals_.end() - some, intervals_.end()};
}

std::string experience_row_prefix(const ServiceName& service) {
  return std::string(k_experience_rows) + service.value() + "/";
}

std::string experience_row_key(const ServiceName& service, std::int64_t unix_ms) {
  char time[20];
  std::snprintf(time, sizeof time, "%016llx", static_cast<unsigned long long>(unix_ms));
  return experience_row_prefix(service) + time;
}

std::int64_t experience_row_time(std::string_view key) {
  const std::size_t slash = key.rfind('/');
  if (slash == std::string_view::npos) return 0;
  const std::string_view text = key.substr(slash + 1);
  std::int64_t time = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), time, 16);
  return problem == std::errc() && end == text.data() + text.size() ? time : 0;
}

std::string encode_experience(const ServiceSetting& setting,
                              const std::vector<ServiceObservation>& intervals) {
  Message message;
  message.set_service(setting.service.value());
  for (const RegionName& region : setting.regions) message.add_regions(region.value());
  for (const ServiceObservation& seen : intervals) put(seen, *message.add_intervals());
  return message.SerializeAsString();
}

Result<StoredExperience> decode_experience(std::string_view row) {
  Message message;
  if (!message.ParseFromArray(row.data(), static_cast<int>(row.size()))) {
    return fail(Code::data_loss, "a row of experience cannot be read");
  }
  StoredExperience stored;
  stored.service = ServiceName(message.service());
  for (const std::string& region : message.regions()) stored.regions.emplace_back(region);
  const std::size_t n = stored.regions.size();
  if (n > k_regions_most) return fail(Code::data_loss, "a row of experience has too many regions");
  for (const Message::Interval& interval : message.intervals()) {
    if (!fits(interval, n)) {
      return fail(Code::data_loss, "a row of experience has tables of another size");
    }
    stored.intervals.push_back(get(interval, n));
  }
  return stored;
}

}  // namespace weir::controller
