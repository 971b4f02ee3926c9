#include "cli/render/json.h"

#include <google/protobuf/util/json_util.h>

#include "common/base/assert.h"

namespace weir::cli {

std::string json_document(std::string_view kind, const google::protobuf::Message& message,
                          bool one_line) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = !one_line;
  options.always_print_primitive_fields = true;
  std::string body;
  const auto printed = google::protobuf::util::MessageToJsonString(message, &body, options);
  WEIR_ASSERT(printed.ok(), "every message has a JSON form");

  const std::string_view gap = one_line ? "" : "\n ";
  std::string all = "{" + std::string(gap) + "\"apiVersion\":" + (one_line ? "" : " ") +
                    "\"weir.v1\"," + std::string(gap) + "\"kind\":" + (one_line ? "" : " ") + "\"" +
                    std::string(kind) + "\"";
  const std::size_t first = body.find('"');
  if (first == std::string::npos) return all + (one_line ? "" : "\n") + "}\n";  // no fields
  all += "," + std::string(gap) + body.substr(first);
  if (all.back() != '\n') all += '\n';
  return all;
}

std::string json_line(const google::protobuf::Message& message) {
  std::string line;
  const auto printed = google::protobuf::util::MessageToJsonString(message, &line);
  WEIR_ASSERT(printed.ok(), "every message has a JSON form");
  return line;
}

}  // namespace weir::cli
