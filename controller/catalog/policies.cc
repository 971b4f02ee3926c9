#include "controller/catalog/policies.h"

#include "controller/catalog/trained_policy.h"
#include "controller/policy/planner/planner_kinds.h"
#include "controller/policy/rivals/rivals.h"

namespace weir::controller {

PolicyCatalog all_policies() {
  PolicyCatalog catalog;
  add_rivals(catalog);
  add_planner(catalog);
  add_learned(catalog);
  return catalog;
}

}  // namespace weir::controller
