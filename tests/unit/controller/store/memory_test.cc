#include "controller/store/memory/memory_store.h"
#include "tests/unit/controller/store/store_contract.h"

namespace weir::controller {

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract,
                         testing::Values(StoreKind{
                             "memory", [] { return std::make_shared<MemoryStore>(); }}));

}  // namespace weir::controller
