// weirctl paths trace: one path, both directions, now and over time.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <utility>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/show.h"
#include "cli/command/show_plain.h"
#include "cli/render/units.h"
#include "cli/trace/path_history.h"

namespace weir::cli {
namespace {

namespace json = boost::json;

constexpr std::uint32_t k_parts = 12;
constexpr std::uint32_t k_events_asked = 1000;

struct Options {
  std::string a;
  std::string b;
  bool history = false;
  std::string since = "1h";
};

struct Direction {
  std::string from;
  std::string to;
  std::optional<PathStatus> now = std::nullopt;
  PathSeries series = {};
  std::vector<telemetry::v1::Event> events = {};
};

Status look_now(AdminSession& session, std::array<Direction, 2>& directions) {
  const auto paths =
      session.ask(admin_method<ListPathsRequest, ListPathsReply>("ListPaths"), ListPathsRequest());
  if (!paths) return fail(paths.error());
  for (Direction& direction : directions) {
    for (const PathStatus& status : paths->paths()) {
      const bool this_one =
          status.from_agent() == direction.from && status.path().to_agent() == direction.to;
      if (this_one) direction.now = status;
    }
  }
  if (directions[0].now || directions[1].now) return {};
  return fail(Code::not_found,
              "nobody measures a path between " + directions[0].from + " and " + directions[0].to);
}

Status look_back(AdminSession& session, std::int64_t since_unix_ms, Direction& direction) {
  GetSeriesRequest request;
  request.set_kind("path");
  request.set_from(direction.from);
  request.set_to(direction.to);
  request.set_since_unix_ms(since_unix_ms);
  const auto reply =
      session.ask(admin_method<GetSeriesRequest, GetSeriesReply>("GetSeries"), request);
  if (!reply) return fail(reply.error());
  PathSeries& series = direction.series;
  series.start_unix_ms = reply->start_unix_ms();
  series.step_ms = reply->step_ms();
  const std::array<std::pair<const char*, std::vector<double>*>, 5> columns = {
      {{"p50_ms", &series.p50_ms},
       {"p99_ms", &series.p99_ms},
       {"jitter_ms", &series.jitter_ms},
       {"loss", &series.loss},
       {"up", &series.up}}};
  for (const SeriesColumn& column : reply->columns()) {
    for (const auto& [name, values] : columns) {
      if (column.name() == name) values->assign(column.values().begin(), column.values().end());
    }
  }
  return {};
}

/// An agent tells of its own end: "to AGENT: why".
Status look_for_events(AdminSession& session, std::int64_t since_unix_ms,
                       std::array<Direction, 2>& directions) {
  for (const char* type : {"path.down", "path.up"}) {
    ListEventsRequest request;
    request.set_type(type);
    request.set_limit(k_events_asked);
    const auto reply =
        session.ask(admin_method<ListEventsRequest, ListEventsReply>("ListEvents"), request);
    if (!reply) return fail(reply.error());
    for (const auto& event : reply->events()) {
      for (Direction& direction : directions) {
        const bool its = event.agent() == direction.from && event.unix_ms() >= since_unix_ms &&
                         event.message().starts_with("to " + direction.to + ":");
        if (its) direction.events.push_back(event);
      }
    }
  }
  for (Direction& direction : directions) {
    std::ranges::sort(direction.events, {}, [](const auto& event) { return event.unix_ms(); });
  }
  return {};
}

std::string one_way(std::int32_t ppm) {
  return ppm < 0 ? "-" : show_rate(static_cast<std::uint32_t>(ppm));
}

std::string now_text(AdminSession& session, const std::array<Direction, 2>& directions) {
  Table table({{"FROM"},
               {"TO"},
               {"STATE"},
               {"SINCE"},
               {"P50", Align::right},
               {"P99", Align::right},
               {"JITTER", Align::right},
               {"LOSS", Align::right},
               {"LOSS OUT", Align::right},
               {"LOSS BACK", Align::right}});
  for (const Direction& direction : directions) {
    if (!direction.now) {
      table.add({direction.from, direction.to, Cell("not measured", Tone::warn), "-", "-", "-", "-",
                 "-", "-", "-"});
      continue;
    }
    const auto& path = direction.now->path();
    table.add({direction.from, direction.to,
               path.up() ? Cell("up", Tone::good) : Cell("down", Tone::bad),
               session.when(direction.now->since_unix_ms()), show_us(path.rtt_p50_us()),
               show_us(path.rtt_p99_us()), show_us(path.jitter_us()), show_rate(path.loss_ppm()),
               one_way(path.loss_out_ppm()), one_way(path.loss_back_ppm())});
  }
  return table_or(session, table, "");
}

Cell ms_cell(const std::optional<double>& ms) {
  if (!ms) return "-";
  return show_us(static_cast<std::uint32_t>(std::clamp(*ms * 1000, 0.0, 4e9)));
}

Cell share_cell(const std::optional<double>& share) {
  return share ? Cell(fmt::format("{:.2f}%", 100 * *share)) : Cell("-");
}

bool says_the_same(const PathSpan& a, const PathSpan& b) {
  return a.up == b.up && a.p50_ms == b.p50_ms && a.p99_ms == b.p99_ms &&
         a.jitter_ms == b.jitter_ms && a.loss == b.loss;
}

std::string history_text(AdminSession& session, const Direction& direction) {
  std::string all = fmt::format("\n{} -> {}\n", printable(direction.from), printable(direction.to));
  Table table({{"FROM"},
               {"UNTIL"},
               {"UP", Align::right},
               {"P50", Align::right},
               {"P99", Align::right},
               {"JITTER", Align::right},
               {"LOSS", Align::right}});
  std::vector<PathSpan> spans = spans_of(direction.series, k_parts);
  for (std::size_t i = 0; i < spans.size();) {
    PathSpan& span = spans[i];
    for (++i; i < spans.size() && says_the_same(spans[i], span); ++i) {
      span.end_unix_ms = spans[i].end_unix_ms;
    }
    table.add({session.when(span.start_unix_ms), session.when(span.end_unix_ms),
               share_cell(span.up), ms_cell(span.p50_ms), ms_cell(span.p99_ms),
               ms_cell(span.jitter_ms), share_cell(span.loss)});
  }
  all += table.empty() ? "nothing is kept of that time\n" : table.render(session.terminal().colour);
  for (const PathTurn& turn : turns_of(direction.series)) {
    all += fmt::format("changed  {}  {}\n", show_utc(turn.unix_ms), turn.what);
  }
  for (const auto& event : direction.events) {
    all += fmt::format("event    {}  {}  {}\n", show_utc(event.unix_ms()), printable(event.type()),
                       printable(event.message()));
  }
  return all;
}

json::value number_or_null(const std::optional<double>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

json::object as_json(const Direction& direction, bool history) {
  json::object made{{"from", direction.from}, {"to", direction.to}, {"now", nullptr}};
  if (direction.now) {
    json::value now = json::parse(json_document("", *direction.now, true));
    for (const char* outer : {"apiVersion", "kind"}) now.as_object().stable_erase(outer);
    made["now"] = std::move(now);
  }
  if (!history) return made;
  json::array spans;
  for (const PathSpan& span : spans_of(direction.series, k_parts)) {
    spans.push_back(json::object{{"startUnixMs", std::to_string(span.start_unix_ms)},
                                 {"endUnixMs", std::to_string(span.end_unix_ms)},
                                 {"p50Ms", number_or_null(span.p50_ms)},
                                 {"p99Ms", number_or_null(span.p99_ms)},
                                 {"jitterMs", number_or_null(span.jitter_ms)},
                                 {"loss", number_or_null(span.loss)},
                                 {"up", number_or_null(span.up)}});
  }
  json::array changes;
  for (const PathTurn& turn : turns_of(direction.series)) {
    changes.push_back(json::object{{"unixMs", std::to_string(turn.unix_ms)}, {"what", turn.what}});
  }
  json::array events;
  for (const auto& event : direction.events) {
    events.push_back(json::object{{"unixMs", std::to_string(event.unix_ms())},
                                  {"type", event.type()},
                                  {"message", event.message()}});
  }
  made.emplace("history", std::move(spans));
  made.emplace("changes", std::move(changes));
  made.emplace("events", std::move(events));
  return made;
}

Exit trace(AdminSession& session, const Options& options) {
  const std::string failed = "cannot trace " + options.a + " to " + options.b;
  const auto since = parse_moment(options.since, session.now_ms());
  if (!since) {
    return session.fail_with(Exit::usage, failed, since.error().message(),
                             "weirctl paths trace A B --history --since 1h");
  }
  std::array<Direction, 2> directions = {
      {{.from = options.a, .to = options.b}, {.from = options.b, .to = options.a}}};
  Status looked = look_now(session, directions);
  if (looked && options.history) {
    looked = look_for_events(session, *since, directions);
    for (Direction& direction : directions) {
      if (looked) looked = look_back(session, *since, direction);
    }
  }
  if (!looked) return session.fail_with(failed, looked.error(), "weirctl paths ls");
  json::array list;
  for (const Direction& direction : directions) {
    list.push_back(as_json(direction, options.history));
  }
  show_plain(session, "PathTrace", {{"directions", std::move(list)}}, [&] {
    std::string all = now_text(session, directions);
    if (!options.history) return all;
    for (const Direction& direction : directions) all += history_text(session, direction);
    return all;
  });
  return Exit::ok;
}

}  // namespace

void add_paths_trace(CommandSyntax paths, AdminSession& session, Exit& exit) {
  const auto options = std::make_shared<Options>();
  CommandSyntax tracing = paths.add("trace", "One path, both directions: now, and how it was");
  tracing.option("from", options->a, "REGION/agent-N").takes("AGENT").required();
  tracing.option("to", options->b, "REGION/agent-N").takes("AGENT").required();
  const OptionSyntax history =
      tracing.flag("--history", options->history, "Over time: figures, changes, up and down");
  tracing.option("--since", options->since, "5m (ago) or 2026-11-23T07:03:29Z; an hour without it")
      .takes("MOMENT")
      .needs(history);
  tracing.runs([&session, &exit, options] { exit = trace(session, *options); });
}

}  // namespace weir::cli
