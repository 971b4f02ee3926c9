#include "cli/command/show_plain.h"

#include <boost/json/serialize.hpp>
#include <ostream>
#include <utility>

#include "cli/render/yaml.h"

namespace weir::cli {
namespace {

namespace json = boost::json;

/// As protobuf prints its own documents: one field a line, one blank for each level.
void print(const json::value& value, std::size_t depth, std::string& out) {
  const std::string gap = "\n" + std::string(depth + 1, ' ');
  const char* separator = "";
  if (const json::object* object = value.if_object(); object != nullptr && !object->empty()) {
    out += "{";
    for (const auto& [name, entry] : *object) {
      out += separator + gap + json::serialize(json::value(name)) + ": ";
      print(entry, depth + 1, out);
      separator = ",";
    }
    out += "\n" + std::string(depth, ' ') + "}";
  } else if (const json::array* array = value.if_array(); array != nullptr && !array->empty()) {
    out += "[";
    for (const json::value& entry : *array) {
      out += separator + gap;
      print(entry, depth + 1, out);
      separator = ",";
    }
    out += "\n" + std::string(depth, ' ') + "]";
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string plain_document(const AdminSession& session, std::string_view kind, json::object fields,
                           bool one_of_many) {
  json::object whole{{"apiVersion", "weir.v1"}, {"kind", json::string_view(kind)}};
  for (auto& [name, value] : fields) whole.emplace(name, std::move(value));
  if (session.output == Output::yaml) {
    return (one_of_many ? "---\n" : "") + yaml_of(json::serialize(whole));
  }
  if (session.output == Output::jsonl || one_of_many) return json::serialize(whole) + "\n";
  std::string out;
  print(whole, 0, out);
  return out + "\n";
}

void show_plain(AdminSession& session, std::string_view kind, json::object fields,
                const std::function<std::string()>& as_text) {
  std::ostream& out = session.terminal().out;
  if (session.json()) {
    out << plain_document(session, kind, std::move(fields)) << std::flush;
    return;
  }
  session.rows.reset();
  const std::string text = as_text();
  if (session.rows_only() && !session.rows) {
    session.terminal().err << "this answer is no table: shown as text\n";
  }
  out << (session.rows_only() && session.rows ? *session.rows : text) << std::flush;
}

}  // namespace weir::cli
