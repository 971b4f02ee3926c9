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

}  // namespace
}  // namespace weir::controller
