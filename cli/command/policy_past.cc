// weirctl policy report --since: what its changes came to.

#include "cli/command/policy_past.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>
#include <utility>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/show.h"
#include "cli/command/show_plain.h"
#include "cli/render/units.h"

namespace weir::cli {

namespace {

using Counts = std::map<std::string, std::uint32_t>;

constexpr std::uint32_t k_all = 1000;  // changes the controller keeps

double share_of(const SeenRequests& seen) {
  return std::min(1.0, static_cast<double>(seen.in_objective()) /
                           std::max(1.0, static_cast<double>(seen.ended())));
}

bool is_measured(const Change& change) {
  return change.has_expected_in_objective_ppm() && change.seen_before().ended() > 0 &&
         change.seen_after().ended() > 0;
}

/// "overload 60, path 30": the most first.
std::string in_words(const Counts& counts) {
  std::vector<std::pair<std::string, std::uint32_t>> sorted(counts.begin(), counts.end());
  std::ranges::sort(sorted, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  std::string all;
  for (const auto& [name, count] : sorted) {
    all += fmt::format("{}{} {}", all.empty() ? "" : ", ", printable(name), count);
  }
  return all.empty() ? "-" : all;
}

std::string share_or_dash(const PolicyPast& past, double share) {
  return past.measured == 0 ? "-" : show_rate(static_cast<std::uint32_t>(share * 1e6 + 0.5));
}

std::string text_of(AdminSession& session, const std::vector<PolicyPast>& services,
                    std::int64_t since, const ListChangesReply& reply) {
  Table table({{"SERVICE"},
               {"CHANGES", Align::right},
               {"CUT", Align::right},
               {"MEASURED", Align::right},
               {"BEFORE", Align::right},
               {"EXPECTED", Align::right},
               {"AFTER", Align::right},
               {"OFF BY", Align::right}});
  std::string more;
  for (const PolicyPast& past : services) {
    table.add({past.service, std::to_string(past.changes), std::to_string(past.cut),
               std::to_string(past.measured), share_or_dash(past, past.before),
               share_or_dash(past, past.expected), share_or_dash(past, past.after),
               share_or_dash(past, past.off_by)});
    more += fmt::format("\n{}\n  by      {}\n  moved   {}\n  guards  {}\n", printable(past.service),
                        in_words(past.by), in_words(past.terms), in_words(past.cuts));
  }
  std::string all = table_or(session, table, "No changes of weights are kept that fit.");
  if (table.empty()) return all;
  const std::int64_t oldest = reply.changes(reply.changes_size() - 1).unix_ms();
  if (reply.changes_size() >= static_cast<int>(k_all)) {
    all += fmt::format("The newest {} changes, all that are kept: since {}\n", k_all,
                       session.when(std::max(oldest, since)));
  }
  return all + more;
}

boost::json::object as_json(const Counts& counts) {
  boost::json::object all;
  for (const auto& [name, count] : counts) all[name] = count;
  return all;
}

boost::json::array as_json(const std::vector<PolicyPast>& services) {
  boost::json::array all;
  for (const PolicyPast& past : services) {
    boost::json::object& row = all.emplace_back(boost::json::object()).as_object();
    row = {{"service", past.service},  {"changes", past.changes},
           {"by", as_json(past.by)},   {"terms", as_json(past.terms)},
           {"cut", past.cut},          {"guards", as_json(past.cuts)},
           {"measured", past.measured}};
    if (past.measured == 0) continue;
    row["inObjectiveBefore"] = past.before;
    row["inObjectiveExpected"] = past.expected;
    row["inObjectiveAfter"] = past.after;
    row["offBy"] = past.off_by;
  }
  return all;
}

}  // namespace

std::vector<PolicyPast> policy_past(const ListChangesReply& changes) {
  std::map<std::string, PolicyPast> by_service;
  std::map<std::string, double> weights;  // requests of the measured changes
  for (const Change& change : changes.changes()) {
    PolicyPast& past = by_service[change.service()];
    past.service = change.service();
    past.changes += 1;
    past.cut += change.guards().empty() ? 0 : 1;
    past.by[change.by()] += 1;
    Counts once;
    for (const Reason& reason : change.reasons()) once[reason.term()] = 1;
    for (const auto& [term, one] : once) past.terms[term] += one;
    once.clear();
    for (const std::string& guard : change.guards()) once[guard.substr(0, guard.find(':'))] = 1;
    for (const auto& [guard, one] : once) past.cuts[guard] += one;
    if (!is_measured(change)) continue;
    const auto requests = static_cast<double>(change.seen_after().ended());
    const double expected = change.expected_in_objective_ppm() / 1e6;
    const double after = share_of(change.seen_after());
    past.measured += 1;
    weights[change.service()] += requests;
    past.before += requests * share_of(change.seen_before());
    past.expected += requests * expected;
    past.after += requests * after;
    past.off_by += requests * std::abs(expected - after);
  }
  std::vector<PolicyPast> all;
  for (auto& [service, past] : by_service) {
    if (past.measured > 0) {
      for (double* sum : {&past.before, &past.expected, &past.after, &past.off_by}) {
        *sum /= weights[service];
      }
    }
    all.push_back(std::move(past));
  }
  return all;
}

Exit report_since(AdminSession& session, const std::string& service, const std::string& since) {
  const std::string failed = "cannot report on the policies";
  const auto moment = parse_moment(since, session.now_ms());
  if (!moment) {
    return session.fail_with(Exit::usage, failed, moment.error().message(),
                             "weirctl policy report --since 24h");
  }
  ListChangesRequest request;
  request.set_service(service);
  request.set_since_unix_ms(*moment);
  request.set_limit(k_all);
  const auto changes =
      session.ask(admin_method<ListChangesRequest, ListChangesReply>("ListChanges"), request);
  if (!changes) return session.fail_with(failed, changes.error(), "weirctl services ls");
  const auto services = policy_past(*changes);
  show_plain(session, "PolicyReport",
             {{"sinceUnixMs", std::to_string(*moment)}, {"services", as_json(services)}},
             [&] { return text_of(session, services, *moment, *changes); });
  return Exit::ok;
}

}  // namespace weir::cli
