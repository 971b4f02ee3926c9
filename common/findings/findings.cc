#include "common/findings/findings.h"

#include <algorithm>
#include <iterator>

#include "common/findings/examination.h"

namespace weir {

namespace {

constexpr std::string_view k_checks[] = {"controller", "agents",  "discovery", "paths", "services",
                                         "failover",   "weights", "policy",    "joins"};

constexpr std::string_view k_codes[] = {
    "WEIR-100", "WEIR-101", "WEIR-102", "WEIR-103", "WEIR-104", "WEIR-105", "WEIR-201", "WEIR-202",
    "WEIR-203", "WEIR-204", "WEIR-205", "WEIR-206", "WEIR-207", "WEIR-208", "WEIR-209", "WEIR-210",
    "WEIR-211", "WEIR-212", "WEIR-301", "WEIR-302", "WEIR-303", "WEIR-304", "WEIR-401", "WEIR-402",
    "WEIR-403", "WEIR-404", "WEIR-405", "WEIR-406", "WEIR-407", "WEIR-408", "WEIR-409", "WEIR-501",
    "WEIR-502", "WEIR-503", "WEIR-504", "WEIR-505", "WEIR-601", "WEIR-602", "WEIR-603", "WEIR-604",
    "WEIR-701", "WEIR-702", "WEIR-703", "WEIR-704", "WEIR-801", "WEIR-802", "WEIR-803", "WEIR-804",
    "WEIR-901", "WEIR-902"};

}  // namespace

std::vector<Finding> findings_of(const MeshSnapshot& mesh) {
  Examination examination(mesh);
  examination.look_at_controller();
  examination.look_at_agents();
  examination.look_at_discovery();
  examination.look_at_paths();
  examination.look_at_services();
  examination.look_at_failover();
  examination.look_at_weights();
  examination.look_at_policies();
  examination.look_at_joins();
  return examination.take();
}

bool well(const std::vector<Finding>& findings) {
  return std::ranges::none_of(
      findings, [](const Finding& finding) { return finding.level == Finding::Level::fail; });
}

std::string_view level_name(Finding::Level level) {
  return level == Finding::Level::fail ? "fail" : "warn";
}

std::vector<std::string_view> looked_at() { return {std::begin(k_checks), std::end(k_checks)}; }

std::vector<std::string_view> finding_codes() { return {std::begin(k_codes), std::end(k_codes)}; }

}  // namespace weir
