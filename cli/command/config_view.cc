// weirctl config view: the connection's settings, and who set them.

#include <fmt/format.h>

#include <array>
#include <utility>

#include "cli/command/command.h"
#include "cli/command/show.h"
#include "cli/command/show_plain.h"

namespace weir::cli {
namespace {

Exit view(AdminSession& session, bool origin) {
  const Result<Connection>& connection = session.connection();
  if (!connection) return session.fail_with("cannot tell the settings", connection.error());
  const std::array<std::pair<const char*, Setting>, 6> settings = {
      {{"context", connection->context},
       {"socket", connection->socket},
       {"server", connection->server},
       {"ca", connection->ca},
       {"cert", connection->certificate},
       {"key", connection->key}}};
  boost::json::array list;
  for (const auto& [name, setting] : settings) {
    list.push_back(
        boost::json::object{{"name", name}, {"value", setting.value}, {"origin", setting.origin}});
  }
  show_plain(session, "ConnectionSettings",
             {{"file", session.wishes.file}, {"settings", std::move(list)}}, [&] {
               std::vector<Column> titles{{"SETTING"}, {"VALUE"}};
               if (origin) titles.push_back({"ORIGIN"});
               Table table(std::move(titles));
               for (const auto& [name, setting] : settings) {
                 std::vector<Cell> row{name, setting.value.empty() ? "-" : setting.value};
                 if (origin) row.emplace_back(setting.origin.empty() ? "-" : setting.origin);
                 table.add(std::move(row));
               }
               return table_or(session, table, "");
             });
  return Exit::ok;
}

}  // namespace

void add_config_view(CommandSyntax config, AdminSession& session, Exit& exit) {
  const auto origin = std::make_shared<bool>(false);
  CommandSyntax viewing =
      config.add("view", "Which controller is asked, by which file, with which certificate");
  viewing.flag("--origin", *origin, "Where each comes from: an option, the environment, a context");
  viewing.runs([&session, &exit, origin] { exit = view(session, *origin); });
}

}  // namespace weir::cli
