#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/pin_plan.h"
#include "cli/command/show.h"
#include "cli/render/units.h"

namespace weir::cli {

namespace {

Tone tone_of(const std::string& state) {
  if (state.starts_with("down")) return Tone::bad;
  return state == "active" ? Tone::good : Tone::warn;
}

std::string services_in_words(const RunningEvacuation& evacuation) {
  if (evacuation.services().size() == 1) return evacuation.services(0);
  return fmt::format("{} services", evacuation.services().size());
}

std::string text_of(AdminSession& session, const ListFailoversReply& reply) {
  Table table({{"SERVICE"}, {"FROM"}, {"AWAY FROM"}, {"SINCE"}, {"STATE"}});
  for (const FailoverStatus& failover : reply.failovers()) {
    table.add({failover.service(), failover.from_region(), failover.to_region(),
               session.when(failover.since_unix_ms()),
               Cell(failover.state(), tone_of(failover.state()))});
  }
  const std::string failovers = table_or(session, table, "No failover is active.");
  if (reply.evacuations().empty() || session.rows_only()) return failovers;
  Table emptied(
      {{"EMPTIED"}, {"SERVICES"}, {"SOURCES", Align::right}, {"BY"}, {"SINCE"}, {"ENDS"}});
  for (const RunningEvacuation& one : reply.evacuations()) {
    emptied.add({one.region(), services_in_words(one), std::to_string(one.sources()), one.by(),
                 session.when(one.since_unix_ms()),
                 one.until_unix_ms() == 0 ? "when cancelled" : session.when(one.until_unix_ms())});
  }
  return failovers + "\n" + table_or(session, emptied, "") +
         "\nundo: weirctl failover cancel REGION\n";
}

constexpr Listing<ListFailoversRequest, ListFailoversReply> k_list{
    "ListFailovers", "WatchFailovers", "FailoverList", "cannot list the failovers"};

struct EvacuateOptions {
  std::string region;
  std::string service;
  std::string ttl;
  bool dry_run = false;
  bool yes = false;
};

std::string plan_in_words(AdminSession& session, const EvacuateRegionReply& plan) {
  Table table(
      {{"SERVICE"}, {"CLIENTS IN"}, {"REQ/S THERE", Align::right}, {"NOW GO TO"}, {"WOULD GO TO"}});
  for (const EvacuationMove& move : plan.moves()) {
    table.add({move.service(), move.from_region(),
               fmt::format("{:.1f}", move.requests_per_second()), weights_in_words(move.before()),
               weights_in_words(move.after())});
  }
  std::string all = table_or(session, table, "Nothing goes there.");
  for (const EvacuationMove& move : plan.moves()) {
    for (const std::string& guard : move.guards()) all += "guard: " + printable(guard) + "\n";
  }
  for (const std::string& staying : plan.staying()) all += "stays: " + printable(staying) + "\n";
  return all;
}

/// How many of the moves leave something in the region: a guard stands in their way.
std::size_t held_moves(const EvacuateRegionReply& done, const std::string& region) {
  return static_cast<std::size_t>(std::ranges::count_if(done.moves(), [&](const auto& move) {
    return std::ranges::any_of(move.after(), [&](const auto& weight) {
      return weight.region() == region && weight.weight() > 0;
    });
  }));
}

std::string evacuation_in_words(const EvacuateRegionReply& done, const std::string& region) {
  const std::size_t held = held_moves(done, region);
  const std::string outcome =
      held == 0
          ? "is emptied"
          : fmt::format("keeps some requests, guards hold {} of {} moves", held, done.moves_size());
  return fmt::format("{} {}: revision {}.{}\n{}undo: weirctl failover cancel {}\n",
                     printable(region), outcome, done.epoch(), done.generation(),
                     held == 0 ? "" : "what is left: weirctl weights get\n", printable(region));
}

Exit evacuate(AdminSession& session, const EvacuateOptions& options) {
  const std::string failed = "cannot empty " + options.region;
  EvacuateRegionRequest request;
  request.set_region(options.region);
  request.set_service(options.service);
  request.set_dry_run(true);
  if (!options.ttl.empty()) {
    const auto ttl = parse_span(options.ttl);
    if (!ttl || ttl->count() > std::numeric_limits<std::uint32_t>::max()) {
      return session.fail_with(Exit::usage, failed, "--for " + options.ttl + " is no time",
                               "weirctl failover evacuate REGION --for 30m");
    }
    request.set_ttl_s(static_cast<std::uint32_t>(ttl->count()));
  }
  const auto method = admin_method<EvacuateRegionRequest, EvacuateRegionReply>("EvacuateRegion");
  const auto plan = session.ask(method, request);
  if (!plan) return session.fail_with(failed, plan.error(), "weirctl weights get");
  const auto words = [&](const EvacuateRegionReply& reply) {
    return plan_in_words(session, reply);
  };
  if (options.dry_run) {
    show<EvacuateRegionReply>(session, "EvacuationPlan", *plan, words);
    if (!session.json()) session.terminal().err << "dry run, nothing was changed\n";
    return Exit::ok;
  }
  session.terminal().err << plan_in_words(session, *plan);
  if (!session.agree("Send these requests elsewhere?", options.yes)) return Exit::refused;
  request.set_dry_run(false);
  return ask_and_show<EvacuateRegionRequest, EvacuateRegionReply>(
      session, method, request, "Evacuation", failed,
      [&](const EvacuateRegionReply& done) { return evacuation_in_words(done, options.region); });
}

Exit cancel(AdminSession& session, const EvacuateOptions& options) {
  EndEvacuationRequest request;
  request.set_region(options.region);
  request.set_service(options.service);
  return ask_and_show<EndEvacuationRequest, EndEvacuationReply>(
      session, admin_method<EndEvacuationRequest, EndEvacuationReply>("EndEvacuation"), request,
      "EvacuationEnd", "cannot fill " + options.region + " again",
      [&](const EndEvacuationReply& done) {
        return fmt::format("{} may get requests again: {} pins removed, revision {}.{}\n",
                           printable(options.region), done.unpinned(), done.epoch(),
                           done.generation());
      });
}

void add_ways_out(CommandSyntax failover, AdminSession& session, Exit& exit) {
  const auto drilled = std::make_shared<EvacuateOptions>();
  drilled->ttl = "2m";
  CommandSyntax drill = failover.add(
      "drill", "One service does without a region for a while; shows the plan and asks first");
  drill.option("service", drilled->service, "NAMESPACE/NAME").takes("SERVICE").required();
  drill.option("--drop", drilled->region, "Which region").takes("REGION").required();
  drill.option("--for", drilled->ttl, "Then by itself as before, such as 2m").takes("DURATION");
  drill.flag("--dry-run", drilled->dry_run, "Show the plan and stop");
  drill.flag("-y,--yes", drilled->yes, "Do not ask");
  drill.runs([&session, &exit, drilled] { exit = evacuate(session, *drilled); });

  const auto emptied = std::make_shared<EvacuateOptions>();
  CommandSyntax evacuation = failover.add(
      "evacuate", "Every service does without a region; shows the plan and asks first");
  evacuation.option("region", emptied->region, "Which").takes("REGION").required();
  evacuation.option("--for", emptied->ttl, "Then by itself as before; without it, until cancelled")
      .takes("DURATION");
  evacuation.flag("--dry-run", emptied->dry_run, "Show the plan and stop");
  evacuation.flag("-y,--yes", emptied->yes, "Do not ask");
  evacuation.runs([&session, &exit, emptied] { exit = evacuate(session, *emptied); });

  const auto filled = std::make_shared<EvacuateOptions>();
  CommandSyntax back = failover.add("cancel", "A drill or an evacuation ends now");
  back.option("region", filled->region, "Which").takes("REGION").required();
  back.option("--service", filled->service, "Only of this service").takes("SERVICE");
  back.runs([&session, &exit, filled] { exit = cancel(session, *filled); });
}

}  // namespace

void add_failover(CommandSyntax program, AdminSession& session, Exit& exit) {
  const auto watch = std::make_shared<bool>(false);
  CommandSyntax failover =
      program.add_group("failover", "Where requests stay away, and on whose word");
  add_ways_out(failover, session, exit);
  CommandSyntax ls = failover.add("ls", "Every destination that agents avoid now");
  ls.flag("-w,--watch", *watch, "Follow every change");
  ls.runs([&session, &exit, watch] {
    exit = k_list.show(session, *watch, {},
                       [&](const ListFailoversReply& reply) { return text_of(session, reply); });
  });
}

}  // namespace weir::cli
