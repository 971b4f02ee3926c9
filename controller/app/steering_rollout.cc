// How a newly trained checkpoint comes to steer: what the rollout (controller/steer/rollout.h)
// decides, done.

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/async/on_blocking.h"
#include "common/base/text.h"
#include "controller/app/steered_service.h"

namespace weir::controller {

namespace asio = boost::asio;

namespace {

constexpr std::string_view k_rollout_row = "steer/rollout";
constexpr std::size_t k_checkpoint_max = 256 * 1024;

/// What stands behind "digest " in a checkpoint's last line.
std::string name_of(std::string_view checkpoint) {
  constexpr std::string_view k_word = "digest ";
  const std::size_t at = checkpoint.rfind(k_word);
  if (at == std::string_view::npos) return "unnamed";
  const std::string_view rest = checkpoint.substr(at + k_word.size());
  return std::string(rest.substr(0, rest.find('\n')));
}

}  // namespace

Status SteeringLoop::load_rollout() {
  WEIR_ASSIGN(rows, scan_all(parts_.store, k_rollout_row, 1));
  if (rows.empty()) return {};
  return rollout_.restore(rows.front().value, parts_.clock.now());
}

asio::awaitable<Status> SteeringLoop::store_rollout() {
  Transaction transaction;
  transaction.put(std::string(k_rollout_row), rollout_.encode());
  co_return co_await on_blocking<Status>(
      parts_.blocking, [&store = parts_.store, transaction]() -> Status {
        auto written = store.commit(transaction);
        return written ? Status() : fail(std::move(written).error());
      });
}

bool SteeringLoop::takes_checkpoint(const Steered& service) const {
  const PolicyKind* kind = parts_.catalog.find(service.config.policy.name);
  return kind != nullptr && kind->takes_checkpoint;
}

std::vector<ServiceName> SteeringLoop::eligible() const {
  std::vector<ServiceName> names;
  for (const auto& service : services_) {
    const bool is = service->steering && mode_of(*service) == PolicyMode::automatic &&
                    takes_checkpoint(*service);
    if (is) names.push_back(service->config.plan.service);
  }
  std::ranges::sort(names);
  return names;
}

/// The candidate is asked too; nothing comes of its wishes.
void SteeringLoop::shadow(Steered& service, const ServiceObservation& seen, bool others, Time now) {
  if (!rollout_.shadows() || !takes_checkpoint(service)) {
    service.candidate.reset();
    return;
  }
  if (!service.candidate) {
    const PolicyKind& kind = *parts_.catalog.find(service.config.policy.name);
    service.candidate.emplace(service.steering->setting(),
                              std::vector<Rung>{rung_of(kind, rollout_.candidate().checkpoint)},
                              service.steering->experience());
  } else if (others) {
    service.candidate->change(service.steering->setting());
  }
  auto job = service.candidate->begin(seen, now);
  if (job) launch(service.config.plan.service, *std::move(job), true);
}

/// True: the stage is another one.
bool SteeringLoop::watch_rollout(Time now) {
  if (!rollout_.under_way()) return false;
  const RolloutStage before = rollout_.stage();
  for (const auto& service : services_) {
    const ServiceName& name = service->config.plan.service;
    if (service->candidate && service->candidate->falls() > 0) {
      rollout_.fell(name, service->candidate->last_fall());
    }
    if (!service->steering || !takes_checkpoint(*service)) continue;
    if (rollout_.steers(name) && service->steering->falls() > 0) {
      rollout_.fell(name, service->steering->last_fall());
    }
    rollout_.tally(name, service->steering->last_outcome());
  }
  rollout_.tick(now, eligible());
  if (rollout_.stage() == before) return false;
  rollout_changed("");
  return true;
}

/// Services whose checkpoint is another one now begin with it, and with what was seen so far.
void SteeringLoop::rollout_changed(const std::string& who) {
  for (const auto& service : services_) {
    if (!rollout_.shadows()) service->candidate.reset();
    const std::string& wanted = rollout_.checkpoint_for(service->config.plan.service);
    if (!service->steering || !takes_checkpoint(*service) || service->checkpoint == wanted)
      continue;
    service->past = service->steering->experience();
    service->steering.reset();
  }
  const bool withdrawn = rollout_.stage() == RolloutStage::withdrawn;
  std::string message = "checkpoint " + rollout_.candidate().name + ": " +
                        std::string(rollout_stage_name(rollout_.stage()));
  if (withdrawn) message += ", " + rollout_.why();
  if (!who.empty()) message += " by " + who;
  parts_.log.info("policy.rollout", {{"what", message}});
  parts_.note("policy.rollout", withdrawn ? "warn" : "info", std::move(message), {});
}

asio::awaitable<Status> SteeringLoop::promote(std::string checkpoint, std::string who) {
  if (checkpoint.empty() || checkpoint.size() > k_checkpoint_max) {
    co_return fail(Code::invalid_argument, "a checkpoint has 1 to " +
                                               std::to_string(k_checkpoint_max) + " bytes, not " +
                                               std::to_string(checkpoint.size()));
  }
  bool taken = false;
  for (const auto& service : services_) {
    if (!takes_checkpoint(*service)) continue;
    const PolicyKind& kind = *parts_.catalog.find(service->config.policy.name);
    const auto made = rung_of(kind, checkpoint).make(setting_of(*service));
    if (!made) co_return fail(made.error());
    taken = true;
  }
  if (!taken) {
    co_return fail(Code::failed_precondition,
                   "no service's policy takes a checkpoint; that is the policy \"learned\"");
  }
  std::string name = name_of(checkpoint);
  rollout_.begin({.name = std::move(name),
                  .checkpoint = std::move(checkpoint),
                  .by = who,
                  .unix_ms = to_unix_ms(parts_.clock.wall_now())},
                 parts_.clock.now());
  for (const auto& service : services_) service->candidate.reset();
  rollout_changed(who);
  co_return co_await store_rollout();
}

asio::awaitable<Status> SteeringLoop::advance_rollout(std::string who) {
  const auto services = eligible();
  if (rollout_.shadows() && services.empty()) {
    co_return fail(Code::failed_precondition,
                   "there is no service in mode auto it could be tried on");
  }
  if (!rollout_.advance(parts_.clock.now(), services)) {
    co_return fail(Code::failed_precondition, "no checkpoint is being rolled out");
  }
  rollout_changed(who);
  co_return co_await store_rollout();
}

asio::awaitable<Status> SteeringLoop::withdraw_rollout(std::string who) {
  if (!rollout_.withdraw("by " + who)) {
    co_return fail(Code::failed_precondition, "no checkpoint is being rolled out");
  }
  rollout_changed("");
  co_return co_await store_rollout();
}

}  // namespace weir::controller
