#include <boost/json/parse.hpp>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include "tests/bench/policy/report.h"

namespace weir::bench {
namespace {

namespace json = boost::json;

/// What JSON has no number for: never came, or there is none.
double number_or(const json::object& run, const char* name, double otherwise) {
  const json::value* found = run.if_contains(name);
  return found && !found->is_null() ? found->to_number<double>() : otherwise;
}

RunRecord run_of(const json::object& run, bool incident) {
  const double unknown = std::numeric_limits<double>::quiet_NaN();
  const double never = incident ? std::numeric_limits<double>::infinity() : unknown;
  RunRecord record;
  const json::array& shares = run.at("in_objective").as_array();
  for (std::size_t i = 0; i < record.in_objective.size(); ++i) {
    record.in_objective[i] = shares.at(i).to_number<double>();
  }
  const std::pair<const char*, double RunRecord::*> fields[] = {
      {"ok", &RunRecord::ok},
      {"errors", &RunRecord::errors},
      {"timeouts", &RunRecord::timeouts},
      {"shed", &RunRecord::shed},
      {"p50_ms", &RunRecord::p50_ms},
      {"p99_ms", &RunRecord::p99_ms},
      {"mean_ms", &RunRecord::mean_ms},
      {"remote", &RunRecord::remote},
      {"cost_per_hour", &RunRecord::cost_per_hour},
      {"churn", &RunRecord::churn},
      {"guarded", &RunRecord::guarded}};
  for (const auto& [name, field] : fields) record.*field = number_or(run, name, unknown);
  record.recovery_s = number_or(run, "recovery_s", never);
  record.settled_s = number_or(run, "settled_s", never);
  record.trace = std::stoull(std::string(run.at("trace").as_string()), nullptr, 16);
  return record;
}

bool same_scenarios(const Contest& contest, const json::object& earlier) {
  const json::array& cells = earlier.at("cells").as_array();
  bool same = cells.size() == contest.cells.size() &&
              earlier.at("objective").to_number<std::size_t>() == contest.objective;
  for (std::size_t i = 0; same && i < cells.size(); ++i) {
    const json::object& cell = cells[i].as_object();
    const Cell& here = contest.cells[i];
    same = cell.at("family").as_string() == here.family && cell.at("map").as_string() == here.map &&
           std::abs(cell.at("load").to_number<double>() - here.load) < 1e-6;
  }
  return same;
}

Status add_policy(Contest& contest, const json::object& policy) {
  const std::string name(policy.at("name").as_string());
  for (const Contestant& known : contest.contestants) {
    if (known.name == name) return {};
  }
  std::vector<std::vector<RunRecord>> records;
  const json::array& runs = policy.at("runs").as_array();
  for (std::size_t i = 0; i < contest.cells.size(); ++i) {
    const auto& by_seed = contest.cells[i].by_seed;
    const json::array& row = runs.at(i).as_array();
    if (row.size() != by_seed.size()) {
      return fail(Code::invalid_argument, name + " has " + std::to_string(row.size()) +
                                              " seeds, not " + std::to_string(by_seed.size()));
    }
    records.emplace_back();
    for (const json::value& run : row) {
      records.back().push_back(run_of(run.as_object(), has_incident(by_seed.front())));
    }
  }
  contest.contestants.push_back({.name = name, .tuning = {}, .checkpoint = {}});
  contest.records.push_back(std::move(records));
  return {};
}

}  // namespace

Status add_earlier(Contest& contest, const std::string& file) {
  std::ifstream stream(file);
  std::stringstream text;
  if (!stream || !(text << stream.rdbuf())) return fail(Code::not_found, file + " cannot be read");
  try {
    const json::value read = json::parse(text.str());
    if (!same_scenarios(contest, read.as_object())) {
      return fail(Code::invalid_argument, file + " is about other scenarios or another objective");
    }
    for (const json::value& policy : read.at("policies").as_array()) {
      const Status added = add_policy(contest, policy.as_object());
      if (!added) return fail(Error(added.error()).within(file));
    }
  } catch (const std::exception& problem) {
    return fail(Code::invalid_argument, file + ": " + problem.what());
  }
  return {};
}

}  // namespace weir::bench
