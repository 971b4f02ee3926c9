#include "deploy/demo/load/ledger.h"

#include <algorithm>
#include <boost/json.hpp>

namespace weir::load {
namespace {

// Names come from servers' headers: a hostile one must not fill the memory.
constexpr std::size_t k_names_max = 64;
constexpr std::size_t k_name_bytes_max = 64;

double as_ms(Duration duration) { return static_cast<double>(duration.count()) / 1e6; }
double as_unix_ms(WallTime when) { return as_ms(when.time_since_epoch()); }

std::string region_of(const std::string& served_by) {
  return served_by.substr(0, std::min(served_by.find('/'), k_name_bytes_max));
}

void count(std::map<std::string, std::uint64_t>& counts, const std::string& name) {
  const std::string key = name.substr(0, k_name_bytes_max);
  if (counts.size() < k_names_max || counts.contains(key)) ++counts[key];
}

boost::json::object as_json(const std::map<std::string, std::uint64_t>& counts) {
  boost::json::object object;
  for (const auto& [name, n] : counts) object[name] = n;
  return object;
}

}  // namespace

bool Ledger::is_lost(const Outcome& outcome) {
  return outcome.status == 0 || (outcome.status >= 500 && outcome.served_by.empty());
}

void Ledger::Counts::add(const Outcome& outcome) {
  if (is_lost(outcome)) {
    ++lost;
    count(reasons,
          outcome.status == 0 ? outcome.reason : "status " + std::to_string(outcome.status));
    return;
  }
  const bool good = outcome.status < 400 && !outcome.served_by.empty();
  ++(good ? answered : errors);
  if (good) latency.record(outcome.took);
  if (outcome.served_by.empty()) return;
  count(regions, region_of(outcome.served_by));
  count(servers, outcome.served_by);
}

void Ledger::sent() {
  ++sent_;
  ++sent_this_second_;
}

void Ledger::ended(const Outcome& outcome) {
  total_.add(outcome);
  second_.add(outcome);
  if (outcome.served_by.empty()) return;
  const std::string region = region_of(outcome.served_by);
  if (last_served_.size() >= k_names_max && !last_served_.contains(region)) return;
  WallTime& last = last_served_[region];
  last = std::max(last, outcome.due);
}

std::string Ledger::line(std::string_view type, WallTime now, std::uint64_t sent,
                         const Counts& counts, std::uint64_t skipped) const {
  boost::json::object last;
  for (const auto& [region, when] : last_served_) last[region] = as_unix_ms(when);
  return boost::json::serialize(
      boost::json::object{{"type", type},
                          {"source", source_},
                          {"unix_ms", as_unix_ms(now)},
                          {"sent", sent},
                          {"answered", counts.answered},
                          {"errors", counts.errors},
                          {"lost", counts.lost},
                          {"skipped", skipped},
                          {"in_flight", in_flight()},
                          {"p50_ms", as_ms(counts.latency.quantile(0.5))},
                          {"p99_ms", as_ms(counts.latency.quantile(0.99))},
                          {"regions", as_json(counts.regions)},
                          {"servers", as_json(counts.servers)},
                          {"reasons", as_json(counts.reasons)},
                          {"last_served_unix_ms", std::move(last)}});
}

std::string Ledger::second_line(WallTime now) {
  std::string text = line("second", now, sent_this_second_, second_, 0);
  second_ = Counts();
  sent_this_second_ = 0;
  return text;
}

std::string Ledger::total_line(WallTime now, std::uint64_t skipped) const {
  return line("total", now, sent_, total_, skipped);
}

std::string Ledger::lost_line(const Outcome& outcome) const {
  return boost::json::serialize(boost::json::object{{"type", "lost"},
                                                    {"source", source_},
                                                    {"due_unix_ms", as_unix_ms(outcome.due)},
                                                    {"took_ms", as_ms(outcome.took)},
                                                    {"status", outcome.status},
                                                    {"reason", outcome.reason}});
}

std::string Ledger::request_line(const Outcome& outcome) const {
  return boost::json::serialize(boost::json::object{{"type", "request"},
                                                    {"source", source_},
                                                    {"due_unix_ms", as_unix_ms(outcome.due)},
                                                    {"took_ms", as_ms(outcome.took)},
                                                    {"status", outcome.status},
                                                    {"served_by", outcome.served_by},
                                                    {"tried", outcome.tried},
                                                    {"reason", outcome.reason},
                                                    {"lost", is_lost(outcome)}});
}

}  // namespace weir::load
