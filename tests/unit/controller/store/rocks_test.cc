#include <sys/stat.h>

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
