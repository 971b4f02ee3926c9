#include "common/sim/rng.h"

#include <cmath>
#include <numbers>

namespace weir {
namespace {

std::uint64_t splitmix(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

}  // namespace

Rng::Rng(std::uint64_t seed) : state_{} {
  for (std::uint64_t& word : state_) word = splitmix(seed);
}

std::uint64_t Rng::below(std::uint64_t bound) {
  if (bound == 0) return 0;
  // Draws above the last whole multiple of bound would favour small values.
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  std::uint64_t drawn = next();
  while (drawn >= limit) drawn = next();
  return drawn % bound;
}

double Rng::exponential(double mean) { return -mean * std::log1p(-unit()); }

double Rng::normal(double mean, double deviation) {
  const double radius = std::sqrt(-2.0 * std::log1p(-unit()));
  return mean + deviation * radius * std::cos(2.0 * std::numbers::pi * unit());
}

Rng Rng::fork() { return Rng(next()); }

}  // namespace weir
