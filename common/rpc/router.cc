#include "common/rpc/router.h"

#include "common/base/assert.h"

namespace weir {

void RpcRouter::add(std::string path, Handler handler) {
  const auto [place, added] = handlers_.emplace(std::move(path), std::move(handler));
  WEIR_ASSERT(added, "two handlers for " + place->first);
}

const RpcRouter::Handler* RpcRouter::find(const std::string& path) const {
  const auto found = handlers_.find(path);
  return found == handlers_.end() ? nullptr : &found->second;
}

}  // namespace weir
