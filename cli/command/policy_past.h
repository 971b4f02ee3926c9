#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/admin_session.h"
#include "weir/admin/v1/admin.pb.h"

namespace weir::cli {

/// What the kept changes of one service's weights came to.
struct PolicyPast {
  std::string service;
  std::uint32_t changes = 0;
  std::map<std::string, std::uint32_t> by;     // "planner", "pin by root": changes each
  std::map<std::string, std::uint32_t> terms;  // "overload": changes it moved something in
  std::map<std::string, std::uint32_t> cuts;   // "largest step": changes this guard cut
  std::uint32_t cut = 0;                       // changes any guard cut
  // Of changes whose outcome was expected and measured: requests within the objective, of all.
  std::uint32_t measured = 0;
  double before = 0;
  double expected = 0;
  double after = 0;
  double off_by = 0;  // |expected - after|, each change counted by its requests
};

/// By service, in order of their names. Shares are 0 where `measured` is. O(changes).
std::vector<PolicyPast> policy_past(const admin::v1::ListChangesReply& changes);

/// `weirctl policy report --since`: shows that for a service (empty: each) since a moment ("24h"
/// ago).
Exit report_since(AdminSession& session, const std::string& service, const std::string& since);

}  // namespace weir::cli
