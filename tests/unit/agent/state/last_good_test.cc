#include "agent/state/last_good.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "agent/state/identity.h"
#include "agent/state/slot.h"
#include "common/model/codec.h"

namespace weir::agent {
namespace {

class LastGoodTest : public testing::Test {
 protected:
  LastGoodTest() {
    std::string pattern = testing::TempDir() + "weir-state-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~LastGoodTest() override { std::filesystem::remove_all(path_); }

  LastGood open(const std::string& mesh = "demo", const char* agent = "r/agent-1") const {
    return {*StateDir::open(path_), mesh, AgentId(agent)};
  }

  static Revision revision(std::uint64_t generation) {
    Revision made;
    made.id = {1, generation};
    made.mesh = "demo";
    made.self = {AgentId("r/agent-1"), RegionName("r"), ClusterName("c"),
                 *IpAddress::parse("10.90.0.2"), *IpPrefix::parse("10.90.0.0/16")};
    made.digest = digest_of(to_proto(made));
    return made;
  }

  void damage(const char* file, std::size_t keep) const {
    std::filesystem::resize_file(path_ / file, keep);
  }

  std::filesystem::path path_;
};

TEST_F(LastGoodTest, GivesNothingBeforeTheFirstSave) {
  const auto loaded = open().load();
  EXPECT_FALSE(loaded.revision);
  EXPECT_TRUE(loaded.problems.empty());
}

TEST_F(LastGoodTest, GivesTheNewestAfterEachRestart) {
  for (std::uint64_t generation = 1; generation <= 5; ++generation) {
    ASSERT_TRUE(open().save(revision(generation)));
    const auto loaded = open().load();
    ASSERT_TRUE(loaded.revision);
    EXPECT_EQ(*loaded.revision, revision(generation));
  }
}

TEST_F(LastGoodTest, FallsBackToTheOtherSlotWhereverTheNewestIsCut) {
  LastGood first = open();
  ASSERT_TRUE(first.save(revision(1)));  // revision.a
  ASSERT_TRUE(first.save(revision(2)));  // revision.b
  const auto whole = std::filesystem::file_size(path_ / "revision.b");
  for (std::size_t keep = whole; keep-- > 0;) {
    damage("revision.b", keep);
    const auto loaded = open().load();
    ASSERT_TRUE(loaded.revision) << keep;
    EXPECT_EQ(loaded.revision->id.generation, 1U);
    EXPECT_EQ(loaded.problems.size(), 1U);
  }
}

TEST_F(LastGoodTest, OverwritesTheDamagedSlotAndNotTheGoodOne) {
  {
    LastGood first = open();
    ASSERT_TRUE(first.save(revision(1)));
    ASSERT_TRUE(first.save(revision(2)));
  }
  damage("revision.b", 10);
  ASSERT_TRUE(open().save(revision(3)));
  damage("revision.b", 10);  // the save went there
  EXPECT_EQ(open().load().revision->id.generation, 1U);
}

TEST_F(LastGoodTest, PassesOverAFlippedBitAnywhere) {
  ASSERT_TRUE(open().save(revision(1)));
  std::ifstream in(path_ / "revision.a", std::ios::binary);
  const std::string good((std::istreambuf_iterator<char>(in)), {});
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_FALSE(decode_slot(as_bytes(bad))) << i;
  }
}

TEST_F(LastGoodTest, NeverGivesARevisionOfAnotherMeshOrAgent) {
  ASSERT_TRUE(open().save(revision(1)));
  EXPECT_FALSE(open("other").load().revision);
  EXPECT_FALSE(open("demo", "r/agent-2").load().revision);
  EXPECT_EQ(open("other").load().problems.size(), 1U);
}

TEST_F(LastGoodTest, RefusesADirectoryThatOthersMayEnter) {
  ASSERT_EQ(chmod(path_.c_str(), 0755), 0);
  const auto opened = StateDir::open(path_);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message().find("chmod 700"), std::string::npos);
}

TEST_F(LastGoodTest, KeepsTheIdentityInAPrivateFile) {
  const auto directory = *StateDir::open(path_);
  EXPECT_EQ(load_identity(directory).error().code(), Code::not_found);
  Identity identity;
  identity.mesh = "demo";
  identity.self = revision(1).self;
  identity.private_key.writable()[3] = 7;
  identity.certificate_pem = "cert";
  identity.controller.agent = AgentId("weir/controller");
  identity.controller.overlay = *IpAddress::parse("10.90.0.1");
  identity.controller.endpoint = *Endpoint::parse("1.2.3.4:51820");
  identity.controller.controller = true;
  ASSERT_TRUE(save_identity(directory, identity));
  const auto loaded = load_identity(directory);
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(loaded->self, identity.self);
  EXPECT_EQ(loaded->controller, identity.controller);
  EXPECT_TRUE(loaded->private_key == identity.private_key);
  struct stat status{};
  ASSERT_EQ(stat((path_ / "identity.pb").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  damage("identity.pb", 60);
  EXPECT_EQ(load_identity(directory).error().code(), Code::data_loss);
}

}  // namespace
}  // namespace weir::agent
