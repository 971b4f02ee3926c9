#include "cli/render/matrix.h"

#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "common/base/text.h"

namespace weir::cli {

namespace {

/// "northeast" -> "ne", "central" -> "c"; another word keeps its first four letters.
std::string short_word(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, char>, 5> directions = {
      {{"north", 'n'}, {"south", 's'}, {"east", 'e'}, {"west", 'w'}, {"central", 'c'}}};
  std::string letters;
  std::string_view rest = word;
  for (bool found = true; found && !rest.empty();) {
    found = false;
    for (const auto& [name, letter] : directions) {
      if (!rest.starts_with(name)) continue;
      letters += letter;
      rest.remove_prefix(name.size());
      found = true;
    }
  }
  return rest.empty() && !letters.empty() ? letters : std::string(word.substr(0, 4));
}

std::string short_name(const std::string& region) {
  const auto parts = split(region, '-');
  std::string name(parts.front());
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const bool number = parts[i].find_first_not_of("0123456789") == std::string_view::npos;
    if (!number) name += "-" + short_word(parts[i]);
  }
  return name;
}

}  // namespace

std::vector<std::string> short_region_names(const std::vector<std::string>& regions) {
  std::vector<std::string> names;
  for (const std::string& region : regions) names.push_back(short_name(region));
  const std::set<std::string> different(names.begin(), names.end());
  return different.size() == names.size() ? names : regions;
}

Table matrix_table(const std::vector<std::string>& regions,
                   const std::vector<std::vector<Cell>>& cells) {
  std::vector<Column> titles{{""}};
  for (std::string& name : short_region_names(regions)) {
    titles.push_back({printable(name), Align::right});
  }
  Table table(std::move(titles));
  for (std::size_t from = 0; from < regions.size(); ++from) {
    std::vector<Cell> row{Cell(regions[from])};
    row.insert(row.end(), cells[from].begin(), cells[from].end());
    table.add(std::move(row));
  }
  return table;
}

}  // namespace weir::cli
