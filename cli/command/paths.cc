#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/deadlines.h"
#include "cli/command/path_list.h"
#include "cli/command/show.h"
#include "cli/render/matrix.h"
#include "cli/render/units.h"

namespace weir::cli {

namespace {

struct Metric {
  const char* words;
  std::uint32_t (*value)(const telemetry::v1::Path&);
  std::string (*show)(std::uint32_t);
};

std::string show_ms(std::uint32_t us) {
  return us == 0 ? "-" : fmt::format("{:.{}f}", us / 1000.0, us < 10'000 ? 1 : 0);
}

const std::map<std::string, Metric>& metrics() {
  using telemetry::v1::Path;
  static const std::map<std::string, Metric> all = {
      {"p50", {"p50 RTT in ms", [](const Path& p) { return p.rtt_p50_us(); }, show_ms}},
      {"p99", {"p99 RTT in ms", [](const Path& p) { return p.rtt_p99_us(); }, show_ms}},
      {"jitter", {"Jitter in ms", [](const Path& p) { return p.jitter_us(); }, show_ms}},
      {"loss", {"Loss", [](const Path& p) { return p.loss_ppm(); }, show_rate}}};
  return all;
}

/// The worst path of each pair of regions, or nullptr.
using Worst = std::map<std::pair<std::string, std::string>, const PathStatus*>;

Worst worst_of(const ListPathsReply& reply) {
  Worst worst;
  for (const PathStatus& status : reply.paths()) {
    const PathStatus*& so_far = worst[{status.from_region(), status.path().to_region()}];
    if (so_far == nullptr || is_worse(status, *so_far)) so_far = &status;
  }
  return worst;
}

Cell cell_of(const Worst& worst, const std::string& from, const std::string& to,
             const Metric& metric) {
  const auto found = worst.find({from, to});
  if (found == worst.end()) return {from == to ? "." : "-", Tone::faint};
  if (!found->second->path().up()) return {"down", Tone::bad};
  return metric.show(metric.value(found->second->path()));
}

std::string matrix_of(AdminSession& session, const ListPathsReply& reply, const Metric& metric) {
  const std::vector<std::string> regions(reply.regions().begin(), reply.regions().end());
  const Worst worst = worst_of(reply);
  std::vector<std::vector<Cell>> cells;
  for (const std::string& from : regions) {
    auto& row = cells.emplace_back();
    for (const std::string& to : regions) row.push_back(cell_of(worst, from, to, metric));
  }
  const auto down = std::count_if(reply.paths().begin(), reply.paths().end(),
                                  [](const PathStatus& status) { return !status.path().up(); });
  return fmt::format("{}. Row = from, column = to. - no data\n", metric.words) +
         table_or(session, matrix_table(regions, cells), "No regions.") +
         fmt::format("{} directed paths, {} down\n", reply.paths_size(), down);
}

std::string ping_text(const PingPathReply& reply, const std::string& from, const std::string& to) {
  std::vector<std::uint32_t> rtts(reply.rtt_us().begin(), reply.rtt_us().end());
  std::string all;
  for (std::size_t i = 0; i < rtts.size(); ++i) {
    all +=
        fmt::format("{} -> {}  {}  {}\n", printable(from), printable(to), i + 1, show_us(rtts[i]));
  }
  all += fmt::format("{} sent, {} answered", reply.sent(), rtts.size());
  if (!rtts.empty()) {
    std::sort(rtts.begin(), rtts.end());
    all += fmt::format(", min {}, median {}, max {}", show_us(rtts.front()),
                       show_us(rtts[rtts.size() / 2]), show_us(rtts.back()));
  }
  return all + "\n";
}

constexpr Listing<ListPathsRequest, ListPathsReply> k_list{"ListPaths", "WatchPaths", "PathList",
                                                           "cannot list the paths"};

struct PingOptions {
  std::string from;
  std::string to;
  std::uint32_t count = 5;
};

Exit ping(AdminSession& session, const PingOptions& options) {
  PingPathRequest request;
  request.set_from_agent(options.from);
  request.set_to_agent(options.to);
  request.set_count(options.count);
  session.deadline = ping_deadline(options.count);
  const auto reply = session.ask(admin_method<PingPathRequest, PingPathReply>("PingPath"), request);
  if (!reply) {
    return session.fail_with("cannot ping from " + options.from + " to " + options.to,
                             reply.error(), "weirctl mesh ls");
  }
  show<PingPathReply>(session, "PathPing", *reply, [&](const PingPathReply& answered) {
    return ping_text(answered, options.from, options.to);
  });
  return reply->rtt_us().empty() ? Exit::failed : Exit::ok;
}

}  // namespace

void add_paths(CommandSyntax program, AdminSession& session, Exit& exit) {
  struct Options {
    bool watch = false;
    std::string worse_than;
    std::string metric = "p50";
  };
  CommandSyntax paths = program.add_group("paths", "What every two agents measure between them");

  const auto listing = std::make_shared<Options>();
  CommandSyntax ls = paths.add("ls", "Every path, the worst first");
  const OptionSyntax watch = ls.flag("-w,--watch", listing->watch, "Follow every change");
  ls.option("--worse-than", listing->worse_than,
            "Only those down or beyond: 2x (the p50 of an hour ago), 80ms (p50), 1% (loss)")
      .takes("LIMIT")
      .excludes(watch);
  ls.runs([&session, &exit, listing] {
    if (!listing->worse_than.empty()) {
      exit = list_worse_paths(session, listing->worse_than);
      return;
    }
    exit = k_list.show(session, listing->watch, {},
                       [&](const ListPathsReply& reply) { return path_list(session, reply); });
  });

  const auto table = std::make_shared<Options>();
  CommandSyntax matrix = paths.add("matrix", "Region by region");
  matrix.flag("-w,--watch", table->watch, "Follow every change");
  matrix.option("--metric", table->metric, "p50, p99, jitter or loss")
      .one_of({"p50", "p99", "jitter", "loss"});
  matrix.runs([&session, &exit, table] {
    const Metric& metric = metrics().at(table->metric);
    exit = k_list.show(session, table->watch, {}, [&](const ListPathsReply& reply) {
      return matrix_of(session, reply, metric);
    });
  });

  const auto pinging = std::make_shared<PingOptions>();
  CommandSyntax once = paths.add("ping", "Measure one path now");
  once.option("from", pinging->from, "REGION/agent-N").takes("AGENT").required();
  once.option("to", pinging->to, "REGION/agent-N").takes("AGENT").required();
  once.option("--count", pinging->count, "Packets").takes("COUNT").between(1, 100);
  once.runs([&session, &exit, pinging] { exit = ping(session, *pinging); });

  add_paths_trace(paths, session, exit);
}

}  // namespace weir::cli
