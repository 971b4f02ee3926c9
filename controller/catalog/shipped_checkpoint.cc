#include "controller/catalog/trained_policy.h"

namespace weir::controller {

// Written by scripts/dev/ship-checkpoint.
std::string_view shipped_checkpoint() {
  return R"checkpoint(weir-checkpoint 1
recipe none: the planner as it is
seed 0
settings 0
weights 0
searching 0
curve 0
digest 1e504c8036cb2b12
)checkpoint";
}

}  // namespace weir::controller
