#include "controller/simulate/recent_answers.h"

#include <algorithm>

namespace weir::controller {

void RecentAnswers::add(std::uint32_t in_flight, double latency_ms) {
  answers_[count_++ % k_kept] = {in_flight, static_cast<float>(latency_ms)};
}

double RecentAnswers::near(std::uint32_t in_flight) const {
  const std::size_t kept = std::min<std::size_t>(count_, k_kept);
  if (kept == 0) return 0;
  struct Candidate {
    std::uint32_t apart;
    std::uint32_t age;
    float latency_ms;
  };
  std::array<Candidate, k_kept> found{};
  for (std::size_t age = 0; age < kept; ++age) {
    const Answer& answer = answers_[(count_ - 1 - age) % k_kept];
    const std::uint32_t apart =
        answer.in_flight > in_flight ? answer.in_flight - in_flight : in_flight - answer.in_flight;
    found[age] = {apart, static_cast<std::uint32_t>(age), answer.latency_ms};
  }
  const auto end = found.begin() + static_cast<std::ptrdiff_t>(kept);
  const std::size_t used = std::min(kept, k_near);
  const auto near_end = found.begin() + static_cast<std::ptrdiff_t>(used);
  std::partial_sort(found.begin(), near_end, end, [](const Candidate& a, const Candidate& b) {
    return a.apart != b.apart ? a.apart < b.apart : a.age < b.age;
  });
  const auto middle = found.begin() + static_cast<std::ptrdiff_t>(used / 2);
  std::nth_element(found.begin(), middle, near_end, [](const Candidate& a, const Candidate& b) {
    return a.latency_ms < b.latency_ms;
  });
  return middle->latency_ms;
}

}  // namespace weir::controller
