#include <fmt/format.h>

#include <algorithm>

#include "common/findings/examination.h"
#include "common/text/quantity.h"

namespace weir {

namespace {

namespace pb = admin::v1;

constexpr std::int64_t k_recent_ms = 10 * 60 * 1000;
constexpr double k_rate = 1;  // requests per second, below which shares are luck
constexpr std::uint32_t k_errors_ppm = 50'000;
constexpr double k_errors = 5;  // and so many: one of fifteen is luck
constexpr double k_window_s = 10;
constexpr std::uint32_t k_share_ppm = 150'000;
constexpr std::uint32_t k_overflow_ppm = 300'000;
constexpr std::int64_t k_moved_ms = 15'000;
constexpr double k_ended = 500;  // requests, below which a policy's record is luck
constexpr double k_in_objective = 0.95;

std::string where_of(const pb::WeightRow& row) {
  return printable(row.service()) + " from " + printable(row.from_region());
}

}  // namespace

void Examination::look_at_weights() {
  for (const pb::WeightRow& row : mesh_.weights.rows()) {
    for (const pb::WeightCell& cell : row.to()) look_at_cell(row, cell);
    if (!row.pinned()) continue;
    warn("WEIR-704", "weights", where_of(row) + " is pinned by hand",
         row.pin_expires_unix_ms() == 0
             ? "until somebody unpins it"
             : "it ends " + show_ago(row.pin_expires_unix_ms(), controller_ms()),
         "weirctl weights unpin " + printable(row.service()) + " --from " +
             printable(row.from_region()));
  }
}

void Examination::look_at_cell(const pb::WeightRow& row, const pb::WeightCell& cell) {
  const std::string where = where_of(row);
  const std::string region = printable(cell.region());
  const std::string get = "weirctl weights get " + printable(row.service()) + " --from " +
                          printable(row.from_region()) + " -o wide";
  const bool used = cell.requests_per_second() >= k_rate;
  const double errors = cell.requests_per_second() * k_window_s * cell.error_ppm() / 1e6;
  if (used && cell.error_ppm() >= k_errors_ppm && errors >= k_errors) {
    fail("WEIR-701", "weights",
         fmt::format("{} of the answers to {} that {} gives are errors",
                     show_rate(cell.error_ppm()), where, region),
         "its servers answer, but not well: checks do not see it", get);
  }
  if (used && cell.overflow_ppm() >= k_overflow_ppm) {
    warn("WEIR-702", "weights",
         fmt::format("{} of what {} gets of {} had no room elsewhere",
                     show_share(cell.overflow_ppm()), region, where),
         "the destination that was meant is slower than planned, or demand is higher", get);
  }
  const auto off = static_cast<std::int64_t>(cell.seen_share_ppm()) -
                   static_cast<std::int64_t>(cell.effective_share_ppm());
  if (moved_lately(row)) return;  // what was seen in ten seconds is not what is meant now
  const bool busy = row.requests_per_second() >= k_rate;
  const bool calm = cell.state().empty() || cell.state() == "active";
  if (busy && calm && cell.overflow_ppm() < k_overflow_ppm && off > k_share_ppm) {
    warn("WEIR-703", "weights",
         fmt::format("{} gets {} of {}, {} are meant", region, show_share(cell.seen_share_ppm()),
                     where, show_share(cell.effective_share_ppm())),
         "long connections keep to where they were opened, or requests are sent again", get);
  }
}

/// Its agents moved requests, or weights were published, within the time that shares are seen over.
bool Examination::moved_lately(const pb::WeightRow& row) const {
  const std::int64_t since = controller_ms() - k_moved_ms;
  const auto spilling = [](const auto& cell) { return cell.state().starts_with("spilling"); };
  if (std::ranges::any_of(row.to(), spilling)) return true;
  if (mesh_.status.last_publish_unix_ms() > since) return true;
  return std::ranges::any_of(mesh_.events.events(), [&](const Event& event) {
    return event.unix_ms() > since && event.type().starts_with("failover.") &&
           event.service() == row.service() && event.from_region() == row.from_region();
  });
}

void Examination::look_at_policies() {
  for (const pb::PolicyStatus& policy : mesh_.policies.policies()) {
    const std::string name = printable(policy.service());
    const std::string report = "weirctl policy report " + name;
    if (!policy.steering().empty() && policy.steering() != policy.policy()) {
      fail("WEIR-801", "policy",
           fmt::format("{} is steered by {} instead of {}", name, printable(policy.steering()),
                       printable(policy.policy())),
           printable(policy.last_fall()), report);
    }
    if (policy.ended() >= k_ended && policy.in_objective() < k_in_objective * policy.ended()) {
      const double share = policy.in_objective() / policy.ended();
      warn("WEIR-802", "policy",
           fmt::format("{:.1f}% of the requests to {} are within the objective", 100 * share, name),
           policy.expected_in_objective() < k_in_objective * policy.ended()
               ? "the policy expects no more: there is not enough capacity near enough"
               : "the policy expects more: something has changed just now",
           report);
    }
    if (!policy.cost_cut().empty()) {
      warn("WEIR-803", "policy", "the ceiling on cost holds " + name + " back",
           printable(policy.cost_cut()), report);
    }
    if (!policy.mode_by().empty()) {
      warn("WEIR-804", "policy",
           fmt::format("the mode of {} is {}, and not the configuration's", name,
                       printable(policy.mode())),
           "set by " + printable(policy.mode_by()) + ", until somebody takes it back",
           "weirctl policy mode config --service " + name);
    }
  }
}

void Examination::look_at_joins() {
  if (const Event* refused = newest("enrol.refused", k_recent_ms)) {
    warn("WEIR-901", "joins", "somebody was refused to join", printable(refused->message()),
         "weirctl mesh token ls");
  }
  for (const pb::Token& token : mesh_.tokens.tokens()) {
    const std::int64_t since = controller_ms() - token.expires_unix_ms();
    if (token.state() != "expired" || token.redeemed_by_size() > 0 || since < 0 ||
        since > k_recent_ms) {
      continue;
    }
    warn("WEIR-902", "joins",
         fmt::format("a join token for {} ran out {} ago, and nobody has joined with it",
                     printable(token.region()), show_span(since)),
         "an agent that comes with it now gets no answer at all",
         fmt::format("weirctl mesh token create --region {} --cluster {}",
                     printable(token.region()), printable(token.cluster())));
  }
}

}  // namespace weir
