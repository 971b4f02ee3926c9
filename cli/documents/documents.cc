#include "cli/documents/documents.h"

#include <algorithm>
#include <boost/json/object.hpp>

#include "cli/render/units.h"
#include "common/base/text.h"
#include "common/config/config.h"
#include "common/model/guardrail.h"
#include "common/model/revision.h"

namespace weir::cli {
namespace {

constexpr std::size_t k_documents_max = 10'000;

/// One document's text, with as many line ends before it as there are lines before it in the file:
/// its complaints name the file's lines.
std::vector<std::string> split_stream(std::string_view text) {
  std::vector<std::string> documents;
  std::string now;
  std::size_t lines = 0;
  const auto end_one = [&] {
    if (!trim(now).empty()) documents.push_back(std::move(now));
    now.assign(lines, '\n');
  };
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, size);
    ++lines;
    if (trim(line) == "---" && line.starts_with("---")) {
      end_one();
    } else {
      now.append(line).push_back('\n');
    }
    text.remove_prefix(std::min(size + 1, text.size()));
  }
  end_one();
  return documents;
}

/// Comments alone are no document.
bool is_blank(std::string_view text) {
  return std::ranges::all_of(split(text, '\n'), [](std::string_view line) {
    return trim(line).empty() || trim(line).starts_with('#');
  });
}

void read_pin(ConfigSection& spec, Document& made) {
  ConfigSection weights = spec.section("weights");
  std::int64_t sum = 0;
  for (const std::string& region : weights.keys()) {
    const std::int64_t weight = weights.integer(region, {.min = 0, .max = k_weight_max});
    made.spec["weights." + region] = std::to_string(weight);
    sum += weight;
  }
  if (sum == 0) spec.complain("weights", "must have a weight above 0");
}

void read_guardrail(ConfigSection& spec, Document& made) {
  const std::string value = spec.text("value");
  const auto name = split_name(made);
  const weir::Guardrail* guardrail = name ? find_guardrail(name->rest) : nullptr;
  if (guardrail == nullptr) return;  // the name's complaint says it
  const auto parsed = parse_guardrail(*guardrail, value);
  if (parsed) {
    made.spec["value"] = guardrail_text(*guardrail, *parsed);
  } else {
    spec.complain("value", parsed.error().message());
  }
}

Document read_document(ConfigSection root) {
  Document made;
  const std::string version = root.text("apiVersion", "weir.v1");
  if (version != "weir.v1") root.complain("apiVersion", "must be weir.v1");
  made.kind = root.choice<std::string>("kind", {{k_pin, std::string(k_pin)},
                                                {k_policy_mode, std::string(k_policy_mode)},
                                                {k_guardrail, std::string(k_guardrail)}});
  ConfigSection metadata = root.section("metadata");
  made.name = metadata.text("name");
  if (const auto name = split_name(made); !made.name.empty() && !name) {
    metadata.complain("name", name.error().message());
  }
  ConfigSection spec = root.section("spec");
  if (made.kind == k_pin) read_pin(spec, made);
  if (made.kind == k_guardrail) read_guardrail(spec, made);
  if (made.kind == k_policy_mode) {
    made.spec["mode"] = spec.choice<std::string>("mode", {{"static", std::string("static")},
                                                          {"shadow", std::string("shadow")},
                                                          {"assist", std::string("assist")},
                                                          {"auto", std::string("auto")}});
    return made;
  }
  const std::string expires = spec.text("expires", "");
  if (expires.empty()) return made;
  const auto moment = parse_moment(expires, 0);
  if (moment && *moment > 0) {
    made.expires_unix_ms = *moment;
  } else {
    spec.complain("expires", "must be a moment such as 2026-11-23T07:03:29Z");
  }
  return made;
}

}  // namespace

Result<DocumentName> split_name(const Document& document) {
  const auto parts = split(document.name, '/');
  const std::size_t wanted = document.kind == k_policy_mode ? 2 : 3;
  const bool whole =
      parts.size() == wanted &&
      std::ranges::none_of(parts, [](std::string_view part) { return part.empty(); });
  if (!whole) {
    return fail(Code::invalid_argument,
                in_quotes(document.name) + " must be NAMESPACE/NAME" +
                    (document.kind == k_pin         ? "/REGION, where requests start"
                     : document.kind == k_guardrail ? "/GUARDRAIL"
                                                    : ""));
  }
  DocumentName made{.service = std::string(parts[0]) + "/" + std::string(parts[1]), .rest = {}};
  if (wanted == 3) made.rest = parts[2];
  if (document.kind == k_guardrail && find_guardrail(made.rest) == nullptr) {
    return fail(Code::invalid_argument, in_quotes(made.rest) +
                                            " is no guardrail; list them with: "
                                            "weirctl guardrails status");
  }
  return made;
}

Result<std::vector<Document>> parse_documents(std::string_view text, const std::string& file) {
  std::vector<Document> documents;
  for (const std::string& one : split_stream(text)) {
    if (is_blank(one)) continue;
    WEIR_ASSIGN(config, Config::parse(one, file));
    ConfigSection root = config.root();
    if (root.has("items")) {
      (void)root.text("apiVersion", "weir.v1");
      (void)root.text("kind", "");
      for (ConfigSection& item : root.sections("items", k_documents_max)) {
        documents.push_back(read_document(item));
      }
    } else {
      documents.push_back(read_document(root));
    }
    WEIR_TRY(config.finish());
    if (documents.size() > k_documents_max) {
      return fail(Code::invalid_argument, file + ": more than 10000 documents");
    }
  }
  for (const Document& one : documents) {
    const auto same = [&one](const Document& other) {
      return other.kind == one.kind && other.name == one.name;
    };
    if (std::ranges::count_if(documents, same) > 1) {
      return fail(Code::invalid_argument,
                  file + ": " + one.kind + " " + in_quotes(one.name) + " stands twice");
    }
  }
  return documents;
}

boost::json::object fields_of(const Document& document) {
  boost::json::object spec;
  for (const auto& [path, value] : document.spec) {
    const std::size_t dot = path.find('.');
    if (dot == std::string::npos) {
      spec.emplace(path, value);
      continue;
    }
    boost::json::value& inner =
        spec.emplace(path.substr(0, dot), boost::json::object()).first->value();
    // What has a path below another is a number: a weight.
    const auto number = parse_number(value, UINT32_MAX);
    inner.as_object().emplace(path.substr(dot + 1),
                              number ? boost::json::value(*number) : boost::json::value(value));
  }
  if (document.expires_unix_ms != 0) spec.emplace("expires", show_utc(document.expires_unix_ms));
  return {{"metadata", boost::json::object{{"name", document.name}}}, {"spec", std::move(spec)}};
}

}  // namespace weir::cli
