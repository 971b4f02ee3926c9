#include "cli/render/table.h"

#include <algorithm>

#include "common/base/assert.h"

namespace weir::cli {

void Table::add(std::vector<Cell> row) {
  WEIR_ASSERT(row.size() == columns_.size(), "a row has one cell per column");
  for (Cell& cell : row) cell.text = printable(cell.text);
  rows_.push_back(std::move(row));
}

namespace {

void append(std::string& line, const Cell& cell, Align align, std::size_t width, bool last,
            bool colour) {
  const std::size_t used = columns(cell.text);
  const std::string fill(width > used ? width - used : 0, ' ');
  if (align == Align::right) line += fill;
  line += toned(cell.text, cell.tone, colour);
  if (last) return;
  if (align == Align::left) line += fill;
  line += "  ";
}

void trim_end(std::string& line) {
  while (!line.empty() && line.back() == ' ') line.pop_back();
}

}  // namespace

std::string Table::render(bool colour) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = columns(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, columns(row[i].text));
    widths.push_back(width);
  }
  std::string all;
  const auto add_line = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      append(line, cell_of(i), columns_[i].align, widths[i], i + 1 == columns_.size(), colour);
    }
    trim_end(line);
    all += line + "\n";
  };
  add_line([&](std::size_t i) { return Cell(columns_[i].title); });
  for (const auto& row : rows_) add_line([&](std::size_t i) { return row[i]; });
  return all;
}

namespace {

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string all = "\"";
  for (const char letter : text) all += letter == '"' ? "\"\"" : std::string(1, letter);
  return all + "\"";
}

}  // namespace

std::string Table::csv() const {
  std::string all;
  for (std::size_t i = 0; i < columns_.size(); ++i)
    all += (i ? "," : "") + quoted(columns_[i].title);
  all += "\n";
  std::vector<std::string> above(columns_.size());
  for (const auto& row : rows_) {
    bool group = true;
    for (std::size_t i = 0; i < row.size(); ++i) {
      group = group && row[i].text.empty();
      if (!group) above[i] = row[i].text;
      all += (i ? "," : "") + quoted(above[i]);
    }
    all += "\n";
  }
  return all;
}

std::string Table::names() const {
  std::string all;
  std::vector<std::string> told;
  for (const auto& row : rows_) {
    const std::string& name = row.front().text;
    if (name.empty() || std::ranges::find(told, name) != told.end()) continue;
    told.push_back(name);
    all += name + "\n";
  }
  return all;
}

}  // namespace weir::cli
