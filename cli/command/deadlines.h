#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace weir::cli {

/// What the controller takes for a ping of so many packets, and some for the way there and back.
constexpr std::chrono::milliseconds ping_deadline(std::uint32_t packets) {
  constexpr std::chrono::milliseconds each{100};
  constexpr std::chrono::milliseconds slack{5'000};
  return packets * each + slack;
}

/// For one question of a wait that ends in `left`: a controller that takes the question and says
/// nothing does not keep us beyond the end. The last one still gets the time of an answer.
constexpr std::chrono::milliseconds question_deadline(std::chrono::nanoseconds left,
                                                      std::chrono::milliseconds usual) {
  constexpr std::chrono::milliseconds least{100};
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(left);
  return std::min(usual, std::max(whole, least));
}

}  // namespace weir::cli
