#include "controller/simulate/yaml/time_shape.h"

namespace weir::controller {

Distribution read_distribution(ConfigSection section, const Distribution& fallback) {
  using Kind = Distribution::Kind;
  Distribution d = fallback;
  d.kind = section.choice<Kind>("shape",
                                {{"constant", Kind::constant},
                                 {"exponential", Kind::exponential},
                                 {"lognormal", Kind::lognormal},
                                 {"pareto", Kind::pareto},
                                 {"bimodal", Kind::bimodal},
                                 {"empirical", Kind::empirical}},
                                fallback.kind);
  d.mean = section.number("mean_ms", {.min = 0.001, .max = 600'000, .fallback = fallback.mean});
  switch (d.kind) {
    case Kind::constant:
    case Kind::exponential:
      break;
    case Kind::lognormal:
      d.cv = section.number("cv", {.min = 0.001, .max = 10, .fallback = fallback.cv});
      break;
    case Kind::pareto:
      d.shape = section.number("tail", {.min = 1.06, .max = 100, .fallback = fallback.shape});
      break;
    case Kind::bimodal:
      d.slow_share = section.number(
          "slow_share", {.min = 0.0001, .max = 0.9999, .fallback = fallback.slow_share});
      d.slow_factor =
          section.number("slow_factor", {.min = 1, .max = 1000, .fallback = fallback.slow_factor});
      break;
    case Kind::empirical:
      d.values = section.numbers("values", {.min = 0, .max = 1e9});
      if (d.values.empty()) section.complain("values", "at least one is needed");
      break;
  }
  const std::string wrong = complaint(d);
  if (!wrong.empty() && section.present()) section.complain("", wrong);
  return d;
}

Use read_use(ConfigSection& section) {
  return section.choice<Use>(
      "use", {{"training", Use::training}, {"validation", Use::validation}, {"test", Use::test}});
}

double read_ms(ConfigSection& section, std::string_view name, double fallback_ms) {
  const auto fallback = std::chrono::milliseconds(static_cast<std::int64_t>(fallback_ms));
  return static_cast<double>(
      section.duration(name, {.max = std::chrono::hours(24 * 7), .fallback = fallback}).count());
}

}  // namespace weir::controller
