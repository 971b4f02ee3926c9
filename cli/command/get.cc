// weirctl get: everything there is, kind by kind, as documents.

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <span>
#include <utility>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/live_documents.h"
#include "cli/command/show.h"
#include "cli/command/show_plain.h"
#include "cli/documents/kinds.h"
#include "cli/render/units.h"

namespace weir::cli {
namespace {

namespace json = boost::json;

/// A column of a kind's table: a field by its path in the JSON of one object.
struct Field {
  const char* title;
  const char* path;
  bool moment = false;
};

/// A kind that can only be looked at.
struct Sort {
  const char* word;
  const char* kind;
  const char* list;               // in the reply
  std::vector<const char*> name;  // fields, joined by "/"
  std::vector<Field> columns;
  Result<std::string> (*ask)(AdminSession&);  // the reply as JSON
};

template <typename Request, typename Reply>
Result<std::string> ask(AdminSession& session, const char* method, const Request& request = {}) {
  const auto reply = session.ask(admin_method<Request, Reply>(method), request);
  if (!reply) return fail(reply.error());
  return json_document("", *reply, true);
}

std::span<const Sort> sorts() {
  static const std::array<Sort, 8> all = {{
      {"agents",
       "Agent",
       "agents",
       {"agent"},
       {{"CLUSTER", "cluster"},
        {"CONNECTED", "connected"},
        {"VERSION", "version"},
        {"SEEN", "lastSeenUnixMs", true}},
       [](AdminSession& session) {
         return ask<ListAgentsRequest, ListAgentsReply>(session, "ListAgents");
       }},
      {"services",
       "Service",
       "services",
       {"service"},
       {{"PROTOCOL", "protocol"}, {"PORT", "listenPort"}, {"OBJECTIVE MS", "objectiveMs"}},
       [](AdminSession& session) {
         return ask<ListServicesRequest, ListServicesReply>(session, "ListServices");
       }},
      {"paths",
       "Path",
       "paths",
       {"fromAgent", "path.toAgent"},
       {{"UP", "path.up"},
        {"P50 US", "path.rttP50Us"},
        {"P99 US", "path.rttP99Us"},
        {"LOSS PPM", "path.lossPpm"},
        {"SINCE", "sinceUnixMs", true}},
       [](AdminSession& session) {
         return ask<ListPathsRequest, ListPathsReply>(session, "ListPaths");
       }},
      {"weights",
       "Weights",
       "rows",
       {"service", "fromRegion"},
       {{"PINNED", "pinned"}, {"REVISION", "generation"}, {"RATE", "requestsPerSecond"}},
       [](AdminSession& session) {
         return ask<GetWeightsRequest, GetWeightsReply>(session, "GetWeights");
       }},
      {"policies",
       "Policy",
       "policies",
       {"service"},
       {{"MODE", "mode"}, {"POLICY", "policy"}, {"GOAL", "goal"}, {"STEERS", "steering"}},
       [](AdminSession& session) {
         return ask<ListPoliciesRequest, ListPoliciesReply>(session, "ListPolicies");
       }},
      {"failovers",
       "Failover",
       "failovers",
       {"service", "fromRegion", "toRegion"},
       {{"STATE", "state"}, {"SINCE", "sinceUnixMs", true}},
       [](AdminSession& session) {
         return ask<ListFailoversRequest, ListFailoversReply>(session, "ListFailovers");
       }},
      {"tokens",
       "Token",
       "tokens",
       {"id"},
       {{"REGION", "region"},
        {"CLUSTER", "cluster"},
        {"STATE", "state"},
        {"ENDS", "expiresUnixMs", true}},
       [](AdminSession& session) {
         return ask<ListTokensRequest, ListTokensReply>(session, "ListTokens");
       }},
      {"access",
       "Access",
       "tokens",
       {"id"},
       {{"NAME", "name"}, {"ROLE", "role"}, {"ENDS", "expiresUnixMs", true}},
       [](AdminSession& session) {
         return ask<ListAccessRequest, ListAccessReply>(session, "ListAccess");
       }},
  }};
  return all;
}

/// The value at "path.rttP50Us" as a word; empty: it is not there.
std::string word_at(const json::object& object, std::string_view path) {
  const std::size_t dot = path.find('.');
  const json::value* value = object.if_contains(json::string_view(path.substr(0, dot)));
  if (value == nullptr) return {};
  if (dot != std::string_view::npos && value->is_object()) {
    return word_at(value->as_object(), path.substr(dot + 1));
  }
  return value->is_string() ? std::string(value->as_string()) : json::serialize(*value);
}

/// One object of any kind: its document, and its cells after the name.
struct Object {
  std::string kind;
  std::string name;
  json::object fields;  // of the document, without apiVersion and kind
  std::vector<Cell> cells;
};

Result<std::vector<Object>> looked_up(AdminSession& session, const Sort& sort) {
  WEIR_ASSIGN(reply, sort.ask(session));
  const json::value whole = json::parse(reply);
  std::vector<Object> objects;
  for (const json::value& entry : whole.at(sort.list).as_array()) {
    const json::object& from = entry.as_object();
    Object& made = objects.emplace_back();
    made.kind = sort.kind;
    for (const char* field : sort.name) {
      made.name += (made.name.empty() ? "" : "/") + word_at(from, field);
    }
    for (const Field& column : sort.columns) {
      std::string word = word_at(from, column.path);
      if (column.moment) word = session.when(std::atoll(word.c_str()));
      made.cells.emplace_back(word.empty() ? "-" : word);
    }
    made.fields = {{"metadata", json::object{{"name", made.name}}}, {"status", from}};
  }
  return objects;
}

Result<std::vector<Object>> changed(AdminSession& session, std::string_view kind) {
  WEIR_ASSIGN(documents, live_documents(session, kind));
  std::vector<Object> objects;
  for (const Document& document : documents) {
    std::string spec;
    for (const auto& [path, value] : document.spec) {
      spec += (spec.empty() ? "" : ", ") + path.substr(path.find('.') + 1) + "=" + value;
    }
    objects.push_back({.kind = document.kind,
                       .name = document.name,
                       .fields = fields_of(document),
                       .cells = {Cell(spec), Cell(session.when(document.expires_unix_ms))}});
  }
  return objects;
}

/// One JSON document for a name, one with `items` for all; of YAML a document each.
void print(AdminSession& session, std::vector<Object> objects, bool named,
           std::vector<Column> titles) {
  std::ostream& out = session.terminal().out;
  if (session.json() && session.output != Output::json) {
    for (Object& one : objects) {
      out << plain_document(session, one.kind, std::move(one.fields), !named);
    }
    out << std::flush;
    return;
  }
  if (session.json()) {
    if (named) {
      out << plain_document(session, objects.front().kind, std::move(objects.front().fields));
      return;
    }
    json::array items;
    for (Object& one : objects) {
      json::object item{{"apiVersion", "weir.v1"}, {"kind", one.kind}};
      for (auto& [field, value] : one.fields) item.emplace(field, std::move(value));
      items.emplace_back(std::move(item));
    }
    out << plain_document(session, "List", {{"items", std::move(items)}});
    return;
  }
  Table table(std::move(titles));
  for (Object& one : objects) {
    std::vector<Cell> row{Cell(one.name)};
    std::ranges::move(one.cells, std::back_inserter(row));
    table.add(std::move(row));
  }
  session.rows.reset();
  const std::string text = table_or(session, table, "There are none.");
  out << (session.rows ? *session.rows : text) << std::flush;
}

Exit get(AdminSession& session, const std::string& word, const std::string& name) {
  const std::string failed = "cannot get " + word + (name.empty() ? "" : " " + name);
  const auto known = sorts();
  const auto sort = std::ranges::find_if(known, [&](const Sort& one) { return word == one.word; });
  const DocumentKind* changeable = find_document_kind(word);
  const bool only_looked_at = changeable == nullptr;
  auto objects = only_looked_at ? looked_up(session, *sort) : changed(session, changeable->kind);
  if (!objects) return session.fail_with(failed, objects.error());
  std::vector<Column> titles{{"NAME"}};
  if (only_looked_at) {
    for (const Field& column : sort->columns) titles.push_back({column.title});
  } else {
    titles.insert(titles.end(), {{"SPEC"}, {"ENDS"}});
  }
  if (!name.empty()) {
    std::erase_if(*objects, [&name](const Object& one) { return one.name != name; });
    if (objects->empty()) {
      return session.fail_with(Exit::not_found, failed, "there is none of that name",
                               "weirctl get " + word);
    }
  }
  print(session, *std::move(objects), !name.empty(), std::move(titles));
  return Exit::ok;
}

}  // namespace

void add_get(CommandSyntax program, AdminSession& session, Exit& exit) {
  struct Options {
    std::string kind;
    std::string name;
  };
  std::vector<std::string> words;
  for (const DocumentKind& one : document_kinds()) words.emplace_back(one.word);
  for (const Sort& one : sorts()) words.emplace_back(one.word);
  const auto options = std::make_shared<Options>();
  CommandSyntax getting = program.add(
      "get", "Objects of a kind; -o yaml of pins, policymodes, guardrails is what apply takes");
  getting.option("kind", options->kind, "What").one_of(words).required();
  getting.option("name", options->name, "As it stands in the first column").takes("NAME");
  getting.runs([&session, &exit, options] { exit = get(session, options->kind, options->name); });
}

}  // namespace weir::cli
