#include "cli/documents/difference.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "cli/render/text.h"
#include "cli/render/units.h"

namespace weir::cli {
namespace {

constexpr std::int64_t k_same_end_ms = 2'000;

bool same_end(std::int64_t a, std::int64_t b) {
  if (a == 0 || b == 0) return a == b;
  return std::abs(a - b) < k_same_end_ms;
}

const Document* find(const std::vector<Document>& documents, const Document& like) {
  const auto found = std::ranges::find_if(documents, [&like](const Document& one) {
    return one.kind == like.kind && one.name == like.name;
  });
  return found == documents.end() ? nullptr : &*found;
}

std::map<std::string, std::string> lines_of(const std::optional<Document>& document) {
  if (!document) return {};
  auto lines = document->spec;
  if (document->expires_unix_ms != 0) lines["expires"] = show_utc(document->expires_unix_ms);
  return lines;
}

}  // namespace

std::string_view Step::action() const {
  if (!have) return "create";
  if (!want) return "remove";
  const bool same =
      have->spec == want->spec && same_end(have->expires_unix_ms, want->expires_unix_ms);
  return same ? "keep" : "change";
}

std::vector<Step> difference(const std::vector<Document>& have, const std::vector<Document>& want,
                             const std::vector<std::string>& prune) {
  std::vector<Step> steps;
  for (const Document& document : want) {
    Step& step = steps.emplace_back();
    step.want = document;
    if (const Document* there = find(have, document)) step.have = *there;
  }
  for (const Document& document : have) {
    if (find(want, document) != nullptr || std::ranges::count(prune, document.kind) == 0) continue;
    steps.push_back({.have = document, .want = std::nullopt});
  }
  return steps;
}

std::size_t changes_in(const std::vector<Step>& steps) {
  return static_cast<std::size_t>(
      std::ranges::count_if(steps, [](const Step& step) { return step.action() != "keep"; }));
}

std::string in_words(const std::vector<Step>& steps) {
  std::string all;
  for (const Step& step : steps) {
    if (step.action() == "keep") continue;
    const Document& about = step.either();
    all += std::string(step.action()) + " " + about.kind + " " + printable(about.name) + "\n";
    const auto before = lines_of(step.have);
    const auto after = lines_of(step.want);
    for (const auto& [path, value] : before) {
      const auto other = after.find(path);
      if (other != after.end() && other->second == value) continue;
      all += "  - " + printable(path) + ": " + printable(value) + "\n";
    }
    for (const auto& [path, value] : after) {
      const auto other = before.find(path);
      if (other != before.end() && other->second == value) continue;
      all += "  + " + printable(path) + ": " + printable(value) + "\n";
    }
  }
  return all;
}

}  // namespace weir::cli
