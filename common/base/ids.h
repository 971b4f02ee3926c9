#pragma once

#include <compare>
#include <functional>
#include <ostream>
#include <string>
#include <utility>

namespace weir {

/// A string that names one kind of thing and cannot be mixed up with another kind's name.
template <typename Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string value) : value_(std::move(value)) {}

  const std::string& value() const { return value_; }
  bool empty() const { return value_.empty(); }

  friend auto operator<=>(const Id&, const Id&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Id& id) { return out << id.value_; }

 private:
  std::string value_;
};

/// "us-east-1/agent-1": region, slash, a name unique in it; given by the controller.
using AgentId = Id<struct AgentTag>;
/// "us-east-1".
using RegionName = Id<struct RegionTag>;
/// A cluster; lies in one region.
using ClusterName = Id<struct ClusterTag>;
/// "shop/checkout": namespace, slash, name.
using ServiceName = Id<struct ServiceTag>;

}  // namespace weir

template <typename Tag>
struct std::hash<weir::Id<Tag>> {
  std::size_t operator()(const weir::Id<Tag>& id) const {
    return std::hash<std::string>()(id.value());
  }
};
