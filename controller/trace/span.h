#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/time.h"

namespace weir::controller {

/// One `key: value` of a span.
struct SpanAttribute {
  using Value = std::variant<std::string, std::int64_t, bool, std::vector<std::string>>;
  std::string key;
  Value value;
  friend bool operator==(const SpanAttribute&, const SpanAttribute&) = default;
};

/// A step that took some time.
struct Span {
  std::uint64_t id = 0;      // never 0
  std::uint64_t parent = 0;  // 0: the first of its trace
  std::string_view name;     // a constant
  Time begin{};
  Time end{};
  std::vector<SpanAttribute> attributes = {};
  std::string problem = {};  // empty: all went well
};

/// Everything of one decision. The first span is the whole, the others are its steps.
struct Trace {
  std::uint64_t id_high = 0;
  std::uint64_t id_low = 0;
  std::vector<Span> spans;
};

}  // namespace weir::controller
