#include <fmt/format.h>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/show.h"
#include "cli/render/units.h"

namespace weir::cli {

namespace {

using telemetry::v1::Event;

struct Options {
  bool watch = false;
  bool audit = false;
  std::uint32_t limit = 50;
  std::string service;
  std::string region;
  std::string type;
};

Tone tone_of(const std::string& severity) {
  if (severity == "error") return Tone::bad;
  return severity == "warn" ? Tone::warn : Tone::plain;
}

/// One line; the same with and without --watch.
std::string line_of(const Event& event, bool colour) {
  std::vector<std::string> where;
  if (!event.agent().empty()) {
    where.push_back(printable(event.agent()));
  } else if (!event.region().empty()) {
    where.push_back(printable(event.region()));
  }
  const bool elsewhere = !event.from_region().empty() && event.region() != event.from_region();
  if (elsewhere && !event.region().empty()) where.push_back("-> " + printable(event.region()));
  if (!event.service().empty()) where.push_back(printable(event.service()));
  const std::string severity = fmt::format("{:<5}", printable(event.severity()));
  return fmt::format("{}  {}  {:<20}  {}{}{}\n", show_utc(event.unix_ms()),
                     toned(severity, tone_of(event.severity()), colour), printable(event.type()),
                     joined(where, " "), where.empty() ? "" : "  ", printable(event.message()));
}

std::string text_of(AdminSession& session, const ListEventsReply& reply) {
  std::string all;
  for (const Event& event : reply.events()) all += line_of(event, session.terminal().colour);
  if (all.empty()) session.terminal().err << "No events.\n";
  return all;
}

/// Events are lines, not screens: a terminal scrolls too.
void print_event(AdminSession& session, const Event& event) {
  session.terminal().out << (session.json() ? document(session, "Event", event, true)
                                            : line_of(event, session.terminal().colour))
                         << std::flush;
}

std::string text_of(AdminSession& session, const ListAuditReply& reply) {
  Table table({{"WHEN"}, {"WHO"}, {"ROLE"}, {"BY"}, {"ACTION"}, {"WHAT"}, {"BEFORE"}, {"AFTER"}});
  for (const AuditEntry& entry : reply.entries()) {
    const bool done = entry.error().empty();
    table.add({session.when(entry.unix_ms()), entry.who(), entry.role(), entry.from(),
               entry.action(), entry.what(), entry.before(),
               done ? Cell(entry.after()) : Cell("not done: " + entry.error(), Tone::bad)});
  }
  return table_or(session, table, "Nobody has changed anything yet.");
}

Exit audit(AdminSession& session, std::uint32_t limit) {
  ListAuditRequest request;
  request.set_limit(limit);
  return ask_and_show<ListAuditRequest, ListAuditReply>(
      session, admin_method<ListAuditRequest, ListAuditReply>("ListAudit"), request, "AuditList",
      "cannot get the audit", [&](const ListAuditReply& reply) { return text_of(session, reply); });
}

Exit run(AdminSession& session, const Options& options) {
  ListEventsRequest request;
  request.set_limit(options.limit);
  request.set_service(options.service);
  request.set_region(options.region);
  request.set_type(options.type);
  const std::string failed = "cannot get the events";
  if (options.audit) return audit(session, options.limit);
  if (!options.watch) {
    return ask_and_show<ListEventsRequest, ListEventsReply>(
        session, admin_method<ListEventsRequest, ListEventsReply>("ListEvents"), request,
        "EventList", failed, [&](const ListEventsReply& reply) { return text_of(session, reply); });
  }
  const Status ended = session.watch<ListEventsRequest, Event>(
      admin_stream<ListEventsRequest, Event>("WatchEvents"), request,
      [&](const Event& event) { print_event(session, event); });
  return ended ? Exit::ok : session.fail_with(failed, ended.error());
}

}  // namespace

void add_events(CommandSyntax program, AdminSession& session, Exit& exit) {
  const auto options = std::make_shared<Options>();
  CommandSyntax events = program.add("events", "What happened, the newest last");
  events.flag("-w,--watch", options->watch, "Print new ones as they come");
  events.flag("--audit", options->audit, "What operators changed or tried to, the newest first");
  events.option("--limit", options->limit, "How many").takes("COUNT").between(1, 10'000);
  events.option("--service", options->service, "Only of this service").takes("SERVICE");
  events.option("--region", options->region, "Only of this region").takes("REGION");
  events.option("--type", options->type, "Only of this type, such as path.down").takes("TYPE");
  events.runs([&session, &exit, options] { exit = run(session, *options); });
}

}  // namespace weir::cli
