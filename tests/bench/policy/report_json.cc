#include <cmath>
#include <cstdio>
#include <memory>

#include "tests/bench/policy/report.h"

namespace weir::bench {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// JSON has no infinities: what never came, and what is not known, is null.
void number(std::FILE* file, const char* name, double value) {
  if (std::isfinite(value)) {
    std::fprintf(file, "\"%s\":%.9g", name, value);
  } else {
    std::fprintf(file, "\"%s\":null", name);
  }
}

void write_run(std::FILE* file, const RunRecord& run) {
  std::fprintf(file, "{\"in_objective\":[%.9g,%.9g,%.9g]", run.in_objective[0], run.in_objective[1],
               run.in_objective[2]);
  const std::pair<const char*, double> fields[] = {{"ok", run.ok},
                                                   {"errors", run.errors},
                                                   {"timeouts", run.timeouts},
                                                   {"shed", run.shed},
                                                   {"p50_ms", run.p50_ms},
                                                   {"p99_ms", run.p99_ms},
                                                   {"mean_ms", run.mean_ms},
                                                   {"remote", run.remote},
                                                   {"cost_per_hour", run.cost_per_hour},
                                                   {"churn", run.churn},
                                                   {"guarded", run.guarded},
                                                   {"recovery_s", run.recovery_s},
                                                   {"settled_s", run.settled_s}};
  for (const auto& [name, value] : fields) {
    std::fprintf(file, ",");
    number(file, name, value);
  }
  std::fprintf(file, ",\"trace\":\"%016llx\"}", static_cast<unsigned long long>(run.trace));
}

}  // namespace

Status write_json(const Contest& contest, const std::string& file) {
  const File out(std::fopen(file.c_str(), "w"), std::fclose);
  if (!out) return fail(Code::unavailable, file + " cannot be written");
  std::fprintf(out.get(), "{\"objective\":%zu,\"cells\":[", contest.objective);
  for (std::size_t i = 0; i < contest.cells.size(); ++i) {
    const Cell& cell = contest.cells[i];
    const auto& objectives = cell.by_seed.front().objectives_ms;
    std::fprintf(out.get(), "%s\n{\"family\":\"%s\",\"map\":\"%s\",\"load\":%.9g,", i ? "," : "",
                 cell.family.c_str(), cell.map.c_str(), cell.load);
    std::fprintf(out.get(), "\"objectives_ms\":[%.9g,%.9g,%.9g]}", objectives[0], objectives[1],
                 objectives[2]);
  }
  std::fprintf(out.get(), "],\"policies\":[");
  for (std::size_t c = 0; c < contest.contestants.size(); ++c) {
    std::fprintf(out.get(), "%s\n{\"name\":\"%s\",\"settings\":{", c ? "," : "",
                 contest.contestants[c].name.c_str());
    const char* between = "";
    for (const auto& [name, value] : contest.contestants[c].tuning.values()) {
      std::fprintf(out.get(), "%s", between);
      number(out.get(), name.c_str(), value);
      between = ",";
    }
    std::fprintf(out.get(), "},\"runs\":[");
    for (std::size_t cell = 0; cell < contest.cells.size(); ++cell) {
      std::fprintf(out.get(), "%s\n[", cell ? "," : "");
      for (std::size_t seed = 0; seed < contest.records[c][cell].size(); ++seed) {
        if (seed) std::fprintf(out.get(), ",\n ");
        write_run(out.get(), contest.records[c][cell][seed]);
      }
      std::fprintf(out.get(), "]");
    }
    std::fprintf(out.get(), "]}");
  }
  std::fprintf(out.get(), "]}\n");
  if (std::fflush(out.get()) != 0) return fail(Code::unavailable, file + " cannot be written");
  return {};
}

}  // namespace weir::bench
