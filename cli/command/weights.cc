#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/pin_plan.h"
#include "cli/command/show.h"
#include "cli/render/units.h"

namespace weir::cli {

namespace {

std::vector<Column> titles(bool wide) {
  std::vector<Column> all{{"SERVICE"},
                          {"FROM"},
                          {"TO"},
                          {"TIER", Align::right},
                          {"WEIGHT", Align::right},
                          {"WANTED", Align::right},
                          {"NOW", Align::right},
                          {"SEEN", Align::right},
                          {"P99", Align::right},
                          {"ERR", Align::right}};
  if (wide) {
    all.insert(all.end(), {{"P50", Align::right},
                           {"RATE", Align::right},
                           {"LIMIT", Align::right},
                           {"OVERFLOW", Align::right},
                           {"REVISION", Align::right}});
  }
  all.push_back({"STATE"});
  return all;
}

Cell state_of(const WeightRow& row, const WeightCell& cell) {
  std::vector<std::string> words;
  if (!cell.state().empty()) words.push_back(cell.state());
  if (!cell.why().empty()) words.push_back(cell.why());
  if (row.pinned() && cell.why() != "pinned") words.emplace_back("pinned");
  const bool calm = cell.state().empty() || cell.state() == "active";
  const Tone tone = cell.state().starts_with("down") ? Tone::bad : calm ? Tone::plain : Tone::warn;
  return {words.empty() ? "-" : joined(words, ", "), tone};
}

/// Nobody has said yet what is in force and seen.
bool is_reported(const WeightCell& cell) {
  return cell.effective_share_ppm() > 0 || cell.seen_share_ppm() > 0 ||
         !cell.state().starts_with("no report");
}

std::string text_of(AdminSession& session, const GetWeightsReply& reply) {
  Table table(titles(session.wide()));
  for (const WeightRow& row : reply.rows()) {
    bool first = true;
    for (const WeightCell& cell : row.to()) {
      const bool idle = cell.requests_per_second() == 0;
      std::vector<Cell> cells{first ? row.service() : "",
                              first ? row.from_region() : "",
                              cell.region(),
                              std::to_string(cell.tier()),
                              std::to_string(cell.weight()),
                              show_share(cell.wanted_share_ppm()),
                              is_reported(cell) ? show_share(cell.effective_share_ppm()) : "-",
                              is_reported(cell) ? show_share(cell.seen_share_ppm()) : "-",
                              show_us(cell.p99_us()),
                              idle ? "-" : show_rate(cell.error_ppm())};
      if (session.wide()) {
        cells.insert(
            cells.end(),
            {Cell(show_us(cell.p50_us())), Cell(show_per_second(cell.requests_per_second())),
             Cell(cell.in_flight_limit() == 0 ? "-" : std::to_string(cell.in_flight_limit())),
             Cell(idle ? "-" : show_share(cell.overflow_ppm())),
             Cell(fmt::format("{}.{}", row.epoch(), row.generation()))});
      }
      cells.push_back(state_of(row, cell));
      table.add(std::move(cells));
      first = false;
    }
  }
  return table_or(session, table, "No weights: weirctl services ls");
}

std::string reasons_of(const Change& change) {
  std::string all;
  for (const Reason& reason : change.reasons()) {
    all += (all.empty() ? "Why\n  " : "  ") + in_words(reason) + "\n";
  }
  return all;
}

std::string seen_in_words(const SeenRequests& seen) {
  if (seen.ended() == 0) return "no requests";
  const double share = static_cast<double>(seen.in_objective()) / static_cast<double>(seen.ended());
  return fmt::format("{} of {} requests, p99 {}",
                     show_rate(static_cast<std::uint32_t>(std::min(share, 1.0) * 1e6 + 0.5)),
                     seen.ended(), show_us(seen.p99_us()));
}

/// What was expected of a change within the objective, and what then happened.
std::string outcome_of(const Change& change) {
  std::string all;
  if (change.has_expected_in_objective_ppm()) {
    all += "  expected     " + show_rate(change.expected_in_objective_ppm()) + "\n";
  }
  if (change.has_seen_before()) {
    all += "  10 s before  " + seen_in_words(change.seen_before()) + "\n";
    all += "  10 s after   " +
           (change.has_seen_after() ? seen_in_words(change.seen_after()) : "not yet measured") +
           "\n";
  }
  return all.empty() ? all : "Within the objective\n" + all;
}

std::string lines(const char* title, const google::protobuf::RepeatedPtrField<std::string>& from) {
  std::string all;
  for (const std::string& line : from) {
    all += (all.empty() ? std::string(title) + "\n" : "") + "  " + printable(line) + "\n";
  }
  return all;
}

std::string one_line_of(const AdminSession& session, const Change& change) {
  return fmt::format("  {}.{}  {}  {}  {}\n", change.epoch(), change.generation(),
                     session.when(change.unix_ms()), printable(change.by()),
                     weights_in_words(change.after()));
}

std::string explanation_of(const AdminSession& session, const ExplainWeightsReply& reply) {
  const Change& change = reply.change();
  std::string all =
      fmt::format("{} from {}: revision {}.{}, {} ({}), by {}\n", printable(reply.service()),
                  printable(reply.from_region()), change.epoch(), change.generation(),
                  show_utc(change.unix_ms()), show_ago(change.unix_ms(), session.now_ms()),
                  printable(change.by()));
  all += "  " + change_in_words(change.before(), change.after()) + "\n\n";
  all += reasons_of(change);
  all += lines("Guards", change.guards());
  all += outcome_of(change);
  all += fmt::format("Applied by {}/{} agents\n", reply.agents_acked(), reply.agents_total());
  std::string before;
  for (const Change& earlier : reply.history()) {
    before += one_line_of(session, earlier);
  }
  all += (before.empty() ? "" : "Before\n") + before;
  all += fmt::format("Hold it: weirctl weights pin {} --from {} REGION=WEIGHT,... --ttl 1h\n",
                     printable(reply.service()), printable(reply.from_region()));
  return all;
}

struct GetOptions {
  std::string service;
  std::string from;
  bool watch = false;
};

constexpr Listing<GetWeightsRequest, GetWeightsReply> k_list{
    "GetWeights", "WatchWeights", "WeightList", "cannot get the weights"};

Exit get(AdminSession& session, const GetOptions& options) {
  GetWeightsRequest request;
  request.set_service(options.service);
  request.set_from_region(options.from);
  return k_list.show(session, options.watch, request,
                     [&](const GetWeightsReply& reply) { return text_of(session, reply); });
}

struct ExplainOptions {
  std::string service;
  std::string from;
  std::uint64_t generation = 0;
  std::string at;
};

Exit explain(AdminSession& session, const ExplainOptions& options) {
  ExplainWeightsRequest request;
  request.set_service(options.service);
  request.set_from_region(options.from);
  request.set_generation(options.generation);
  if (!options.at.empty()) {
    const auto at = parse_moment(options.at, session.now_ms());
    if (!at || options.generation != 0) {
      return session.fail_with(Exit::usage, "cannot explain the weights of " + options.service,
                               at ? "--at and --revision exclude each other" : at.error().message(),
                               "weirctl weights history " + options.service);
    }
    request.set_at_unix_ms(*at);
  }
  return ask_and_show<ExplainWeightsRequest, ExplainWeightsReply>(
      session, admin_method<ExplainWeightsRequest, ExplainWeightsReply>("ExplainWeights"), request,
      "WeightExplanation", "cannot explain the weights of " + options.service,
      [&](const ExplainWeightsReply& reply) { return explanation_of(session, reply); });
}

struct HistoryOptions {
  std::string service;
  std::string from;
  std::string since;
  std::uint32_t limit = 0;
};

std::string share_in_words(const SeenRequests& seen) {
  if (seen.ended() == 0) return "-";
  const double share = static_cast<double>(seen.in_objective()) / static_cast<double>(seen.ended());
  return show_rate(static_cast<std::uint32_t>(std::min(share, 1.0) * 1e6 + 0.5));
}

/// The destination that gained or lost most: "+12.5 eu-west-1".
std::string largest_move_of(const Change& change) {
  const auto shares = [](const Weights& weights) {
    std::map<std::string, double> all;
    double sum = 0;
    for (const auto& weight : weights) sum += weight.weight();
    for (const auto& weight : weights) all[weight.region()] = sum > 0 ? weight.weight() / sum : 0;
    return all;
  };
  auto moved = shares(change.after());
  for (const auto& [region, share] : shares(change.before())) moved[region] -= share;
  const auto most =
      std::ranges::max_element(moved, {}, [](const auto& one) { return std::abs(one.second); });
  return most == moved.end() ? "-" : fmt::format("{:+.1f} {}", 100 * most->second, most->first);
}

std::string table_of(AdminSession& session, const ListChangesReply& reply) {
  Table table({{"WHEN"},
               {"REVISION", Align::right},
               {"SERVICE"},
               {"FROM"},
               {"BY"},
               {"LARGEST MOVE"},
               {"WHY"},
               {"BEFORE", Align::right},
               {"EXPECTED", Align::right},
               {"AFTER", Align::right}});
  for (const Change& change : reply.changes()) {
    table.add(
        {session.when(change.unix_ms()), fmt::format("{}.{}", change.epoch(), change.generation()),
         change.service(), change.from_region(), change.by(), largest_move_of(change),
         change.reasons().empty() ? "-" : change.reasons(0).term(),
         change.has_seen_before() ? share_in_words(change.seen_before()) : "-",
         change.has_expected_in_objective_ppm() ? show_rate(change.expected_in_objective_ppm())
                                                : "-",
         change.has_seen_after() ? share_in_words(change.seen_after()) : "-"});
  }
  return table_or(session, table, "No changes of weights are kept that fit.");
}

Exit history(AdminSession& session, const HistoryOptions& options) {
  ListChangesRequest request;
  request.set_service(options.service);
  request.set_from_region(options.from);
  request.set_limit(options.limit);
  if (!options.since.empty()) {
    const auto since = parse_moment(options.since, session.now_ms());
    if (!since) {
      return session.fail_with(Exit::usage, "cannot list changes", since.error().message(),
                               "weirctl weights history --since 10m");
    }
    request.set_since_unix_ms(*since);
  }
  return ask_and_show<ListChangesRequest, ListChangesReply>(
      session, admin_method<ListChangesRequest, ListChangesReply>("ListChanges"), request,
      "WeightHistory", "cannot list changes",
      [&](const ListChangesReply& reply) { return table_of(session, reply); });
}

}  // namespace

void add_weights(CommandSyntax program, AdminSession& session, Exit& exit) {
  CommandSyntax weights = program.add_group("weights", "Which region gets which share");

  const auto getting = std::make_shared<GetOptions>();
  CommandSyntax listing = weights.add("get", "Wanted, in force now, and seen");
  listing.option("service", getting->service, "NAMESPACE/NAME; without it, all").takes("SERVICE");
  listing.option("--from", getting->from, "Only of requests that start in this region")
      .takes("REGION");
  listing.flag("-w,--watch", getting->watch, "Follow every change");
  listing.runs([&session, &exit, getting] { exit = get(session, *getting); });

  const auto explaining = std::make_shared<ExplainOptions>();
  CommandSyntax reasons = weights.add("explain", "Why these weights");
  reasons.option("service", explaining->service, "NAMESPACE/NAME").takes("SERVICE").required();
  reasons.option("--from", explaining->from, "Of requests that start here")
      .takes("REGION")
      .required();
  reasons.option("--revision", explaining->generation, "Of an earlier generation")
      .takes("GENERATION");
  reasons.option("--at", explaining->at, "What was in force then: 5m (ago) or 2026-11-23T07:03:29Z")
      .takes("MOMENT");
  reasons.runs([&session, &exit, explaining] { exit = explain(session, *explaining); });

  const auto past = std::make_shared<HistoryOptions>();
  CommandSyntax changes =
      weights.add("history", "What changed, when, by whom, and what came of it");
  changes.option("service", past->service, "NAMESPACE/NAME; without it, all").takes("SERVICE");
  changes.option("--from", past->from, "Only of requests that start in this region")
      .takes("REGION");
  changes
      .option("--since", past->since,
              "5m (ago) or 2026-11-23T07:03:29Z; all that is kept without it")
      .takes("MOMENT");
  changes.option("--limit", past->limit, "How many at most; 100 without it").takes("COUNT");
  changes.runs([&session, &exit, past] { exit = history(session, *past); });

  add_weights_pin(weights, session, exit);
}

}  // namespace weir::cli
