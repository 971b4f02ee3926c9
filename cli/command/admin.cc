// weirctl admin: the controller's own upkeep.

#include <fmt/format.h>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/show.h"

namespace weir::cli {

namespace {

std::string snapshot_table(AdminSession& session, const TakeSnapshotReply& reply) {
  const StateSnapshot& made = reply.snapshot();
  Table table({{"FOLDER"}, {"COMMIT", Align::right}, {"SIZE", Align::right}});
  table.add({made.folder(), std::to_string(made.commit()),
             fmt::format("{:.1f} MiB", static_cast<double>(made.bytes()) / (1 << 20))});
  for (const std::string& folder : reply.removed()) {
    session.terminal().err << "removed " << printable(folder) << "\n";
  }
  if (!reply.not_removed().empty()) {
    session.terminal().err << "an older one stays: " << printable(reply.not_removed()) << "\n";
  }
  return table_or(session, table, "");
}

Exit take_snapshot(AdminSession& session, std::uint32_t keep) {
  TakeSnapshotRequest request;
  request.set_keep(keep);
  session.deadline = std::chrono::minutes(2);  // a disk may be slow
  return ask_and_show<TakeSnapshotRequest, TakeSnapshotReply>(
      session, admin_method<TakeSnapshotRequest, TakeSnapshotReply>("TakeSnapshot"), request,
      "Snapshot", "cannot take a snapshot",
      [&session](const TakeSnapshotReply& reply) { return snapshot_table(session, reply); });
}

Exit set_log_level(AdminSession& session, const std::string& level) {
  SetLogLevelRequest request;
  if (level != "config") request.set_level(level);
  return ask_and_show<SetLogLevelRequest, SetLogLevelReply>(
      session, admin_method<SetLogLevelRequest, SetLogLevelReply>("SetLogLevel"), request,
      "LogLevel", "cannot set the controller's log level", [](const SetLogLevelReply& done) {
        return fmt::format("log level {} -> {}, until the controller ends\n",
                           printable(done.before()), printable(done.after()));
      });
}

}  // namespace

void add_admin(CommandSyntax program, AdminSession& session, Exit& exit) {
  CommandSyntax upkeep = program.add_group("admin", "The controller's own upkeep");

  const auto keep = std::make_shared<std::uint32_t>(3);
  CommandSyntax snapshot =
      upkeep.add("snapshot", "Copy the controller's state, while it works, beside it");
  snapshot.option("--keep", *keep, "How many of them stay, the newest; 3 without it")
      .takes("COUNT")
      .between(1, 100);
  snapshot.runs([&session, &exit, keep] { exit = take_snapshot(session, *keep); });

  const auto level = std::make_shared<std::string>();
  CommandSyntax log = upkeep.add("log-level", "How much the controller logs from now on");
  log.option("level", *level, "debug, info, warn, error; config: as the configuration says")
      .one_of({"debug", "info", "warn", "error", "config"})
      .required();
  log.runs([&session, &exit, level] { exit = set_log_level(session, *level); });
}

}  // namespace weir::cli
