#include <fmt/format.h>

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

std::string lines(const char* title, const google::protobuf::RepeatedPtrField<std::string>& from) {
  std::string all;
  for (const std::string& line : from) {
    all += (all.empty() ? std::string(title) + "\n" : "") + "  " + printable(line) + "\n";
  }
  return all;
}

std::string one_line_of(const Change& change, std::int64_t now_ms) {
  return fmt::format("  {}.{}  {}  {}  {}\n", change.epoch(), change.generation(),
                     show_ago(change.unix_ms(), now_ms), printable(change.by()),
                     weights_in_words(change.after()));
}

std::string explanation_of(const ExplainWeightsReply& reply, std::int64_t now_ms) {
  const Change& change = reply.change();
  std::string all = fmt::format("{} from {}: revision {}.{}, {} ({}), by {}\n",
                                printable(reply.service()), printable(reply.from_region()),
                                change.epoch(), change.generation(), show_utc(change.unix_ms()),
                                show_ago(change.unix_ms(), now_ms), printable(change.by()));
  all += "  " + change_in_words(change.before(), change.after()) + "\n\n";
  all += lines("Why", change.reasons());
  all += lines("Guards", change.guards());
  all += fmt::format("Applied by {}/{} agents\n", reply.agents_acked(), reply.agents_total());
  std::string before;
  for (const Change& earlier : reply.history()) {
    if (earlier.generation() != change.generation()) before += one_line_of(earlier, now_ms);
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
};

Exit explain(AdminSession& session, const ExplainOptions& options) {
  ExplainWeightsRequest request;
  request.set_service(options.service);
  request.set_from_region(options.from);
  request.set_generation(options.generation);
  return ask_and_show<ExplainWeightsRequest, ExplainWeightsReply>(
      session, admin_method<ExplainWeightsRequest, ExplainWeightsReply>("ExplainWeights"), request,
      "WeightExplanation", "cannot explain the weights of " + options.service,
      [&](const ExplainWeightsReply& reply) { return explanation_of(reply, session.now_ms()); });
}

}  // namespace

void add_weights(CommandSyntax program, AdminSession& session, Exit& exit) {
  CommandSyntax weights = program.add_group("weights", "Which region gets which share");

  const auto getting = std::make_shared<GetOptions>();
  CommandSyntax listing = weights.add("get", "Wanted, in force now, and seen");
  listing.option("service", getting->service, "NAMESPACE/NAME; without it, all");
  listing.option("--from", getting->from, "Only of requests that start in this region");
  listing.flag("-w,--watch", getting->watch, "Follow every change");
  listing.runs([&session, &exit, getting] { exit = get(session, *getting); });

  const auto explaining = std::make_shared<ExplainOptions>();
  CommandSyntax reasons = weights.add("explain", "Why these weights");
  reasons.option("service", explaining->service, "NAMESPACE/NAME").required();
  reasons.option("--from", explaining->from, "Of requests that start here").required();
  reasons.option("--revision", explaining->generation, "Of an earlier generation");
  reasons.runs([&session, &exit, explaining] { exit = explain(session, *explaining); });

  add_weights_pin(weights, session, exit);
}

}  // namespace weir::cli
