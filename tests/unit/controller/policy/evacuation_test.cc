#include "controller/policy/evacuation.h"

#include <gtest/gtest.h>

namespace weir::controller {
namespace {

const RegionName k_eu("eu-west-1");

WeightPin pin(const char* service, const char* from, const std::string& by, std::int64_t created,
              std::int64_t expires) {
  return {.service = ServiceName(service),
          .from = RegionName(from),
          .weights = {},
          .by = by,
          .created_unix_ms = created,
          .expires_unix_ms = expires};
}

TEST(Evacuations, AreThePinsThatWereSetTogether) {
  PinBook pins;
  pins.set(pin("shop/web", "us-east-1", "ann" + evacuation_mark(k_eu), 1000, 0));
  pins.set(pin("shop/web", "eu-west-1", "ann" + evacuation_mark(k_eu), 1000, 0));
  pins.set(pin("shop/api", "us-east-1", "ann" + evacuation_mark(k_eu), 1000, 0));
  pins.set(pin("shop/db", "us-east-1", "bob" + evacuation_mark(k_eu), 500, 9000));
  pins.set(pin("shop/pay", "us-east-1", "ann", 1000, 0));
  const auto found = evacuations(pins, 2000);
  ASSERT_EQ(found.size(), 2U) << "an ordinary pin is none";
  EXPECT_EQ(found[0].by, "bob");
  EXPECT_EQ(found[0].until_unix_ms, 9000);
  EXPECT_EQ(found[1].region, k_eu);
  EXPECT_EQ(found[1].by, "ann");
  EXPECT_EQ(found[1].since_unix_ms, 1000);
  EXPECT_EQ(found[1].sources, 3U);
  EXPECT_EQ(found[1].services, (std::set{ServiceName("shop/api"), ServiceName("shop/web")}));
}

TEST(Evacuations, EndWithTheirPins) {
  PinBook pins;
  pins.set(pin("shop/web", "us-east-1", "ann" + evacuation_mark(k_eu), 1000, 5000));
  EXPECT_EQ(evacuations(pins, 4999).size(), 1U);
  EXPECT_TRUE(evacuations(pins, 5000).empty());
  EXPECT_TRUE(is_of_evacuation(pins.all()[0], k_eu));
  EXPECT_FALSE(is_of_evacuation(pins.all()[0], RegionName("us-east-1")));
}

}  // namespace
}  // namespace weir::controller
