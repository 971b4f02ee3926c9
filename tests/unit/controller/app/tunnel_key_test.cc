#include "controller/app/tunnel_key.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace weir::controller {
namespace {

class TunnelKey : public testing::Test {
 protected:
  TunnelKey() {
    std::string pattern = testing::TempDir() + "/weir-key-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    directory_ = root_ + "/state";
  }
  ~TunnelKey() override { std::filesystem::remove_all(root_); }

  std::string root_;
  std::string directory_;
  SystemKeySource keys_;
};

TEST_F(TunnelKey, IsMadeOnceAndKeptForItsOwnerAlone) {
  const auto first = load_or_make_tunnel_key(directory_, keys_);
  ASSERT_TRUE(first) << first.error().message();
  const auto second = load_or_make_tunnel_key(directory_, keys_);
  ASSERT_TRUE(second);
  EXPECT_TRUE(*first == *second);
  struct stat info{};
  ASSERT_EQ(::stat((directory_ + "/tunnel.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(directory_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST_F(TunnelKey, IsRefusedWhenOthersMayReadIt) {
  ASSERT_TRUE(load_or_make_tunnel_key(directory_, keys_));
  ASSERT_EQ(::chmod((directory_ + "/tunnel.key").c_str(), 0644), 0);
  EXPECT_EQ(load_or_make_tunnel_key(directory_, keys_).error().code(), Code::permission_denied);
}

TEST_F(TunnelKey, IsNeverReplacedWhenDamaged) {
  ASSERT_TRUE(load_or_make_tunnel_key(directory_, keys_));
  std::ofstream(directory_ + "/tunnel.key") << "half a key";
  const auto loaded = load_or_make_tunnel_key(directory_, keys_);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), Code::data_loss);
  EXPECT_EQ(loaded.error().message().find("half a key"), std::string::npos);
}

}  // namespace
}  // namespace weir::controller
