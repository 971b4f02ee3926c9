#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <optional>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/show.h"
#include "cli/render/json.h"
#include "cli/render/units.h"

namespace weir::cli {

namespace {

struct SimulateOptions {
  std::string service;
  std::vector<std::string> fail_regions;
  std::vector<std::string> fail_paths;
  std::vector<std::string> add_latency;
  std::string traffic_scale;
  std::string policy;
  std::string replay;
  std::string length;
  std::string tolerate;
  std::uint64_t seed = 0;
  std::string export_to;
};

/// "A:B", regions of a path.
Result<SimulatedPath> parse_path(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) {
    return fail(Code::invalid_argument,
                "\"" + printable(text) + "\" is no path; write it as REGION:REGION");
  }
  SimulatedPath path;
  path.set_a(std::string(text.substr(0, colon)));
  path.set_b(std::string(text.substr(colon + 1)));
  return path;
}

/// "A:B=80ms".
Result<SimulatedPath> parse_longer_path(std::string_view text) {
  const auto equals = text.find('=');
  const std::string_view time =
      equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1);
  std::uint32_t ms = 0;
  const auto [end, problem] = std::from_chars(time.data(), time.data() + time.size(), ms);
  if (problem != std::errc() || std::string_view(end, time.data() + time.size()) != "ms" ||
      ms == 0) {
    return fail(Code::invalid_argument,
                "\"" + printable(text) + "\": write it as REGION:REGION=80ms");
  }
  WEIR_ASSIGN(path, parse_path(text.substr(0, equals)));
  path.set_add_ms(ms);
  return path;
}

Result<double> parse_number(std::string_view text, std::string_view what) {
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size() || !(number >= 0)) {
    return fail(Code::invalid_argument,
                std::string(what) + " \"" + printable(text) + "\" is no number of 0 or more");
  }
  return number;
}

/// "5m..1m", both ago; "5m..now".
Status read_replay(std::string_view text, SimulateRequest& request) {
  const auto dots = text.find("..");
  if (dots == std::string_view::npos) {
    return fail(Code::invalid_argument,
                "\"" + printable(text) + "\" is no time to replay; write it as 5m..1m or 5m..now");
  }
  WEIR_ASSIGN(from, parse_span(text.substr(0, dots)));
  request.set_replay_from_s(static_cast<std::uint32_t>(from.count()));
  const std::string_view until = text.substr(dots + 2);
  if (until == "now") return {};
  WEIR_ASSIGN(to, parse_span(until));
  request.set_replay_to_s(static_cast<std::uint32_t>(to.count()));
  return {};
}

