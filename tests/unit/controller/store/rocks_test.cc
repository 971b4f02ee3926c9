#include <sys/mount.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "controller/store/rocks/rocks_store.h"
#include "tests/unit/controller/store/scratch.h"
#include "tests/unit/controller/store/store_contract.h"

namespace weir::controller {
namespace {

struct ScratchStore {
  Scratch scratch;
  std::unique_ptr<RocksStore> store = *RocksStore::open({.path = scratch / "store"});
};

INSTANTIATE_TEST_SUITE_P(Rocks, StoreContract,
                         testing::Values(StoreKind{"rocks", [] {
                                                     auto made = std::make_shared<ScratchStore>();
                                                     return std::shared_ptr<Store>(
                                                         made, made->store.get());
                                                   }}));

TEST(RocksStore, KeepsRowsAndVersionsOverAReopening) {
  const Scratch scratch;
  const RocksStore::Options options{.path = scratch / "store"};
  std::uint64_t last = 0;
  for (int life = 0; life < 3; ++life) {
    const auto store = RocksStore::open(options);
    ASSERT_TRUE(store) << store.error().message();
    EXPECT_EQ(scan_all(**store, "", 10)->size(), static_cast<std::size_t>(life));
    const auto version =
        (*store)->commit(Transaction().put("k" + std::to_string(life), "v").erase("gone"));
    ASSERT_TRUE(version);
    EXPECT_GT(*version, last);
    last = *version;
  }
}

TEST(RocksStore, CopiesAllRowsOfOneMoment) {
  const Scratch scratch;
  const auto store = RocksStore::open({.path = scratch / "store"});
  ASSERT_TRUE(store);
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(
        (*store)->commit(Transaction().put("k" + std::to_string(i), std::string(1000, 'v'))));
  }
  const auto copied = (*store)->copy_to(scratch / "copy");
  ASSERT_TRUE(copied) << copied.error().message();
  EXPECT_EQ(*copied, 300U);
  ASSERT_TRUE((*store)->commit(Transaction().erase("k0").put("later", "v")));
  const auto copy = RocksStore::open({.path = scratch / "copy"});  // which checks every row
  ASSERT_TRUE(copy) << copy.error().message();
  EXPECT_EQ(scan_all(**copy, "", 1000)->size(), 300U);
  EXPECT_TRUE((*copy)->get("k0")->has_value());
  const auto later = (*copy)->commit(Transaction().put("own", "v"));
  ASSERT_TRUE(later);
  EXPECT_EQ(*later, 301U);
  EXPECT_FALSE((*store)->get("own")->has_value()) << "the copy writes into the store's files";
  EXPECT_EQ((*store)->copy_to(scratch / "copy").error().code(), Code::unavailable) << "it is there";
}

TEST(RocksStore, CopiesWhileCommitsGoOn) {
  const Scratch scratch;
  const auto store = RocksStore::open({.path = scratch / "store", .write_buffer_bytes = 64 << 10});
  ASSERT_TRUE(store);
  std::atomic<bool> stop{false};
  std::jthread writer([&] {
    for (int i = 0; !stop; ++i) {
      ASSERT_TRUE((*store)->commit(Transaction()
                                       .put("a", std::to_string(i))
                                       .put("b", std::to_string(i))
                                       .put("x" + std::to_string(i), std::string(500, 'v'))));
    }
  });
  for (int round = 0; round < 10; ++round) {
    const std::string folder = scratch / ("copy" + std::to_string(round)).c_str();
    const auto copied = (*store)->copy_to(folder);
    ASSERT_TRUE(copied) << copied.error().message();
    const auto copy = RocksStore::open({.path = folder});
    ASSERT_TRUE(copy) << copy.error().message();
    if (*copied == 0) continue;  // before the first commit
    EXPECT_EQ((*(*copy)->get("a"))->value, (*(*copy)->get("b"))->value);
    EXPECT_GE((*(*copy)->get("a"))->version, *copied);
  }
  stop = true;
}

TEST(RocksStore, KeepsTheDirectoryToItsOwner) {
  const Scratch scratch;
  const auto store = RocksStore::open({.path = scratch / "store"});
  struct stat status{};
  ASSERT_EQ(::stat((scratch / "store").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST(RocksStore, SaysThatAnotherProcessUsesTheDirectory) {
  const Scratch scratch;
  const auto first = RocksStore::open({.path = scratch / "store"});
  ASSERT_TRUE(first);
  const auto second = RocksStore::open({.path = scratch / "store"});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::failed_precondition);
  EXPECT_NE(second.error().message().find("in use by another process"), std::string::npos);
}

TEST(RocksStore, SaysThatItCannotMakeItsDirectory) {
  const auto store = RocksStore::open({.path = "/proc/weir/store"});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code(), Code::unavailable);
  EXPECT_NE(store.error().message().find("/proc/weir/store"), std::string::npos);
}

TEST(RocksStore, RefusesACommitBeforeItWritesWhenTheDiskIsNearlyFull) {
  const Scratch scratch;
  RocksStore::Options options{.path = scratch / "store"};
  {
    const auto store = RocksStore::open(options);
    ASSERT_TRUE((*store)->commit(Transaction().put("old", "v")));
  }
  options.reserve_bytes = UINT64_MAX;
  bool failed = false;
  options.on_failure = [&failed](const std::string&) { failed = true; };
  const auto store = RocksStore::open(options);
  ASSERT_TRUE(store) << store.error().message();
  const auto refused = (*store)->commit(Transaction().put("new", "v"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::resource_exhausted);
  EXPECT_NE(refused.error().message().find("nearly full"), std::string::npos);
  EXPECT_EQ((*store)->writable().error().code(), Code::resource_exhausted);
  EXPECT_EQ(*(*store)->get("new"), std::nullopt);
  EXPECT_TRUE(*(*store)->get("old"));
  EXPECT_TRUE((*store)->commit(Transaction().if_version("old", 1))) << "nothing to write";
  EXPECT_FALSE(failed) << "it is no failure: it passes";
}

/// A file system of its own, so small that a test can fill it.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& at) : at_(at) {
    mounted_ =
        ::mkdir(at.c_str(), 0700) == 0 && ::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=64m") == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  const std::string at_;
  bool mounted_ = false;
};

TEST(RocksStore, TakesCommitsAgainOnceThereIsRoom) {
  const Scratch scratch;
  const SmallDisk disk(scratch / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "mounting needs root";
  const auto store = RocksStore::open({.path = scratch / "disk/store"});
  ASSERT_TRUE(store) << store.error().message();
  ASSERT_TRUE((*store)->commit(Transaction().put("a", "1")));
  const std::string filler = scratch / "disk/filler";
  {
    std::ofstream file(filler);
    const std::string megabyte(1 << 20, 'x');
    for (int i = 0; i < 40; ++i) file << megabyte;
  }
  const auto refused = (*store)->commit(Transaction().put("a", "2"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::resource_exhausted) << refused.error().message();
  std::filesystem::remove(filler);
  EXPECT_TRUE((*store)->writable());
  EXPECT_TRUE((*store)->commit(Transaction().put("a", "3")));
  EXPECT_EQ((*(*store)->get("a"))->value, "3");
}

TEST(RowFormat, NoticesEveryFlippedBitAndEveryMissingByte) {
  const std::string row = encode_row("key", "value", 7);
  ASSERT_EQ(decode_row("key", row)->value, "value");
  EXPECT_FALSE(decode_row("kez", row));
  const std::string head = encode_head({.version = 9, .rows = 3, .sum = {{1, 2}}});
  ASSERT_EQ(decode_head(head)->rows, 3U);
  for (const auto& [text, is_row] : {std::pair(row, true), std::pair(head, false)}) {
    for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
      std::string flipped = text;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      const bool accepted =
          is_row ? decode_row("key", flipped).has_value() : decode_head(flipped).has_value();
      EXPECT_FALSE(accepted) << "bit " << bit;
    }
    for (std::size_t size = 0; size < text.size(); ++size) {
      const std::string cut = text.substr(0, size);
      EXPECT_FALSE(is_row ? decode_row("key", cut).has_value() : decode_head(cut).has_value());
    }
  }
}

}  // namespace
}  // namespace weir::controller
