#include "tests/bench/policy/contestant.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <sstream>

#include "controller/policy/rivals/best_static.h"
#include "tests/bench/policy/oracle.h"

namespace weir::bench {
namespace {

using controller::PolicyMaterial;
using controller::Scenario;
using controller::SimulationResult;
using controller::Tuning;

constexpr std::string_view k_weights_only = "-weights";

/// The same shares for ever, past every guard but residency: what hindsight would have set.
class FixedShares final : public ServicePolicy {
 public:
  explicit FixedShares(Grid<double> shares) : shares_(std::move(shares)) {}
  std::string_view name() const override { return "best-static"; }
  ServiceWish observe(const ServiceObservation& /*seen*/) override {
    return {.shares = shares_, .shed = {}, .why = {}, .expected_in_slo = {}};
  }

 private:
  const Grid<double> shares_;
};

std::vector<double> mean_demand(const SimulationResult& result, const Scenario& scenario) {
  const double seconds = (scenario.duration_ms - scenario.warm_up_ms) / 1000;
  std::vector<double> demand(scenario.size(), 0);
  for (std::size_t from = 0; from < scenario.size(); ++from) {
    for (const auto& counts : result.pairs.row(from)) {
      demand[from] += static_cast<double>(counts.offered) / seconds;
    }
  }
  return demand;
}

Result<Contestant> one_contestant(const controller::PolicyCatalog& catalog, const std::string& name,
                                  const TunedSettings& tuned, const std::string& checkpoint) {
  const bool use_tuned = name.ends_with('*');
  std::string plain = use_tuned ? name.substr(0, name.size() - 1) : name;
  Contestant contestant{.name = name, .tuning = {}, .checkpoint = {}};
  if (plain.ends_with(k_weights_only) && catalog.find(plain) == nullptr) {
    contestant.weights_only = true;
    plain.resize(plain.size() - k_weights_only.size());
  }
  if (plain == "best-static") {
    contestant.best_static = true;
    return contestant;
  }
  if (plain == "oracle") {
    contestant.oracle = true;
    return contestant;
  }
  contestant.kind = catalog.find(plain);
  contestant.request_kind = catalog.find_request(plain);
  if (!contestant.kind && !contestant.request_kind) {
    return fail(Code::not_found, "no policy " + plain);
  }
  const auto& tunables =
      contestant.kind ? contestant.kind->tunables : contestant.request_kind->tunables;
  if (contestant.kind && contestant.kind->takes_checkpoint) contestant.checkpoint = checkpoint;
  contestant.tuning = Tuning(tunables);
  if (!use_tuned) return contestant;
  const auto found = tuned.find(plain);
  if (found == tuned.end()) return fail(Code::not_found, "no tuned settings for " + plain);
  WEIR_ASSIGN(tuning, Tuning::create(tunables, found->second));
  contestant.tuning = tuning;
  return contestant;
}

}  // namespace

Result<TunedSettings> read_tuned(const std::string& file) {
  std::ifstream stream(file);
  std::stringstream text;
  if (!stream || !(text << stream.rdbuf())) return fail(Code::not_found, file + " cannot be read");
  boost::json::error_code why;
  const boost::json::value document = boost::json::parse(text.str(), why);
  if (why || !document.is_object())
    return fail(Code::invalid_argument, file + " is no JSON object");
  TunedSettings tuned;
  for (const auto& policy : document.get_object()) {
    if (!policy.value().is_object()) return fail(Code::invalid_argument, file + ": not an object");
    for (const auto& setting : policy.value().get_object()) {
      const auto number = setting.value().to_number<double>(why);
      if (why) return fail(Code::invalid_argument, file + ": not a number");
      tuned[policy.key()][setting.key()] = number;
    }
  }
  return tuned;
}

Status write_tuned(const std::string& file, const TunedSettings& settings) {
  std::ofstream stream(file);
  stream << "{";
  const char* before = "\n";
  for (const auto& [policy, values] : settings) {
    stream << before << "  \"" << policy << "\": {";
    const char* between = "";
    for (const auto& [name, value] : values) {
      stream << between << "\"" << name << "\": " << value;
      between = ", ";
    }
    stream << "}";
    before = ",\n";
  }
  stream << "\n}\n";
  stream.flush();
  if (!stream) return fail(Code::unavailable, file + " cannot be written");
  return {};
}

Result<std::vector<Contestant>> choose_contestants(const controller::PolicyCatalog& catalog,
                                                   const std::vector<std::string>& names,
                                                   const TunedSettings& tuned,
                                                   const std::string& checkpoint) {
  std::vector<std::string> meant;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(meant, name) == meant.end()) meant.push_back(name);
  };
  for (const std::string& name : names) {
    if (name != "all") {
      add(name);
      continue;
    }
    add("best-static");
    add("oracle");
    const auto add_kind = [&](const auto& kind) {
      add(std::string(kind.name));
      if (tuned.contains(std::string(kind.name))) add(std::string(kind.name) + "*");
    };
    std::ranges::for_each(catalog.kinds(), add_kind);
    std::ranges::for_each(catalog.request_kinds(), add_kind);
  }
  std::vector<Contestant> contestants;
  for (const std::string& name : meant) {
    WEIR_ASSIGN(contestant, one_contestant(catalog, name, tuned, checkpoint));
    contestants.push_back(std::move(contestant));
  }
  return contestants;
}

