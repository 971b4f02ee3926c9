// The store fails at any commit, before or after it was written, and the controller starts again
// from what is stored: everything is whole, and the machine that asks again gets in once.

#include <gtest/gtest.h>

#include "controller/store/memory/memory_store.h"
#include "tests/unit/controller/enrol/fixture.h"

namespace weir::controller {
namespace {

/// Passes everything to a store until the commit it is told to die at; from then on nothing works.
class DyingStore final : public Store {
 public:
  enum class Death { before_writing, after_writing };
  DyingStore(Store& store, int commits, Death death)
      : store_(store), left_(commits), death_(death) {}

  Result<std::optional<Row>> get(std::string_view key) override {
    if (dead_) return gone();
    return store_.get(key);
  }
  Result<ScanPage> scan(std::string_view prefix, std::string_view after,
                        std::size_t limit) override {
    if (dead_) return gone();
    return store_.scan(prefix, after, limit);
  }
  Result<std::uint64_t> commit(const Transaction& transaction) override {
    if (dead_) return gone();
    if (left_-- > 0) return store_.commit(transaction);
    dead_ = true;
    if (death_ == Death::after_writing) {
      const auto written = store_.commit(transaction);
      EXPECT_TRUE(written);
    }
    return gone();
  }
  std::unique_ptr<Watch> watch(std::string prefix, WatchCallback callback) override {
    return store_.watch(std::move(prefix), std::move(callback));
  }
  bool dead() const { return dead_; }

 private:
  static std::unexpected<Error> gone() { return fail(Code::unavailable, "the store has died"); }
  Store& store_;
  int left_;
  const Death death_;
  bool dead_ = false;
};

/// Makes a token, joins twice with the same machine and another token, connects, renews, removes:
/// each a commit. Stops at the first refusal.
Status live(Enroller& enroller, const Machine& machine, std::string& token) {
  WEIR_ASSIGN(made, enroller.create_token(make_token_request(), k_now));
  token = made.text.reveal();
  WEIR_ASSIGN(joined, enroller.enrol(machine.request(token), k_now));
  WEIR_TRY(enroller.enrol(machine.request(token), k_now));
  WEIR_TRY(enroller.record_session(joined.agent.id, k_now));
  WEIR_TRY(enroller.renew(joined.agent.id, make_csr(machine.tls), k_now + 12 * 60 * k_minute));
  WEIR_ASSIGN(second, enroller.create_token(make_token_request("eu-west-1", "eu-a"), k_now));
  WEIR_ASSIGN(moved, enroller.enrol(machine.request(second.text.reveal()), k_now));
  WEIR_TRY(enroller.remove(moved.agent.id));
  return {};
}

TEST(EnrollerCrash, LeavesNothingHalfWhereverTheStoreDies) {
  SystemKeySource keys;
  const Machine machine(keys);
  int deaths = 0;
  for (const auto death : {DyingStore::Death::before_writing, DyingStore::Death::after_writing}) {
    for (int commits = 0;; ++commits) {
      MemoryStore disk;
      DyingStore store(disk, commits, death);
      std::string token;
      {
        const auto enroller = Enroller::open(make_options(), store, keys, k_now);
        if (enroller) {
          const auto lived = live(**enroller, machine, token);
          EXPECT_EQ(lived.has_value(), !store.dead());
        }
      }
      if (!store.dead()) {
        EXPECT_EQ(commits, 9) << "every step above is one commit";
        break;
      }
      ++deaths;
      expect_whole(disk);
      const auto enroller = Enroller::open(make_options(), disk, keys, k_now);
      ASSERT_TRUE(enroller) << enroller.error().message();
      EXPECT_LE((*enroller)->agents().size(), 1U);
      // The next to come is served as if nothing had been.
      const auto next = (*enroller)->create_token(make_token_request(), k_now);
      ASSERT_TRUE(next);
      const auto reply = (*enroller)->enrol(machine.request(next->text.reveal()), k_now);
      ASSERT_TRUE(reply) << message_of(reply);
      EXPECT_EQ((*enroller)->agents().size(), 1U);
      expect_whole(disk);
    }
  }
  EXPECT_EQ(deaths, 18);
}

TEST(EnrollerCrash, GivesTheSameIdentityWhenTheReplyWasLost) {
  SystemKeySource keys;
  const Machine machine(keys);
  MemoryStore disk;
  std::string token;
  {
    DyingStore store(disk, 2, DyingStore::Death::after_writing);
    const auto enroller = *Enroller::open(make_options(), store, keys, k_now);
    token = enroller->create_token(make_token_request(), k_now)->text.reveal();
    const auto lost = enroller->enrol(machine.request(token), k_now);
    EXPECT_EQ(code_of(lost), Code::unavailable);
  }
  const auto enroller = *Enroller::open(make_options(), disk, keys, k_now);
  ASSERT_EQ(enroller->agents().size(), 1U);
  const auto again = enroller->enrol(machine.request(token), k_now);
  ASSERT_TRUE(again) << message_of(again);
  EXPECT_EQ(again->agent.id, AgentId("us-east-1/agent-1"));
  EXPECT_EQ(enroller->agents(), std::vector{again->agent});
}

TEST(EnrollerCrash, ForgetsAnAddressPlannedForARefusedRequest) {
  SystemKeySource keys;
  MemoryStore store;
  const auto enroller = *Enroller::open(make_options(), store, keys, k_now);
  const std::string token = enroller->create_token(make_token_request(), k_now)->text.reveal();
  const Machine machine(keys);
  for (int i = 0; i < 5; ++i) {
    EnrolRequest bad = machine.request(token);
    bad.csr_der[bad.csr_der.size() - 1] ^= 1;
    machine.prove(bad, *decode_join_token(token));
    EXPECT_EQ(code_of(enroller->enrol(bad, k_now)), Code::invalid_argument);
  }
  const auto elsewhere = enroller->create_token(make_token_request("eu-west-1", "eu-a"), k_now);
  const auto first = enroller->enrol(Machine(keys).request(elsewhere->text.reveal()), k_now);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->agent.overlay.to_string(), "10.90.0.2");
  EXPECT_TRUE(enroller->enrol(machine.request(token), k_now));
}

}  // namespace
}  // namespace weir::controller
