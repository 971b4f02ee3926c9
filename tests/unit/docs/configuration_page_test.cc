// docs/configuration.md lists what the readers of the two files really ask for. The words of its
// last column are written by hand; everything before them is held here.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

#include "agent/app/options.h"
#include "controller/app/options.h"

namespace weir {
namespace {

// Every section that is only read when it is there, and every kind of check. Regions are called
// REGION, as on the page.
constexpr const char* k_controller_file = R"(
mesh: demo
regions: [REGION]
prices: {egress_from: {REGION: 0.02}, pairs: [{from: REGION, to: REGION, per_gb: 0.01}]}
tunnel: {public_endpoint: "192.0.2.1:51820"}
admin:
  tcp: {listen: "192.0.2.1:7443", certificate: c, key: k, client_ca: a, roles: {NAME: viewer}}
locations: {REGION: "53.3, -6.2"}
web: {listen: "127.0.0.1:7080"}
tracing: {endpoint: "http://collector:4318"}
services:
  - name: shop/http
    listen_port: 1
    weights: {pairs: [{from: REGION, to: REGION, weight: 1}]}
    policy: {capacity: {REGION: 100}}
    health: {kind: http}
    guards: {max_cost_per_hour: 5, residency: {REGION: [REGION]}}
    failover: {tiers: {REGION: [[REGION]]}}
  - {name: shop/grpc, listen_port: 2, health: {kind: grpc}}
  - {name: shop/exec, listen_port: 3, health: {kind: exec, command: [/bin/true]}}
)";

constexpr const char* k_agent_file = R"(
discovery: {file: /etc/weir/endpoints.yaml}
gateway: {listen: 127.0.0.1}
)";

/// Key to "takes | default".
using Rows = std::map<std::string, std::string>;

std::string told(const std::optional<std::string>& fallback) {
  if (!fallback) return "required";
  return fallback->empty() ? "empty" : "`" + *fallback + "`";
}

Rows rows_of(const Config& config) {
  Rows rows;
  for (const ConfigField& field : config.fields()) {
    rows[field.path] = field.takes + " | " + told(field.fallback);
  }
  return rows;
}

/// The rows below `heading`: | `key` | takes | default | what |.
Rows rows_on_page(const std::string& heading) {
  std::ifstream page(WEIR_DOCS "/configuration.md");
  EXPECT_TRUE(page) << "docs/configuration.md cannot be read";
  Rows rows;
  std::string line;
  bool here = false;
  while (std::getline(page, line)) {
    if (line.starts_with("## ")) here = line == "## " + heading;
    if (!here || !line.starts_with("| `")) continue;
    std::vector<std::string> cells;
    for (std::size_t at = 2; at < line.size();) {
      const std::size_t end = std::min(line.find(" |", at), line.size());
      cells.push_back(line.substr(at, end - at));
      at = std::min(end + 3, line.size());
    }
    EXPECT_EQ(cells.size(), 4U) << line;
    if (cells.size() != 4) continue;
    EXPECT_FALSE(cells[3].empty()) << "nobody says what it is for: " << line;
    rows[cells[0].substr(1, cells[0].size() - 2)] = cells[1] + " | " + cells[2];
  }
  return rows;
}

void expect_the_same(const Rows& read, const Rows& told) {
  for (const auto& [key, row] : read) {
    const auto found = told.find(key);
    EXPECT_TRUE(found != told.end() && found->second == row)
        << "docs/configuration.md needs: | `" << key << "` | " << row << " | ... |";
  }
  for (const auto& [key, row] : told) {
    EXPECT_TRUE(read.contains(key))
        << "docs/configuration.md lists " << key << ", which nobody reads";
  }
}

TEST(ConfigurationPage, ListsEveryKeyOfTheAgent) {
  auto config = Config::parse(k_agent_file, "agent.yaml");
  ASSERT_TRUE(config);
  const auto options = agent::read_agent_options(*config);
  ASSERT_TRUE(options) << options.error().message();
  expect_the_same(rows_of(*config), rows_on_page("agent.yaml"));
}

TEST(ConfigurationPage, ListsEveryKeyOfTheController) {
  // A region's name has small letters only; its complaint is not what matters here.
  auto config = Config::parse(k_controller_file, "controller.yaml");
  ASSERT_TRUE(config);
  (void)controller::read_controller_options(*config);
  expect_the_same(rows_of(*config), rows_on_page("controller.yaml"));
}

}  // namespace
}  // namespace weir
