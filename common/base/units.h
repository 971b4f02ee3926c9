#pragma once

#include <compare>
#include <cstdint>

namespace weir {

/// A share between 0 and 1.
class Ratio {
 public:
  constexpr Ratio() = default;
  constexpr explicit Ratio(double value) : value_(value) {}
  constexpr double value() const { return value_; }
  friend constexpr auto operator<=>(Ratio, Ratio) = default;

 private:
  double value_ = 0;
};

/// A size of data.
class Bytes {
 public:
  constexpr Bytes() = default;
  constexpr explicit Bytes(std::uint64_t count) : count_(count) {}
  constexpr std::uint64_t count() const { return count_; }
  friend constexpr auto operator<=>(Bytes, Bytes) = default;

 private:
  std::uint64_t count_ = 0;
};

}  // namespace weir
