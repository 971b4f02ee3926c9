// weirctl context: controllers with names.

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "cli/command/command.h"
#include "cli/command/show.h"
#include "cli/command/show_plain.h"
#include "cli/context/context_file.h"

namespace weir::cli {
namespace {

boost::json::object fields_of(const std::string& name, const ControllerAddress& address,
                              bool current) {
  return {{"name", name},
          {"current", current},
          {"socket", address.socket},
          {"server", address.server},
          {"ca", address.ca},
          {"cert", address.certificate},
          {"key", address.key}};
}

Exit unreadable(const AdminSession& session, const std::string& what, const Error& why) {
  return session.fail_with(what, why, "repair " + session.wishes.file + ", or move it away");
}

Exit no_such(const AdminSession& session, const std::string& what, const std::string& name) {
  return session.fail_with(Exit::not_found, what,
                           "there is no context " + name + " in " + session.wishes.file,
                           "weirctl context ls");
}

std::string table_of(AdminSession& session, const ContextBook& book) {
  std::vector<Column> titles{{"NAME"}, {"CURRENT"}, {"CONTROLLER"}};
  if (session.wide()) titles.insert(titles.end(), {{"CA"}, {"CERT"}, {"KEY"}});
  Table table(std::move(titles));
  for (const auto& [name, address] : book.contexts) {
    const bool current = name == book.current;
    std::vector<Cell> row{name, current ? Cell("yes", Tone::good) : Cell("no", Tone::faint),
                          address.text()};
    if (session.wide()) {
      for (const std::string& file : {address.ca, address.certificate, address.key}) {
        row.emplace_back(file.empty() ? "-" : file);
      }
    }
    table.add(std::move(row));
  }
  return table_or(session, table,
                  "No contexts: weirctl context add NAME --server HOST:PORT --ca FILE --cert FILE "
                  "--key FILE");
}

Exit list(AdminSession& session) {
  const auto book = load_contexts(session.wishes.file);
  if (!book) return unreadable(session, "cannot list the contexts", book.error());
  boost::json::array all;
  for (const auto& [name, address] : book->contexts) {
    all.push_back(fields_of(name, address, name == book->current));
  }
  show_plain(
      session, "ContextList",
      {{"file", session.wishes.file}, {"current", book->current}, {"contexts", std::move(all)}},
      [&] { return table_of(session, *book); });
  return Exit::ok;
}

/// `name` empty: the one that is meant when none is named.
Exit show_one(AdminSession& session, std::string name) {
  const std::string failed = "cannot show the context";
  const auto book = load_contexts(session.wishes.file);
  if (!book) return unreadable(session, failed, book.error());
  for (const std::string& meant :
       {session.wishes.context_flag, session.wishes.context_variable, book->current}) {
    if (name.empty()) name = meant;
  }
  if (name.empty()) {
    return session.fail_with(Exit::not_found, failed, "no context is the current one",
                             "weirctl context use NAME");
  }
  const auto found = book->contexts.find(name);
  if (found == book->contexts.end()) return no_such(session, failed, name);
  const ControllerAddress& address = found->second;
  show_plain(session, "Context", fields_of(name, address, name == book->current), [&] {
    Table table({{"SETTING"}, {"VALUE"}});
    table.add({"name", name});
    table.add({"current", name == book->current ? "yes" : "no"});
    table.add({address.server.empty() ? "socket" : "server", address.text()});
    if (!address.server.empty()) {
      table.add({"ca", address.ca});
      table.add({"cert", address.certificate});
      table.add({"key", address.key});
    }
    return table_or(session, table, "");
  });
  return Exit::ok;
}

Exit save(const AdminSession& session, const std::string& failed, const ContextBook& book,
          const std::string& done) {
  const Status saved = save_contexts(session.wishes.file, book);
  if (!saved) {
    return session.fail_with(failed, saved.error(), "may you write " + session.wishes.file + "?");
  }
  session.terminal().err << printable(done) << "\n";
  return Exit::ok;
}

Exit use(AdminSession& session, const std::string& name) {
  const std::string failed = "cannot use context " + name;
  auto book = load_contexts(session.wishes.file);
  if (!book) return unreadable(session, failed, book.error());
  const auto found = book->contexts.find(name);
  if (found == book->contexts.end()) return no_such(session, failed, name);
  book->current = name;
  return save(session, failed, *book, "context " + name + ": " + found->second.text());
}

struct AddOptions {
  std::string name;
  bool replace = false;
  bool use = false;
};

/// Files are kept with their whole path: the next command may run elsewhere.
ControllerAddress from_the_root(ControllerAddress address) {
  for (std::string* path : {&address.socket, &address.ca, &address.certificate, &address.key}) {
    if (!path->empty()) *path = std::filesystem::absolute(*path).lexically_normal().string();
  }
  return address;
}

Exit add(AdminSession& session, const AddOptions& options) {
  const std::string failed = "cannot add context " + options.name;
  const std::string usage =
      "weirctl context add NAME --socket FILE, or --server HOST:PORT --ca FILE --cert FILE --key "
      "FILE";
  const ControllerAddress address = from_the_root(session.wishes.flags);
  for (const Status& fits : {check_context_name(options.name), check_context(address)}) {
    if (!fits) return session.fail_with(Exit::usage, failed, fits.error().message(), usage);
  }
  auto book = load_contexts(session.wishes.file);
  if (!book) return unreadable(session, failed, book.error());
  const auto found = book->contexts.find(options.name);
  const bool there = found != book->contexts.end();
  if (there && found->second != address && !options.replace) {
    return session.fail_with(Exit::failed, failed, "it is there already: " + found->second.text(),
                             "add --replace, or choose another name");
  }
  if (!there && book->contexts.size() >= k_contexts_max) {
    return session.fail_with(Exit::failed, failed, "there are 1000 already",
                             "weirctl context rm NAME");
  }
  for (const std::string& file : {address.ca, address.certificate, address.key}) {
    if (file.empty() || ::access(file.c_str(), R_OK) == 0) continue;
    session.terminal().err << "warning: " << printable(file) << " cannot be read now\n";
  }
  book->contexts.insert_or_assign(options.name, address);
  if (options.use) book->current = options.name;
  const bool current = book->current == options.name;
  return save(session, failed, *book,
              (there ? "changed context " : "added context ") + options.name + ": " +
                  address.text() + (current ? "" : "\nnext: weirctl context use " + options.name));
}

Exit remove(AdminSession& session, const std::string& name, bool yes) {
  const std::string failed = "cannot remove context " + name;
  auto book = load_contexts(session.wishes.file);
  if (!book) return unreadable(session, failed, book.error());
  const auto found = book->contexts.find(name);
  if (found == book->contexts.end()) return no_such(session, failed, name);
  const bool current = book->current == name;
  if (!session.agree("Forget context " + name + " (" + printable(found->second.text()) + ")" +
                         (current ? ", the current one?" : "?"),
                     yes)) {
    return Exit::refused;
  }
  book->contexts.erase(found);
  if (current) book->current.clear();
  return save(session, failed, *book,
              "removed context " + name + (current ? "; none is the current one now" : ""));
}

}  // namespace

void add_context(CommandSyntax program, AdminSession& session, Exit& exit) {
  CommandSyntax context = program.add_group("context", "Controllers with names");
  context.add("ls", "Every context").runs([&session, &exit] { exit = list(session); });

  const auto shown = std::make_shared<std::string>();
  CommandSyntax showing = context.add("show", "One context, or the current one");
  showing.option("name", *shown, "As `context ls` shows it").takes("CONTEXT");
  showing.runs([&session, &exit, shown] { exit = show_one(session, *shown); });

  const auto used = std::make_shared<std::string>();
  CommandSyntax using_one = context.add("use", "Make one the current context");
  using_one.option("name", *used, "As `context ls` shows it").takes("CONTEXT").required();
  using_one.runs([&session, &exit, used] { exit = use(session, *used); });

  const auto added = std::make_shared<AddOptions>();
  CommandSyntax adding = context.add(
      "add", "Give a controller a name: --socket, or --server with --ca, --cert and --key");
  adding.option("name", added->name, "1 to 63 of a-z A-Z 0-9 - . _").takes("NAME").required();
  adding.flag("--replace", added->replace, "Change the one that has this name");
  adding.flag("--use", added->use, "Make it the current context");
  adding.runs([&session, &exit, added] { exit = add(session, *added); });

  struct Removal {
    std::string name;
    bool yes = false;
  };
  const auto removed = std::make_shared<Removal>();
  CommandSyntax removing = context.add("rm", "Forget a context; the controller is not asked");
  removing.option("name", removed->name, "As `context ls` shows it").takes("CONTEXT").required();
  removing.flag("-y,--yes", removed->yes, "Do not ask");
  removing.runs(
      [&session, &exit, removed] { exit = remove(session, removed->name, removed->yes); });
}

}  // namespace weir::cli
