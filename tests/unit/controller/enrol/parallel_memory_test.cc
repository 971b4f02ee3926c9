#include <functional>
#include <utility>

#include "controller/store/memory/memory_store.h"
#include "tests/unit/controller/enrol/fixture.h"

namespace weir::controller {
namespace {

TEST(EnrollerInParallel, AdmitsExactlyOneOfAThousandRedeemersOfOneToken) {
  MemoryStore store;
  redeem_in_parallel(store, 1000);
}

TEST(EnrollerInParallel, AdmitsOneEvenWhenTwoControllersShareTheStore) {
  MemoryStore store;
  SystemKeySource keys;
  const auto first = *Enroller::open(make_options(), store, keys, k_now);
  const auto second = *Enroller::open(make_options(), store, keys, k_now);
  EXPECT_EQ(first->mesh_id(), second->mesh_id());
  EXPECT_EQ(first->ca_pem(), second->ca_pem());
  for (int round = 0; round < 20; ++round) {
    const std::string token = first->create_token(make_token_request(), k_now)->text.reveal();
    const EnrolRequest a = Machine(keys).request(token);
    const EnrolRequest b = Machine(keys).request(token);
    std::atomic<int> admitted = 0;
    {
      const std::jthread one([&] { admitted += first->enrol(a, k_now).has_value() ? 1 : 0; });
      const std::jthread other([&] { admitted += second->enrol(b, k_now).has_value() ? 1 : 0; });
    }
    ASSERT_EQ(admitted, 1);
  }
  expect_whole(store);
}

/// Lets somebody else act just before one commit: after the decision, before it is written.
class InterruptedStore final : public Store {
 public:
  explicit InterruptedStore(Store& store) : store_(store) {}
  Result<std::optional<Row>> get(std::string_view key) override { return store_.get(key); }
  Result<ScanPage> scan(std::string_view prefix, std::string_view after,
                        std::size_t limit) override {
    return store_.scan(prefix, after, limit);
  }
  Result<std::uint64_t> commit(const Transaction& transaction) override {
    if (const auto act = std::exchange(before_commit, {})) act();
    return store_.commit(transaction);
  }
  std::unique_ptr<Watch> watch(std::string prefix, WatchCallback callback) override {
    return store_.watch(std::move(prefix), std::move(callback));
  }
  std::function<void()> before_commit;

 private:
  Store& store_;
};

TEST(EnrollerInParallel, ObeysARevocationThatComesBetweenReadingAndWriting) {
  MemoryStore shared;
  InterruptedStore interrupted(shared);
  SystemKeySource keys;
  const auto mine = *Enroller::open(make_options(), interrupted, keys, k_now);
  const auto other = *Enroller::open(make_options(), shared, keys, k_now);
  const std::string token = mine->create_token(make_token_request(), k_now)->text.reveal();
  const std::string id = to_string(decode_join_token(token)->id);
  interrupted.before_commit = [&] { ASSERT_TRUE(other->revoke_token(id, k_now)); };
  const auto reply = mine->enrol(Machine(keys).request(token), k_now);
  ASSERT_FALSE(reply);
  EXPECT_NE(message_of(reply).find("was revoked"), std::string::npos) << message_of(reply);
  EXPECT_TRUE(mine->agents().empty());
  expect_whole(shared);
}

TEST(EnrollerInParallel, NoticesThatAnotherControllerRemovedAnAgent) {
  MemoryStore store;
  SystemKeySource keys;
  const Machine machine(keys);
  const auto first = *Enroller::open(make_options(), store, keys, k_now);
  const std::string token = first->create_token(make_token_request(), k_now)->text.reveal();
  const AgentId agent = first->enrol(machine.request(token), k_now)->agent.id;
  const auto second = *Enroller::open(make_options(), store, keys, k_now);
  ASSERT_TRUE(first->remove(agent));
  const auto renewed = second->renew(agent, make_csr(machine.tls), k_now + 12 * 60 * k_minute);
  ASSERT_FALSE(renewed);
  EXPECT_EQ(code_of(renewed), Code::not_found) << message_of(renewed);
  EXPECT_EQ(second->find_agent(agent), std::nullopt);
}

}  // namespace
}  // namespace weir::controller