/// The truth is as old as what others are told: of the moment the wish is made.
SimulationResult run_oracle(const Scenario& scenario, std::uint64_t seed) {
  controller::Simulation simulation(scenario, seed);
  const Oracle oracle(simulation.setting());
  while (simulation.advance()) {
    simulation.wish(oracle.wish(simulation.truth(), simulation.shares()));
  }
  SimulationResult result = simulation.finish();
  result.policy = "oracle";
  result.seed = seed;
  return result;
}

Result<SimulationResult> run_contestant(const Contestant& contestant, const Scenario& scenario,
                                        std::uint64_t seed) {
  if (contestant.oracle) return run_oracle(scenario, seed);
  const ServiceSetting setting = controller::setting_of(scenario);
  const PolicyMaterial material{
      .tuning = contestant.tuning, .seed = seed, .checkpoint = contestant.checkpoint};
  if (contestant.request_kind) {
    const auto policy = contestant.request_kind->make(setting, material);
    return controller::run(scenario, seed, *policy);
  }
  WEIR_ASSIGN(policy, contestant.kind->make(setting, material));
  controller::SimulationOptions options;
  options.limits = !contestant.weights_only;
  return controller::run(scenario, seed, *policy, options);
}

SimulationResult run_fixed(const Grid<double>& shares, const Scenario& scenario,
                           std::uint64_t seed) {
  FixedShares policy(shares);
  return controller::run(scenario, seed, policy,
                         {.min_share = 0, .max_step = 1, .first_shares = shares});
}

Grid<double> find_best_static(const std::vector<Scenario>& by_seed, std::uint64_t seeds,
                              int evaluations) {
  const Scenario& first = by_seed.front();
  const ServiceSetting setting = controller::setting_of(first);
  const SimulationResult seen = run_fixed(setting.static_weights, first, 1);
  controller::BestStaticSearch search(setting, mean_demand(seen, first), 1);
  const std::uint64_t runs = std::min<std::uint64_t>(seeds, by_seed.size());
  for (int i = 0; i < evaluations; ++i) {
    double score = 0;
    for (std::uint64_t seed = 1; seed <= runs; ++seed) {
      const Scenario& scenario = by_seed[seed - 1];
      score += run_fixed(search.ask(), scenario, seed).total.share_in(scenario.objective);
    }
    search.tell(score);
  }
  return search.best();
}

}  // namespace weir::bench
