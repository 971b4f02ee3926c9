// What a store does with a directory that a crash or a disk has changed. Directories are copied
// while the store is open: what kill -9 would leave.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "common/sim/rng.h"
#include "controller/store/rocks/rocks_store.h"
#include "tests/unit/controller/store/scratch.h"

namespace weir::controller {
namespace {

namespace fs = std::filesystem;

using Content = std::map<std::string, std::string>;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

fs::path only_file(const fs::path& directory, const std::string& extension) {
  fs::path found;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().extension() != extension || fs::file_size(entry) == 0) continue;
    EXPECT_TRUE(found.empty()) << "two files " << extension;
    found = entry.path();
  }
  EXPECT_FALSE(found.empty()) << "no file " << extension;
  return found;
}

Content content_of(Store& store) {
  Content content;
  const auto rows = scan_all(store, "", 100'000);
  EXPECT_TRUE(rows) << rows.error().message();
  for (const Row& row : *rows) content[row.key] = row.value;
  return content;
}

/// A directory with `commits` commits, copied from a running store.
class Victim {
 public:
  explicit Victim(int commits, bool flushed = false) : options_{.path = scratch_ / "store"} {
    auto store = *RocksStore::open(options_);
    for (int i = 0; i < commits; ++i) write(*store, i);
    if (flushed) {
      // Reopening writes what is in the log into a table.
      store.reset();
      store = *RocksStore::open(options_);
    }
    content_ = content_of(*store);
    fs::copy(options_.path, kept());
  }

  static void write(Store& store, int i) {
    const std::string key = "key/" + std::to_string(i % 7);
    ASSERT_TRUE(
        store.commit(Transaction().put(key, std::string(20, static_cast<char>('a' + i % 26)))));
  }

  fs::path kept() const { return scratch_.path() / "kept"; }
  const Content& content() const { return content_; }

  /// A fresh copy, to be damaged.
  fs::path copy() const {
    const fs::path path = scratch_.path() / "copy";
    fs::remove_all(path);
    fs::copy(kept(), path);
    return path;
  }

 private:
  Scratch scratch_;
  RocksStore::Options options_;
  Content content_;
};

TEST(RocksDamage, OpensWithARecordCutShortAtAnyByteByACrash) {
  const Scratch scratch;
  const std::string path = scratch / "store";
  const std::string copy = scratch / "copy";
  auto store = *RocksStore::open({.path = path});
  for (int i = 0; i < 5; ++i) Victim::write(*store, i);
  const Content before = content_of(*store);
  const std::string witness = read_file(path + "/weir-head");
  const std::size_t size_before = fs::file_size(only_file(path, ".log"));
  Victim::write(*store, 5);
  const std::size_t size_after = fs::file_size(only_file(path, ".log"));
  ASSERT_GT(size_after, size_before);

  for (std::size_t size = size_before; size < size_after; ++size) {
    fs::remove_all(copy);
    fs::copy(path, copy);
    write_file(copy + "/weir-head", witness);  // the crash came before the acknowledgement
    fs::resize_file(only_file(copy, ".log"), size);
    const auto opened = RocksStore::open({.path = copy});
    ASSERT_TRUE(opened) << size - size_before << " bytes: " << opened.error().message();
    ASSERT_EQ(content_of(**opened), before) << size - size_before << " bytes";
  }
}

TEST(RocksDamage, RefusesALogThatHasLostItsAcknowledgedEnd) {
  const Victim victim(12);
  const std::size_t size = fs::file_size(only_file(victim.kept(), ".log"));
  Rng rng(4);
  for (int i = 0; i < 20; ++i) {
    const fs::path copy = victim.copy();
    fs::resize_file(only_file(copy, ".log"), rng.below(size));
    const auto opened = RocksStore::open({.path = copy.string()});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), Code::data_loss) << opened.error().message();
  }
}

/// Flips one bit at each of `count` seeded places of the file with this extension; every opening
/// must be refused, or show every row as it was. Returns how many were refused.
int flip_everywhere(const Victim& victim, const std::string& extension, int count) {
  const std::string sound = read_file(only_file(victim.kept(), extension));
  Rng rng(5);
  int refused = 0;
  for (int i = 0; i < count; ++i) {
    const fs::path copy = victim.copy();
    const std::uint64_t bit = rng.below(sound.size() * 8);
    std::string flipped = sound;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const fs::path file = only_file(copy, extension);
    write_file(file, flipped);
    const auto opened = RocksStore::open({.path = copy.string()});
    if (opened) {
      EXPECT_EQ(content_of(**opened), victim.content()) << "silent: " << file << " bit " << bit;
      continue;
    }
    ++refused;
    EXPECT_EQ(opened.error().code(), Code::data_loss) << opened.error().message();
    EXPECT_EQ(read_file(file), flipped) << "a refused directory was changed";
  }
  return refused;
}

TEST(RocksDamage, NeverSilentlyReadsAFlippedBitInTheLog) {
  EXPECT_EQ(flip_everywhere(Victim(12), ".log", 150), 150);
}

TEST(RocksDamage, NeverSilentlyReadsAFlippedBitInATable) {
  EXPECT_GT(flip_everywhere(Victim(12, true), ".sst", 150), 100);
}

TEST(RocksDamage, RefusesADirectoryThatLacksAFile) {
  for (const bool flushed : {false, true}) {
    const Victim victim(12, flushed);
    for (const auto& entry : fs::directory_iterator(victim.kept())) {
      const std::string name = entry.path().filename().string();
      const bool matters = name == "CURRENT" || name.starts_with("MANIFEST") ||
                           name == "weir-head" || name.ends_with(".sst") ||
                           (name.ends_with(".log") && !flushed);
      const fs::path copy = victim.copy();
      fs::remove(copy / name);
      const auto opened = RocksStore::open({.path = copy.string()});
      EXPECT_EQ(opened.has_value(), !matters) << name;
      if (opened) EXPECT_EQ(content_of(**opened), victim.content()) << name;
      if (!opened) EXPECT_EQ(opened.error().code(), Code::data_loss) << opened.error().message();
    }
  }
}

TEST(RocksDamage, RefusesAnOlderLogUnderANewerWitness) {
  const Victim older(5);
  const Victim newer(12);
  const fs::path copy = older.copy();
  fs::copy_file(newer.kept() / "weir-head", copy / "weir-head",
                fs::copy_options::overwrite_existing);
  const auto opened = RocksStore::open({.path = copy.string()});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::data_loss);
  EXPECT_NE(opened.error().message().find("commit 12 was acknowledged"), std::string::npos)
      << opened.error().message();
}

TEST(RocksDamage, BearsADamagedWitnessSlotAndRefusesTwo) {
  const Victim victim(12);
  const std::string sound = read_file(victim.kept() / "weir-head");
  for (const auto& [first, second] : {std::pair(true, false), {false, true}, {true, true}}) {
    std::string damaged = sound;
    if (first) damaged[9] = static_cast<char>(damaged[9] ^ 1);
    if (second) damaged[512 + 9] = static_cast<char>(damaged[512 + 9] ^ 1);
    const fs::path copy = victim.copy();
    write_file(copy / "weir-head", damaged);
    const auto opened = RocksStore::open({.path = copy.string()});
    EXPECT_EQ(opened.has_value(), !(first && second));
  }
}

}  // namespace
}  // namespace weir::controller
