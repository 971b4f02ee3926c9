#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/show.h"
#include "cli/render/units.h"

namespace weir::cli {

namespace {

Tone tone_of(const std::string& state) {
  if (state.starts_with("down")) return Tone::bad;
  return state == "active" ? Tone::good : Tone::warn;
}

std::string text_of(AdminSession& session, const ListFailoversReply& reply) {
  Table table({{"SERVICE"}, {"FROM"}, {"AWAY FROM"}, {"SINCE"}, {"STATE"}});
  for (const FailoverStatus& failover : reply.failovers()) {
    table.add({failover.service(), failover.from_region(), failover.to_region(),
               show_ago(failover.since_unix_ms(), session.now_ms()),
               Cell(failover.state(), tone_of(failover.state()))});
  }
  return table_or(session, table, "No failover is active.");
}

constexpr Listing<ListFailoversRequest, ListFailoversReply> k_list{
    "ListFailovers", "WatchFailovers", "FailoverList", "cannot list the failovers"};

}  // namespace

void add_failover(CommandSyntax program, AdminSession& session, Exit& exit) {
  const auto watch = std::make_shared<bool>(false);
  CommandSyntax ls = program.add_group("failover", "Where agents stay away")
                         .add("ls", "Every destination that agents avoid now");
  ls.flag("-w,--watch", *watch, "Follow every change");
  ls.runs([&session, &exit, watch] {
    exit = k_list.show(session, *watch, {},
                       [&](const ListFailoversReply& reply) { return text_of(session, reply); });
  });
}

}  // namespace weir::cli
