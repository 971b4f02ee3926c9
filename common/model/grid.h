#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace weir {

/// A table of sources (rows) by destinations (columns), dense, row after row.
template <typename T>
class Grid {
 public:
  Grid() = default;
  Grid(std::size_t rows, std::size_t columns, T value = T())
      : rows_(rows), columns_(columns), cells_(rows * columns, value) {}

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  bool empty() const { return cells_.empty(); }

  T& operator()(std::size_t row, std::size_t column) { return cells_[row * columns_ + column]; }
  const T& operator()(std::size_t row, std::size_t column) const {
    return cells_[row * columns_ + column];
  }
  std::span<T> row(std::size_t row) { return {cells_.data() + row * columns_, columns_}; }
  std::span<const T> row(std::size_t row) const {
    return {cells_.data() + row * columns_, columns_};
  }
  std::span<T> cells() { return cells_; }
  std::span<const T> cells() const { return cells_; }

  friend bool operator==(const Grid&, const Grid&) = default;

 private:
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::vector<T> cells_;
};

}  // namespace weir
