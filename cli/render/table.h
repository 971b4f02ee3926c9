#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/render/text.h"

namespace weir::cli {

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
};

struct Cell {
  Cell(std::string content, Tone how = Tone::plain) : text(std::move(content)), tone(how) {}
  Cell(const char* content) : text(content) {}
  std::string text;
  Tone tone = Tone::plain;
};

/// Rows under titles, two blanks apart, as wide as their contents; nothing after the last cell.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// As many cells as columns. Contents are made printable here.
  void add(std::vector<Cell> row);
  bool empty() const { return rows_.empty(); }
  std::string render(bool colour) const;
  /// RFC 4180, with the titles; cells a group of rows has once, at its head, are in each of them.
  std::string csv() const;
  /// What stands in the first column, once each, a line each.
  std::string names() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace weir::cli
