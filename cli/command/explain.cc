// weirctl explain: the documents that apply takes, field by field.

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <utility>
#include <vector>

#include "cli/command/command.h"
#include "cli/command/show.h"
#include "cli/command/show_plain.h"
#include "cli/documents/kinds.h"

namespace weir::cli {

namespace {

/// The field and what lies below it: "spec" names "spec.mode".
bool belongs(const DocumentField& field, std::string_view wanted) {
  return wanted.empty() || field.path == wanted ||
         (field.path.starts_with(wanted) && field.path.substr(wanted.size()).starts_with('.'));
}

Exit list_kinds(AdminSession& session) {
  boost::json::array list;
  Table table({{"KIND"}, {"OF GET"}, {"WHAT IT IS"}});
  for (const DocumentKind& kind : document_kinds()) {
    list.push_back(
        boost::json::object{{"kind", kind.kind}, {"word", kind.word}, {"meaning", kind.meaning}});
    table.add({std::string(kind.kind), std::string(kind.word), std::string(kind.meaning)});
  }
  show_plain(session, "DocumentKinds", {{"kinds", std::move(list)}},
             [&] { return table_or(session, table, ""); });
  return Exit::ok;
}

Exit explain(AdminSession& session, const std::string& what) {
  if (what.empty()) return list_kinds(session);
  const std::size_t dot = std::min(what.find('.'), what.size());
  const std::string wanted = what.substr(std::min(dot + 1, what.size()));
  const DocumentKind* kind = find_document_kind(std::string_view(what).substr(0, dot));
  if (kind == nullptr) {
    return session.fail_with(Exit::not_found, "cannot explain " + printable(what),
                             "no document is of that kind", "weirctl explain");
  }
  boost::json::array list;
  Table table({{"FIELD"}, {"FORM"}, {"WHAT IT IS"}});
  for (const DocumentField& field : kind->fields) {
    if (!belongs(field, wanted)) continue;
    list.push_back(boost::json::object{{"path", field.path},
                                       {"form", field.form},
                                       {"required", field.required},
                                       {"meaning", field.meaning}});
    table.add({std::string(field.path) + (field.required && !session.rows_only() ? " *" : ""),
               std::string(field.form), std::string(field.meaning)});
  }
  if (list.empty()) {
    return session.fail_with(Exit::not_found, "cannot explain " + printable(what),
                             "a " + std::string(kind->kind) + " has no such field",
                             "weirctl explain " + std::string(kind->kind));
  }
  show_plain(session, "DocumentKind",
             {{"of", kind->kind}, {"fields", std::move(list)}, {"example", kind->example}}, [&] {
               const std::string fields = table_or(session, table, "");
               if (!wanted.empty()) return fields;
               return std::string(kind->kind) + ": " + std::string(kind->meaning) + "\n\n" +
                      fields + "\n* required\n\n" + std::string(kind->example);
             });
  return Exit::ok;
}

}  // namespace

void add_explain(CommandSyntax program, AdminSession& session, Exit& exit) {
  const auto what = std::make_shared<std::string>();
  CommandSyntax command = program.add("explain", "What stands in the documents of apply and get");
  command.option("what", *what, "A kind, or KIND.FIELD; without it, the kinds").takes("KIND");
  command.runs([&session, &exit, what] { exit = explain(session, *what); });
}

}  // namespace weir::cli