Result<SimulateRequest> request_of(const SimulateOptions& options) {
  SimulateRequest request;
  request.set_service(options.service);
  for (const std::string& region : options.fail_regions) request.add_fail_regions(region);
  for (const std::string& text : options.fail_paths) {
    WEIR_ASSIGN(path, parse_path(text));
    *request.add_fail_paths() = path;
  }
  for (const std::string& text : options.add_latency) {
    WEIR_ASSIGN(path, parse_longer_path(text));
    *request.add_add_latency() = path;
  }
  if (!options.traffic_scale.empty()) {
    WEIR_ASSIGN(scale, parse_number(options.traffic_scale, "--traffic-scale"));
    if (scale == 0) return fail(Code::invalid_argument, "--traffic-scale 0 leaves nothing to see");
    request.set_traffic_scale(scale);
  }
  request.set_policy(options.policy);
  if (!options.replay.empty()) WEIR_TRY(read_replay(options.replay, request));
  if (!options.length.empty()) {
    WEIR_ASSIGN(length, parse_span(options.length));
    request.set_for_s(static_cast<std::uint32_t>(length.count()));
  }
  if (!options.tolerate.empty()) {
    WEIR_ASSIGN(percent, parse_number(options.tolerate, "--tolerate"));
    if (percent > 100) return fail(Code::invalid_argument, "--tolerate goes to 100");
    request.set_tolerate_ppm(std::max(1U, static_cast<std::uint32_t>(percent * 10'000)));
  }
  request.set_seed(options.seed);
  request.set_export_world(!options.export_to.empty());
  return request;
}

std::string title_of(const SimulatedOutcome& outcome) {
  std::string title = printable(outcome.name());
  for (char& letter : title) letter = static_cast<char>(std::toupper(letter));
  return outcome.in_force() ? title + " (in force)" : title;
}

std::string limits_of(const SimulatedService& service) {
  std::string all;
  for (const SimulatedOutcome& outcome : service.outcomes()) {
    for (const BrokenLimit& broken : outcome.broken()) {
      all += fmt::format("  {} would break {}: {}\n", printable(outcome.name()),
                         printable(broken.limit()), printable(broken.text()));
    }
  }
  return all;
}

template <typename Value>
void add_row(Table& table, std::string title, const SimulatedService& service, Value value) {
  std::vector<Cell> cells{std::move(title)};
  for (const SimulatedOutcome& outcome : service.outcomes()) cells.emplace_back(value(outcome));
  table.add(std::move(cells));
}

Table table_of(const SimulatedService& service) {
  std::vector<Column> titles{{""}};
  for (const SimulatedOutcome& outcome : service.outcomes()) {
    titles.push_back({title_of(outcome), Align::right});
  }
  Table table(std::move(titles));
  add_row(table, "in objective", service,
          [](const SimulatedOutcome& o) { return show_rate(o.in_objective_ppm()); });
  add_row(table, "p50", service, [](const SimulatedOutcome& o) { return show_us(o.p50_us()); });
  add_row(table, "p99", service, [](const SimulatedOutcome& o) { return show_us(o.p99_us()); });
  add_row(table, "failed", service,
          [](const SimulatedOutcome& o) { return show_rate(o.failed_ppm()); });
  const bool priced = std::ranges::any_of(
      service.outcomes(), [](const SimulatedOutcome& o) { return o.cost_per_hour() > 0; });
  if (priced) {
    add_row(table, "cost/h", service,
            [](const SimulatedOutcome& o) { return show_money(o.cost_per_hour()); });
  }
  if (service.outcomes().empty()) return table;
  const SimulatedOutcome& first = service.outcomes(0);
  for (int to = 0; to < first.regions_size(); ++to) {
    add_row(table, "to " + first.regions(to).region(), service, [to](const SimulatedOutcome& o) {
      if (to >= o.regions_size()) return std::string("-");
      const SimulatedRegion& region = o.regions(to);
      const std::string rate = show_per_second(region.requests_per_second());
      return region.load_ppm() == 0 ? rate : rate + ", load " + show_share(region.load_ppm());
    });
  }
  for (int from = 0; from < first.sources_size(); ++from) {
    for (int to = 0; to < first.sources(from).to_size(); ++to) {
      add_row(table,
              first.sources(from).from_region() + " -> " + first.sources(from).to(to).region(),
              service, [from, to](const SimulatedOutcome& o) {
                const bool there = from < o.sources_size() && to < o.sources(from).to_size();
                return there ? show_share(o.sources(from).to(to).share_ppm()) : std::string("-");
              });
    }
  }
  return table;
}

std::string error_of(const SimulatedService& service) {
  if (!service.has_back_test()) {
    return "the model's error is not known: " + printable(service.no_back_test()) + "\n";
  }
  const BackTest& test = service.back_test();
  return fmt::format(
      "back-test over the last {} s: in objective {} seen, {} by the model; p50 {} and {}; p99 {} "
      "and {}\n",
      test.predicted_s(), show_rate(test.seen_in_objective_ppm()),
      show_rate(test.model_in_objective_ppm()), show_us(test.seen_p50_us()),
      show_us(test.model_p50_us()), show_us(test.seen_p99_us()), show_us(test.model_p99_us()));
}

/// What would break stands first.
std::string text_of(AdminSession& session, const SimulateReply& reply) {
  std::string all;
  for (const SimulatedService& service : reply.services()) {
    all +=
        fmt::format("{}{}: {} s simulated on a model of the last {} s\n", all.empty() ? "" : "\n",
                    printable(service.service()), reply.for_s(), service.fitted_s());
    all += limits_of(service) + "\n" +
           table_or(session, table_of(service), "nothing was simulated") + "\n";
    all += error_of(service);
    for (const std::string& note : service.notes()) all += "note: " + printable(note) + "\n";
  }
  return all;
}

Exit simulate(AdminSession& session, const SimulateOptions& options) {
  const auto request = request_of(options);
  if (!request) {
    return session.fail_with(Exit::usage, "cannot read what is to be simulated",
                             request.error().message(), "weirctl simulate --help");
  }
  // Some seconds for each service.
  constexpr std::chrono::milliseconds long_enough{120'000};
  session.deadline = std::max(session.deadline, long_enough);
  const auto reply =
      session.ask(admin_method<SimulateRequest, SimulateReply>("Simulate"), *request);
  if (!reply) return session.fail_with("cannot simulate", reply.error());
  if (!options.export_to.empty()) {
    std::ofstream file(options.export_to, std::ios::trunc);
    for (const SimulatedService& service : reply->services()) {
      file << json_line(service.world()) << '\n';
    }
    file.close();
    if (!file) {
      return session.fail_with(Exit::failed, "cannot export the model",
                               printable(options.export_to) + " cannot be written",
                               "weirctl simulate --export FILE");
    }
  }
  show<SimulateReply>(session, "Simulation", *reply,
                      [&](const SimulateReply& told) { return text_of(session, told); });
  return reply->would_break() ? Exit::condition : Exit::ok;
}

}  // namespace

void add_simulate(CommandSyntax program, AdminSession& session, Exit& exit) {
  const auto options = std::make_shared<SimulateOptions>();
  CommandSyntax command =
      program.add("simulate",
                  "What would happen if ...: now, the configured weights and the policy side by "
                  "side, on a model "
                  "of the last minute; exit code 3 when what is in force would break a limit");
  command.option("--service", options->service, "NAMESPACE/NAME; all without it").takes("SERVICE");
  command.option("--fail-region", options->fail_regions, "All its servers die; repeatable")
      .takes("REGION");
  command.option("--fail-path", options->fail_paths, "REGION:REGION, cut both ways; repeatable")
      .takes("REGION:REGION");
  command
      .option("--add-latency", options->add_latency,
              "REGION:REGION=80ms, to the round trip; repeatable")
      .takes("REGION:REGION=TIME");
  command.option("--traffic-scale", options->traffic_scale, "Requests times this, 10 at most")
      .takes("FACTOR");
  command.option("--policy", options->policy, "Another than the service's; see weir-policy list")
      .takes("POLICY");
  command
      .option("--replay", options->replay,
              "5m..1m or 5m..now: demand as it was then, instead of its mean; minutes are kept")
      .takes("FROM..TO");
  command.option("--for", options->length, "How long, 10s to 1h; a minute without it")
      .takes("DURATION");
  command
      .option("--tolerate", options->tolerate,
              "Percent of the requests that may miss the objective; 1 without it")
      .takes("PERCENT");
  command.option("--seed", options->seed, "Another run of the same").takes("NUMBER");
  command
      .option("--export", options->export_to,
              "FILE for the model, a line a service: to train policies on")
      .takes("FILE");
  command.runs([&session, &exit, options] { exit = simulate(session, *options); });
}

}  // namespace weir::cli
