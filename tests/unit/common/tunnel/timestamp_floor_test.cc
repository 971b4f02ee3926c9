#include "common/tunnel/timestamp_floor.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace weir {
namespace {

constexpr auto k_ahead = static_cast<std::uint64_t>(TimestampFloor::k_ahead.count());

struct TimestampFloors : testing::Test {
  TimestampFloors() {
    std::string name = std::filesystem::temp_directory_path() / "weir-floor-XXXXXX";
    folder = ::mkdtemp(name.data());
    path = folder / "timestamp";
  }
  ~TimestampFloors() override { std::filesystem::remove_all(folder); }
  std::string text() const {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::filesystem::path folder;
  std::filesystem::path path;
};

TEST_F(TimestampFloors, OutliveTheirRun) {
  {
    auto first = TimestampFloor::open(path);
    ASSERT_TRUE(first.has_value()) << first.error().message();
    EXPECT_EQ(first->ns(), 0U);
    first->sending(1000);
  }
  auto second = TimestampFloor::open(path);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->ns(), 1000 + k_ahead);
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(TimestampFloors, AreWrittenOnlyWhenATimestampPassesThem) {
  auto floor = TimestampFloor::open(path);
  floor->sending(1000);
  std::filesystem::remove(path);
  floor->sending(1000 + k_ahead);
  EXPECT_FALSE(std::filesystem::exists(path));
  floor->sending(1001 + k_ahead);
  EXPECT_EQ(text(), std::to_string(1001 + 2 * k_ahead) + "\n");
}

TEST_F(TimestampFloors, TakeWhatTheyDidNotWriteForNothing) {
  for (const char* const content : {"", "17", "x\n", "-5\n", "17 \n", "9223372036854775808\n",
                                    "99999999999999999999999999\n", "1\n2\n"}) {
    std::ofstream(path) << content;
    auto floor = TimestampFloor::open(path);
    ASSERT_TRUE(floor.has_value());
    EXPECT_EQ(floor->ns(), 0U) << content;
  }
  std::ofstream(path) << "17\n";
  EXPECT_EQ(TimestampFloor::open(path)->ns(), 17U);
}

TEST_F(TimestampFloors, SayWhereTheyCannotBeKept) {
  EXPECT_EQ(TimestampFloor::open("timestamp").error().code(), Code::invalid_argument);
  EXPECT_EQ(TimestampFloor::open(folder / "none" / "timestamp").error().code(), Code::not_found);
  EXPECT_FALSE(TimestampFloor::open(folder).has_value());
  EXPECT_FALSE(TimestampFloor::open(path.string() + "/x").has_value());
}

TEST_F(TimestampFloors, TryAgainWhenTheDiskDidNotTakeIt) {
  auto floor = TimestampFloor::open(path);
  std::filesystem::remove_all(folder);
  floor->sending(1000);
  EXPECT_EQ(floor->ns(), 0U);
  std::filesystem::create_directory(folder);
  floor->sending(1000);
  EXPECT_EQ(text(), std::to_string(1000 + k_ahead) + "\n");
}

}  // namespace
}  // namespace weir
