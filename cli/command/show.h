#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <string_view>

#include "cli/admin_session.h"
#include "cli/command/admin_methods.h"
#include "cli/render/json.h"
#include "cli/render/table.h"

namespace weir::cli {

/// Prints a reply as `-o` says: a JSON document of `kind`, or what `as_text` makes of it.
template <typename Reply>
void show(AdminSession& session, std::string_view kind, const Reply& reply,
          const std::function<std::string(const Reply&)>& as_text) {
  session.terminal().out << (session.json() ? json_document(kind, reply, false) : as_text(reply))
                         << std::flush;
}

/// The same for one message of a stream: on a terminal it takes the place of the one before, else
/// JSON is one line each.
template <typename Reply>
void show_next(AdminSession& session, std::string_view kind, const Reply& reply,
               const std::function<std::string(const Reply&)>& as_text) {
  std::ostream& out = session.terminal().out;
  if (session.json()) {
    out << json_document(kind, reply, true) << std::flush;
    return;
  }
  constexpr std::string_view clear = "\x1b[H\x1b[J";
  out << (session.terminal().out_is_tty ? clear : "") << as_text(reply) << std::flush;
}

/// A table, or a sentence on standard error when there is nothing to show.
inline std::string table_or(AdminSession& session, const Table& table, std::string_view none) {
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
