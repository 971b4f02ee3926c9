// weirctl paths ls: the table, and which paths are in it.

#include "cli/command/path_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

#include "cli/command/admin_methods.h"
#include "cli/command/show.h"
#include "cli/render/units.h"
#include "common/base/text.h"
#include "common/findings/mesh_snapshot.h"

namespace weir::cli {

namespace {

std::string one_way(std::int32_t ppm) {
  return ppm < 0 ? "-" : show_rate(static_cast<std::uint32_t>(ppm));
}

/// "2x", "80ms", "1%".
struct Limit {
  enum class Of : std::uint8_t { before, p50, loss };
  Of of = Of::before;
  double value = 0;  // times, milliseconds, percent
};

Result<Limit> parse_limit(std::string_view text) {
  struct Form {
    std::string_view unit;
    Limit::Of of;
  };
  constexpr Form forms[] = {
      {"x", Limit::Of::before}, {"ms", Limit::Of::p50}, {"%", Limit::Of::loss}};
  for (const Form& form : forms) {
    if (!text.ends_with(form.unit)) continue;
    const std::string_view number = text.substr(0, text.size() - form.unit.size());
    Limit limit{.of = form.of, .value = 0};
    const auto [end, problem] =
        std::from_chars(number.data(), number.data() + number.size(), limit.value);
    const bool whole = problem == std::errc() && end == number.data() + number.size();
    if (whole && limit.value >= 0 && std::isfinite(limit.value)) return limit;
  }
  return fail(Code::invalid_argument, in_quotes(text) + " is no limit such as 2x, 80ms or 1%");
}

/// p50 of each path (from, to) when it was kept longest ago, at most an hour; and when that was.
struct EarlierPaths {
  std::int64_t unix_ms = 0;  // 0: none is kept
  std::map<std::pair<std::string, std::string>, std::uint32_t> p50_us;
};

Result<EarlierPaths> earlier_paths(AdminSession& session) {
  EarlierPaths earlier;
  for (const std::int64_t then : moments_to_compare(session.now_ms())) {
    ListPathsRequest request;
    request.set_at_unix_ms(then);
    WEIR_ASSIGN(reply,
                session.ask(admin_method<ListPathsRequest, ListPathsReply>("ListPaths"), request));
    for (const PathStatus& status : reply.paths()) {
      if (!status.path().up()) continue;
      earlier.p50_us[{status.from_agent(), status.path().to_agent()}] = status.path().rtt_p50_us();
    }
    earlier.unix_ms = then;
    if (!reply.paths().empty()) return earlier;
  }
  return EarlierPaths();
}

bool is_within(const PathStatus& status, const Limit& limit, const EarlierPaths& earlier) {
  const auto& path = status.path();
  if (!path.up()) return false;
  if (limit.of == Limit::Of::p50) return path.rtt_p50_us() <= 1000 * limit.value;
  if (limit.of == Limit::Of::loss) return path.loss_ppm() <= 10'000 * limit.value;
  const auto before = earlier.p50_us.find({status.from_agent(), path.to_agent()});
  return before == earlier.p50_us.end() || before->second == 0 ||
         path.rtt_p50_us() <= limit.value * before->second;
}

}  // namespace

bool is_worse(const PathStatus& a, const PathStatus& b) {
  if (a.path().up() != b.path().up()) return b.path().up();
  if (a.path().loss_ppm() != b.path().loss_ppm()) return a.path().loss_ppm() > b.path().loss_ppm();
  if (a.path().rtt_p50_us() != b.path().rtt_p50_us()) {
    return a.path().rtt_p50_us() > b.path().rtt_p50_us();
  }
  return std::pair(a.from_agent(), a.path().to_agent()) <
         std::pair(b.from_agent(), b.path().to_agent());
}

std::string path_list(AdminSession& session, const ListPathsReply& reply) {
  std::vector<Column> titles{{"FROM"},
                             {"TO"},
                             {"STATE"},
                             {"P50", Align::right},
                             {"P99", Align::right},
                             {"JITTER", Align::right},
                             {"LOSS", Align::right},
                             {"SINCE"}};
  if (session.wide()) {
    titles.insert(titles.end(), {{"MIN", Align::right},
                                 {"P95", Align::right},
                                 {"LOSS OUT", Align::right},
                                 {"LOSS BACK", Align::right},
                                 {"MEASURED"}});
  }
  std::vector<PathStatus> paths(reply.paths().begin(), reply.paths().end());
  std::sort(paths.begin(), paths.end(), is_worse);
  Table table(std::move(titles));
  for (const PathStatus& status : paths) {
    const auto& path = status.path();
    std::vector<Cell> row{status.from_agent(),
                          path.to_agent(),
                          path.up() ? Cell("up", Tone::good) : Cell("down", Tone::bad),
                          show_us(path.rtt_p50_us()),
                          show_us(path.rtt_p99_us()),
                          show_us(path.jitter_us()),
                          show_rate(path.loss_ppm()),
                          session.when(status.since_unix_ms())};
    if (session.wide()) {
      row.insert(row.end(),
                 {Cell(show_us(path.rtt_min_us())), Cell(show_us(path.rtt_p95_us())),
                  Cell(one_way(path.loss_out_ppm())), Cell(one_way(path.loss_back_ppm())),
                  Cell(session.when(status.unix_ms()))});
    }
    table.add(std::move(row));
  }
  return table_or(session, table, "No paths yet: two agents make the first.");
}

Exit list_worse_paths(AdminSession& session, const std::string& worse_than) {
  const std::string failed = "cannot list the paths";
  const auto limit = parse_limit(worse_than);
  if (!limit) {
    return session.fail_with(Exit::usage, failed, limit.error().message(),
                             "weirctl paths ls --worse-than 2x");
  }
  EarlierPaths earlier;
  if (limit->of == Limit::Of::before) {
    auto kept = earlier_paths(session);
    if (!kept) return session.fail_with(failed, kept.error());
    earlier = *std::move(kept);
    session.terminal().err << (earlier.unix_ms == 0
                                   ? "nothing is kept of before: only paths that are down are shown"
                                   : "compared with " + session.when(earlier.unix_ms))
                           << "\n";
  }
  auto reply =
      session.ask(admin_method<ListPathsRequest, ListPathsReply>("ListPaths"), ListPathsRequest());
  if (!reply) return session.fail_with(failed, reply.error());
  auto& paths = *reply->mutable_paths();
  const auto within = std::remove_if(paths.begin(), paths.end(), [&](const PathStatus& status) {
    return is_within(status, *limit, earlier);
  });
  paths.erase(within, paths.end());
  if (paths.empty() && !session.json()) {
    session.terminal().err << "No path is worse than that.\n";
    return Exit::ok;
  }
  show<ListPathsReply>(session, "PathList", *reply,
                       [&](const ListPathsReply& worse) { return path_list(session, worse); });
  return Exit::ok;
}

}  // namespace weir::cli
