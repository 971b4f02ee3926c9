#include "tests/bench/policy/tune.h"

#include "tests/bench/policy/statistics.h"

namespace weir::bench {

Result<TuneResult> tune(const Contestant& contestant, const std::vector<Cell>& cells,
                        const TuneOptions& options) {
  const auto& tunables =
      contestant.kind ? contestant.kind->tunables : contestant.request_kind->tunables;
  Rng rng(1);
  std::vector<Contestant> candidates = {contestant};
  candidates.front().tuning = controller::Tuning(tunables);
  const int draws = tunables.empty() ? 1 : options.evaluations;
  while (static_cast<int>(candidates.size()) < draws) {
    candidates.push_back(contestant);
    candidates.back().tuning = controller::Tuning::draw(tunables, rng);
  }
  WEIR_ASSIGN(records,
              run_contest(candidates, cells, {.threads = options.threads, .progress = {}}));
  TuneResult result;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    std::vector<double> shares;
    for (std::size_t cell = 0; cell < cells.size(); ++cell) {
      const std::size_t objective = cells[cell].by_seed.front().objective;
      for (const RunRecord& record : records[i][cell]) {
        shares.push_back(record.in_objective[objective]);
      }
    }
    const double score = mean(shares);
    if (i == 0) result.standard = score;
    if (i == 0 || score > result.best) {
      result.best = score;
      const auto& values = candidates[i].tuning.values();
      result.settings = {values.begin(), values.end()};
    }
  }
  return result;
}

}  // namespace weir::bench
