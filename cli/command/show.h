#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <string_view>

#include "cli/admin_session.h"
#include "cli/command/admin_methods.h"
#include "cli/render/json.h"
#include "cli/render/table.h"
#include "cli/render/yaml.h"

namespace weir::cli {

/// A reply as a document of `kind`, in the form that `-o` says.
inline std::string document(const AdminSession& session, std::string_view kind,
                            const google::protobuf::Message& message, bool one_of_many = false) {
  if (session.output == Output::yaml) {
    return (one_of_many ? "---\n" : "") + yaml_of(json_document(kind, message, true));
  }
  return json_document(kind, message, one_of_many || session.output == Output::jsonl);
}

/// What stands on standard output for a reply: a document, the rows of its table, or what `as_text`
/// makes of it.
template <typename Reply>
std::string shown(AdminSession& session, std::string_view kind, const Reply& reply,
                  const std::function<std::string(const Reply&)>& as_text, bool one_of_many) {
  if (session.json()) return document(session, kind, reply, one_of_many);
  session.rows.reset();
  std::string text = as_text(reply);
  if (!session.rows_only()) return text;
  if (session.rows) return *session.rows;
  session.terminal().err << "this answer is no table: shown as text\n";
  return text;
}

/// Prints a reply as `-o` says.
template <typename Reply>
void show(AdminSession& session, std::string_view kind, const Reply& reply,
          const std::function<std::string(const Reply&)>& as_text) {
  session.terminal().out << shown<Reply>(session, kind, reply, as_text, false) << std::flush;
}

/// The same for one message of a stream: text on a terminal takes the place of the one before.
template <typename Reply>
void show_next(AdminSession& session, std::string_view kind, const Reply& reply,
               const std::function<std::string(const Reply&)>& as_text) {
  constexpr std::string_view clear = "\x1b[H\x1b[J";
  const bool screen = session.terminal().out_is_tty && !session.json() && !session.rows_only();
  session.terminal().out << (screen ? clear : "")
                         << shown<Reply>(session, kind, reply, as_text, true) << std::flush;
}

/// A table, or a sentence on standard error when there is nothing to show.
inline std::string table_or(AdminSession& session, const Table& table, std::string_view none) {
  if (session.rows_only()) {
    if (!session.rows) session.rows.emplace();
    *session.rows += session.output == Output::csv ? table.csv() : table.names();
  }
  if (!table.empty()) return table.render(session.terminal().colour);
  session.terminal().err << none << "\n";
  return {};
}

/// Asks once and shows the reply.
template <typename Request, typename Reply>
Exit ask_and_show(AdminSession& session, const UnaryMethod<Request, Reply>& method,
                  const Request& request, std::string_view kind, const std::string& failed,
                  const std::function<std::string(const Reply&)>& as_text) {
  const auto reply = session.ask(method, request);
  if (!reply) return session.fail_with(failed, reply.error());
  show<Reply>(session, kind, *reply, as_text);
  return Exit::ok;
}

/// Shows each message of a stream until it ends.
template <typename Request, typename Reply>
Exit watch_and_show(AdminSession& session, const ServerStreamMethod<Request, Reply>& method,
                    const Request& request, std::string_view kind, const std::string& failed,
                    const std::function<std::string(const Reply&)>& as_text) {
  const Status ended = session.watch<Request, Reply>(method, request, [&](const Reply& reply) {
    show_next<Reply>(session, kind, reply, as_text);
  });
  if (!ended) return session.fail_with(failed, ended.error());
  return Exit::ok;
}

/// What a listing calls: once, or with --watch for every change.
template <typename Request, typename Reply>
struct Listing {
  const char* once;   // "ListPaths"
  const char* watch;  // "WatchPaths"
  const char* kind;   // "PathList"
  const char* failed;

  Exit show(AdminSession& session, bool watching, const Request& request,
            const std::function<std::string(const Reply&)>& as_text) const {
    if (watching) {
      return watch_and_show<Request, Reply>(session, admin_stream<Request, Reply>(watch), request,
                                            kind, failed, as_text);
    }
    return ask_and_show<Request, Reply>(session, admin_method<Request, Reply>(once), request, kind,
                                        failed, as_text);
  }
};

}  // namespace weir::cli
