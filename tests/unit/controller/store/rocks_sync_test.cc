// What reaches the disk, and when. The executable's own fdatasync and fsync take the place of
// libc's for librocksdb too, which is a shared library: they count, and fail when told so.
//
//   commit ─▶ rocksdb::DB::Write ─▶ write(log) ─▶ fdatasync(log) ─▶ here ─▶ the system call

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>

#include "controller/store/rocks/rocks_store.h"
#include "tests/unit/controller/store/scratch.h"

namespace {

std::atomic<int> log_syncs = 0;  // of the write-ahead log
std::atomic<bool> broken = false;

bool is_log(int fd) {
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  char path[512];
  const ssize_t size = ::readlink(link.c_str(), path, sizeof path);
  return size > 0 && std::string_view(path, static_cast<std::size_t>(size)).ends_with(".log");
}

int sync(long call, int fd) {
  if (is_log(fd)) {
    ++log_syncs;
    if (broken) {
      errno = EIO;
      return -1;
    }
  }
  return static_cast<int>(::syscall(call, fd));
}

}  // namespace

extern "C" int fdatasync(int fd) { return sync(SYS_fdatasync, fd); }
extern "C" int fsync(int fd) { return sync(SYS_fsync, fd); }

namespace weir::controller {
namespace {

class RocksSync : public testing::Test {
 protected:
  RocksSync() {
    options_.path = scratch_ / "store";
    options_.on_failure = [this](const std::string& why) { failures_.push_back(why); };
  }
  ~RocksSync() override { broken = false; }

  const Scratch scratch_;
  RocksStore::Options options_;
  std::vector<std::string> failures_;
};

TEST_F(RocksSync, AcknowledgesNoCommitBeforeItsLogIsSynced) {
  const auto store = RocksStore::open(options_);
  ASSERT_TRUE(store) << store.error().message();
  for (int i = 0; i < 20; ++i) {
    const int before = log_syncs;
    ASSERT_TRUE((*store)->commit(Transaction().put("k" + std::to_string(i), "v")));
    EXPECT_GT(log_syncs, before) << "commit " << i;
  }
}

TEST_F(RocksSync, AcknowledgesNothingAfterASyncHasFailedAndLosesNothingBefore) {
  {
    const auto store = RocksStore::open(options_);
    ASSERT_TRUE(store) << store.error().message();
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE((*store)->commit(Transaction().put("k" + std::to_string(i), "v")));
    }
    broken = true;
    const auto failed = (*store)->commit(Transaction().put("lost", "v"));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code(), Code::unavailable);
    ASSERT_EQ(failures_.size(), 1U);
    EXPECT_NE(failures_[0].find("disk failed"), std::string::npos) << failures_[0];

    broken = false;  // a disk that works again does not tell what it has kept
    EXPECT_EQ((*store)->commit(Transaction().put("later", "v")).error().code(), Code::unavailable);
    EXPECT_EQ((*store)->writable().error().code(), Code::unavailable);
    EXPECT_EQ(failures_.size(), 1U) << "told once";
  }
  const auto again = RocksStore::open(options_);
  ASSERT_TRUE(again) << again.error().message();
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE((*again)->get("k" + std::to_string(i))->has_value()) << i;
  }
  EXPECT_EQ(*(*again)->get("later"), std::nullopt);
  EXPECT_TRUE((*again)->commit(Transaction().put("later", "v")));
}

}  // namespace
}  // namespace weir::controller
