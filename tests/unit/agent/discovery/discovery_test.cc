#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>

#include "agent/discovery/endpoints_file.h"
#include "agent/discovery/file_discovery.h"
#include "common/async/task_group.h"

namespace weir::agent {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

std::string shown(const EndpointMap& map) {
  std::string text;
  for (const auto& [service, endpoints] : map) {
    text += service.value() + "=";
    for (const Endpoint& endpoint : endpoints) text += endpoint.to_string() + ",";
    text += ";";
  }
  return text;
}

struct Case {
  const char* name;
  std::string text;
  std::string shown;      // of an accepted file
  std::string complaint;  // of a refused one
};

class EndpointsFile : public testing::TestWithParam<Case> {};

TEST_P(EndpointsFile, IsReadOrExplained) {
  const auto map = parse_endpoints(GetParam().text);
  if (GetParam().complaint.empty()) {
    ASSERT_TRUE(map.has_value()) << map.error().message();
    EXPECT_EQ(shown(*map), GetParam().shown);
  } else {
    ASSERT_FALSE(map.has_value());
    EXPECT_NE(map.error().message().find(GetParam().complaint), std::string::npos)
        << map.error().message();
  }
}

std::string many_endpoints(int count) {
  std::string text = "services:\n  a/b:\n";
  for (int i = 0; i < count; ++i) text += "    - 10.0.0.1:" + std::to_string(1 + i) + "\n";
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    Table, EndpointsFile,
    testing::Values(
        Case{"Typical", "services: {shop/web: [\"10.1.0.12:80\", \"10.1.0.11:80\"], shop/api: []}",
             "shop/api=;shop/web=10.1.0.11:80,10.1.0.12:80,;", ""},
        Case{"Block", "services:\n  shop/web:\n    - 10.1.0.11:80\n    - \"[fd00::1]:80\"\n",
             "shop/web=10.1.0.11:80,[fd00::1]:80,;", ""},
        Case{"Repeated", "services: {a/b: [\"10.1.0.1:80\", \"10.1.0.1:80\"]}", "a/b=10.1.0.1:80,;",
             ""},
        Case{"Empty", "", "", ""}, Case{"NoServices", "services:\n", "", ""},
        Case{"NotYaml", "services: {a/b: [", "", "line 1: "},
        Case{"List", "- a\n", "", "the file starts with"},
        Case{"UnknownKey", "services: {}\nservers: {}\n", "", "line 2: \"servers\" is unknown"},
        Case{"BadEndpoint", "services:\n  a/b:\n    - 10.1.0.1:80\n    - 10.1.0.1\n", "",
             "line 4: "},
        Case{"PortZero", "services:\n  a/b: [\"10.1.0.1:0\"]\n", "",
             "line 2: \"10.1.0.1:0\" is no"},
        Case{"BadName", "services:\n  A B: []\n", "", "line 2: \"A B\" is no service name"},
        Case{"Twice", "services:\n  a/b: []\n  a/b: []\n", "", "line 3: \"a/b\" stands here twice"},
        Case{"NotAList", "services:\n  a/b: 10.1.0.1:80\n", "", "needs a list of endpoints"},
        Case{"Aliases", "services: {a/b: &x [\"10.1.0.1:80\"], a/c: *x}",
             "a/b=10.1.0.1:80,;a/c=10.1.0.1:80,;", ""},
        Case{"Loop", "services: {a/b: &x [*x]}", "", "an endpoint is"},
        Case{"Deep", std::string(100000, '['), "", "line"},
        Case{"TooLong", std::string(k_endpoints_file_max + 1, ' '), "", "longer than 1 MiB"},
        Case{"TooMany", many_endpoints(10001), "", "more than 10000 endpoints"}),
    [](const auto& row) { return row.param.name; });

TEST(EndpointsFileLimit, TakesTenThousandEndpoints) {
  const auto map = parse_endpoints(many_endpoints(10000));
  ASSERT_TRUE(map.has_value());
  EXPECT_EQ(map->begin()->second.size(), 10000U);
}

class FileDiscoveryTest : public testing::Test {
 protected:
  FileDiscoveryTest() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "weir_discovery_XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    file_ = directory_ / "endpoints.yaml";
  }
  ~FileDiscoveryTest() override {
    tasks_.stop();
    context_.restart();
    context_.run_for(std::chrono::seconds(5));
    std::filesystem::remove_all(directory_);
  }

  void start(milliseconds poll) {
    discovery_ = std::make_unique<FileDiscovery>(file_, clock_, poll);
    tasks_.spawn("discovery", discovery_->run([this](const Result<EndpointMap>& map) {
      told_.push_back(map ? shown(*map) : map.error().message());
    }));
  }
  void write(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file) << text;
  }
  /// By rename, as a careful writer does it.
  void replace(const std::string& text) {
    write(directory_ / "new", text);
    std::filesystem::rename(directory_ / "new", file_);
  }
  bool told(const std::string& what) {
    for (int i = 0; i < 500; ++i) {
      if (!told_.empty() && told_.back().find(what) != std::string::npos) return true;
      context_.restart();
      context_.run_for(milliseconds(10));
    }
    return false;
  }

  asio::io_context context_;
  SystemClock clock_;
  TaskGroup tasks_{context_.get_executor()};
  std::filesystem::path directory_;
  std::filesystem::path file_;
  std::unique_ptr<FileDiscovery> discovery_;
  std::vector<std::string> told_;
};

TEST_F(FileDiscoveryTest, SeesAFilePutInPlaceByRename) {
  write(file_, "services: {a/b: [\"10.1.0.1:80\"]}");
  start(std::chrono::hours(1));  // events alone must do
  EXPECT_TRUE(told("a/b=10.1.0.1:80,;"));
  for (int i = 2; i < 6; ++i) {
    replace("services: {a/b: [\"10.1.0." + std::to_string(i) + ":80\"]}");
    EXPECT_TRUE(told("a/b=10.1.0." + std::to_string(i) + ":80,;"));
  }
}

TEST_F(FileDiscoveryTest, KeepsTheLastGoodMapAndSaysWhatIsWrongOnce) {
  write(file_, "services: {a/b: [\"10.1.0.1:80\"]}");
  start(milliseconds(20));
  EXPECT_TRUE(told("a/b="));
  replace("services:\n  a/b: [\"nonsense\"]");
  EXPECT_TRUE(told("endpoints.yaml: line 2: "));
  context_.restart();
  context_.run_for(milliseconds(200));
  EXPECT_EQ(told_.size(), 2U);
  std::filesystem::remove(file_);
  EXPECT_TRUE(told("cannot open"));
  replace("services: {a/b: [\"10.1.0.1:80\"]}");
  EXPECT_TRUE(told("a/b=10.1.0.1:80,;"));
  EXPECT_EQ(told_.size(), 4U);
}

TEST_F(FileDiscoveryTest, WaitsForADirectoryThatDoesNotExistYet) {
  file_ = directory_ / "later" / "endpoints.yaml";
  start(milliseconds(20));
  EXPECT_TRUE(told("cannot open"));
  std::filesystem::create_directory(directory_ / "later");
  write(file_, "services: {a/b: []}");
  EXPECT_TRUE(told("a/b=;"));
}

}  // namespace
}  // namespace weir::agent
