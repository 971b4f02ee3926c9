#include "controller/policy/policy_catalog.h"

#include <algorithm>
#include <utility>

#include "common/base/assert.h"

namespace weir::controller {

void PolicyCatalog::add(PolicyKind kind) {
  WEIR_ASSERT(!find(kind.name) && !find_request(kind.name), std::string(kind.name));
  kinds_.push_back(std::move(kind));
}

void PolicyCatalog::add(RequestPolicyKind kind) {
  WEIR_ASSERT(!find(kind.name) && !find_request(kind.name), std::string(kind.name));
  request_kinds_.push_back(std::move(kind));
}

const PolicyKind* PolicyCatalog::find(std::string_view name) const {
  const auto found = std::ranges::find(kinds_, name, &PolicyKind::name);
  return found == kinds_.end() ? nullptr : &*found;
}

const RequestPolicyKind* PolicyCatalog::find_request(std::string_view name) const {
  const auto found = std::ranges::find(request_kinds_, name, &RequestPolicyKind::name);
  return found == request_kinds_.end() ? nullptr : &*found;
}

}  // namespace weir::controller
