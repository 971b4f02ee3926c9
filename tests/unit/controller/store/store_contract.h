#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "controller/store/store.h"

namespace weir::controller {

/// How a test gets an empty store of one kind. What holds it up (a directory) goes with the last
/// copy.
struct StoreKind {
  const char* name;
  std::function<std::shared_ptr<Store>()> make;
};

/// What every adapter promises; the cases are in store_contract.cc, linked to one test per adapter.
class StoreContract : public testing::TestWithParam<StoreKind> {
 protected:
  const std::shared_ptr<Store> store_ = GetParam().make();
};

}  // namespace weir::controller
