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

}  // namespace weir::cli
