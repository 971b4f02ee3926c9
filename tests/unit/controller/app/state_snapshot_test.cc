#include "controller/app/state_snapshot.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "controller/app/tunnel_key.h"
#include "controller/store/memory/memory_store.h"
#include "controller/store/rocks/rocks_store.h"

namespace weir::controller {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t k_noon_ms = 1'767'268'800'000;  // 2026-01-01T12:00:00Z

class StateSnapshots : public testing::Test {
 protected:
  StateSnapshots() {
    std::string pattern = testing::TempDir() + "/weir-snapshot-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    state_dir_ = root_ + "/state";
    key_ = load_or_make_tunnel_key(state_dir_, keys_);
    store_ = *RocksStore::open({.path = state_dir_ + "/store"});
  }
  ~StateSnapshots() override { fs::remove_all(root_); }

  static unsigned mode_of(const std::string& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0;
  }
  std::vector<std::string> there() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(state_dir_ + "/snapshots")) {
      names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }

  std::string root_;
  std::string state_dir_;
  SystemKeySource keys_;
  Result<PrivateKey> key_ = fail(Code::internal, "");
  std::unique_ptr<RocksStore> store_;
};

TEST_F(StateSnapshots, AreStateDirsThatOnlyTheirOwnerReads) {
  ASSERT_TRUE(store_->commit(Transaction().put("k", "v")));
  const auto made = take_snapshot(*store_, state_dir_, k_noon_ms, 3);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->folder, fs::absolute(state_dir_) / "snapshots" / "2026-01-01T12-00-00Z");
  EXPECT_EQ(made->commit, 1U);
  EXPECT_GT(made->bytes, 100U);
  EXPECT_EQ(mode_of(made->folder), 0700U);
  EXPECT_EQ(mode_of(made->folder + "/store"), 0700U);
  EXPECT_EQ(mode_of(made->folder + "/tunnel.key"), 0600U);
  const auto key = load_or_make_tunnel_key(made->folder, keys_);
  ASSERT_TRUE(key);
  EXPECT_TRUE(*key == *key_);
  const auto copy = RocksStore::open({.path = made->folder + "/store"});
  ASSERT_TRUE(copy) << copy.error().message();
  EXPECT_EQ((*(*copy)->get("k"))->value, "v");
}

TEST_F(StateSnapshots, StayAsManyAsAreToBeKept) {
  for (int i = 0; i < 4; ++i) {
    const auto made = take_snapshot(*store_, state_dir_, k_noon_ms + i * 1000, 2);
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(made->removed.size(), i < 2 ? 0U : 1U);
  }
  EXPECT_EQ(there(), (std::vector<std::string>{"2026-01-01T12-00-02Z", "2026-01-01T12-00-03Z"}));
  EXPECT_EQ(take_snapshot(*store_, state_dir_, k_noon_ms + 3000, 2).error().code(),
            Code::already_exists);
  EXPECT_EQ(there().size(), 2U);
}

TEST_F(StateSnapshots, StayWhenTheClockWasSetBack) {
  for (const std::int64_t now : {k_noon_ms, k_noon_ms + 1000, k_noon_ms - 1000}) {
    ASSERT_TRUE(take_snapshot(*store_, state_dir_, now, 2));
  }
  EXPECT_EQ(there(), (std::vector<std::string>{"2026-01-01T11-59-59Z", "2026-01-01T12-00-01Z"}));
}

TEST_F(StateSnapshots, LeaveNothingHalfThatLooksWhole) {
  fs::create_directories(state_dir_ + "/snapshots/.new/store");  // the one before was killed
  fs::rename(state_dir_ + "/tunnel.key", state_dir_ + "/elsewhere");
  const auto failed = take_snapshot(*store_, state_dir_, k_noon_ms, 3);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Code::unavailable);
  EXPECT_EQ(there(), std::vector<std::string>{".new"});
  fs::rename(state_dir_ + "/elsewhere", state_dir_ + "/tunnel.key");
  EXPECT_TRUE(take_snapshot(*store_, state_dir_, k_noon_ms, 3));
  EXPECT_EQ(there(), std::vector<std::string>{"2026-01-01T12-00-00Z"});
}

TEST_F(StateSnapshots, RemoveNothingThatAnOperatorPutThere) {
  fs::create_directories(state_dir_ + "/snapshots/before-upgrade-2026-01-01T10-00-00Z");
  std::ofstream(state_dir_ + "/snapshots/2026-01-01T10-00-00Z") << "a file";
  fs::create_directories(state_dir_ + "/snapshots/.old/store");  // a crash while one was removed
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(take_snapshot(*store_, state_dir_, k_noon_ms + i * 1000, 1));
  }
  EXPECT_EQ(there(), (std::vector<std::string>{"2026-01-01T10-00-00Z", "2026-01-01T12-00-01Z",
                                               "before-upgrade-2026-01-01T10-00-00Z"}));
}

TEST_F(StateSnapshots, SayWhatIsWrongWithTheirFolder) {
  fs::create_symlink("snapshots", state_dir_ + "/snapshots");  // to itself
  EXPECT_EQ(take_snapshot(*store_, state_dir_, k_noon_ms, 1).error().code(), Code::unavailable);
}

TEST_F(StateSnapshots, NeedAStoreOnADisk) {
  MemoryStore memory;
  EXPECT_EQ(take_snapshot(memory, state_dir_, k_noon_ms, 3).error().code(),
            Code::failed_precondition);
}

}  // namespace
}  // namespace weir::controller
