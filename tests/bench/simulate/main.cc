// How fast the simulator is: events a second on one core, median of several runs.
//
// An event is one entry taken from the event queue: an arrival, a request that reaches a region, a
// worker that is done, an answer that reaches its source, a timer. What happens along with it (a
// request that leaves a queue, an attempt that starts) is not counted again.

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "controller/simulate/simulation.h"
#include "controller/simulate/yaml/scenario_files.h"

namespace weir::controller {
namespace {

struct Case {
  std::string family = "steady";
  std::string map = "aws-six";
  double load = 0.7;
  int runs = 7;
};

struct Measured {
  double seconds = 0;  // of this thread's processor time
  double events = 0;
  double requests = 0;
  double in_objective = 0;
  std::uint64_t trace = 0;
};

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Measured measure(const Scenario& scenario) {
  const double begin = processor_seconds();
  Simulation simulation(scenario, 1);
  const Grid<double> weights = simulation.setting().static_weights;
  while (simulation.advance()) {
    simulation.wish({.shares = weights, .shed = {}, .why = {}, .expected_in_slo = {}});
  }
  const SimulationResult result = simulation.finish();
  return {.seconds = processor_seconds() - begin,
          .events = static_cast<double>(result.events),
          .requests = static_cast<double>(result.requests),
          .in_objective = result.total.share_in(scenario.objective),
          .trace = result.trace};
}

std::string first_line_with(const char* file, const std::string& word) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (line.contains(word)) return line;
  }
  return "";
}

void print_machine() {
  const std::string model = first_line_with("/proc/cpuinfo", "model name");
  std::printf("machine  %s, %u cores, load average %s\n",
              model.empty() ? "unknown" : model.substr(model.find(':') + 2).c_str(),
              std::thread::hardware_concurrency(), first_line_with("/proc/loadavg", "").c_str());
}

template <typename T>
T or_die(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().message().c_str());
  std::exit(2);
}

Scenario load(const Case& what) {
  const std::string root = WEIR_SCENARIOS;
  Config map_file = or_die(Config::load(root + "/maps/" + what.map + ".yaml"));
  Config family_file = or_die(Config::load(root + "/families/" + what.family + ".yaml"));
  const WorldMap map = or_die(read_map(map_file));
  const Family family = or_die(read_family(family_file));
  return or_die(compose(map, family, what.load, 1));
}

int bench(const Case& what) {
  const Scenario scenario = load(what);
  print_machine();
  std::printf("scenario %s at %.2f, %.0f s, static weights, seed 1\n", scenario.name.c_str(),
              what.load, scenario.duration_ms / 1000);
  std::vector<Measured> runs;
  for (int n = 0; n < what.runs; ++n) runs.push_back(measure(scenario));
  std::ranges::sort(runs, {}, &Measured::seconds);
  const Measured& middle = runs[runs.size() / 2];
  std::printf(
      "one run  %.0f requests, %.0f events (%.2f a request), %.1f %% within the objective\n",
      middle.requests, middle.events, middle.events / middle.requests, middle.in_objective * 100);
  std::printf("median   %.3f s of processor time (%.3f to %.3f in %d runs)\n", middle.seconds,
              runs.front().seconds, runs.back().seconds, what.runs);
  std::printf("speed    %.2f million events/s, %.2f million requests/s, %.0f x real time\n",
              middle.events / middle.seconds * 1e-6, middle.requests / middle.seconds * 1e-6,
              scenario.duration_ms / 1000 / middle.seconds);
  std::printf("trace    %016llx\n", static_cast<unsigned long long>(middle.trace));
  return 0;
}

}  // namespace
}  // namespace weir::controller

int main(int argc, char** argv) {
  CLI::App app{"Measures how many events a second the simulator handles"};
  weir::controller::Case what;
  app.add_option("--family", what.family, "a file of tests/bench/scenarios/families");
  app.add_option("--map", what.map, "a file of tests/bench/scenarios/maps");
  app.add_option("--load", what.load, "mean demand over capacity")->check(CLI::Range(0.01, 3.0));
  app.add_option("--runs", what.runs, "runs to take the median of")->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, argc, argv);
  return weir::controller::bench(what);
}
