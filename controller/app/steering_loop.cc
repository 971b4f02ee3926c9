#include "controller/app/steering_loop.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <mutex>
#include <utility>

#include "common/async/on_blocking.h"
#include "common/base/text.h"
#include "controller/app/steered_service.h"
#include "controller/policy/static_weights.h"
#include "weir/store/v1/steering.pb.h"

namespace weir::controller {

namespace asio = boost::asio;
using asio::experimental::awaitable_operators::operator||;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds k_interval{1000};
constexpr milliseconds k_patience{400};  // for one answer; with the next rung's within a second
constexpr milliseconds k_look{20};
constexpr std::chrono::seconds k_settle{5};  // until agents have come back after a restart
constexpr std::uint64_t k_intervals_a_row = 10;
constexpr std::size_t k_rows_kept = 30;  // of a service
constexpr std::int64_t k_stale_ms = 15 * 60 * 1000;
constexpr std::size_t k_scan_rows_max = 100'000;
constexpr std::size_t k_idle_cells_max = 1 << 20;  // pairs, of all services nobody steers
constexpr std::size_t k_idle_intervals_min = 20;   // fewer are of no use to anybody
constexpr std::string_view k_mode_rows = "steer/mode/";

struct ModeName {
  PolicyMode mode;
  std::string_view name;
};
constexpr ModeName k_modes[] = {{PolicyMode::configured, "static"},
                                {PolicyMode::shadow, "shadow"},
                                {PolicyMode::assist, "assist"},
                                {PolicyMode::automatic, "auto"}};

bool cancelled(const asio::cancellation_state& state) {
  return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace

std::string_view policy_mode_name(PolicyMode mode) {
  return std::ranges::find(k_modes, mode, &ModeName::mode)->name;
}

Result<PolicyMode> parse_policy_mode(std::string_view name) {
  const auto* found = std::ranges::find(k_modes, name, &ModeName::name);
  if (found != std::end(k_modes)) return found->mode;
  return fail(Code::invalid_argument,
              "mode " + in_quotes(name) + " is none of static, shadow, assist, auto");
}

/// Where the worker's thread leaves answers; outlives the loop for the sake of one that hangs.
struct SteeringLoop::Mailbox {
  struct Answer {
    std::uint64_t job = 0;
    std::optional<ServiceWish> wish;
    std::string problem;
  };
  std::mutex mutex;
  std::vector<Answer> answers;
  std::function<void()> wake;  // empty: nobody waits any more

  void put(Answer answer) {
    const std::lock_guard lock(mutex);
    if (!wake) return;
    answers.push_back(std::move(answer));
    wake();
  }
};

SteeringLoop::SteeringLoop(asio::any_io_executor core, Parts parts)
    : parts_(std::move(parts)),
      core_(std::move(core)),
      mailbox_(std::make_shared<Mailbox>()),
      answered_(core_),
      rollout_(parts_.options.rollout) {
  for (const ServiceConfig& service : parts_.services) {
    services_.push_back(std::make_unique<Steered>(service));
  }
  mailbox_->wake = [this] { asio::post(core_, [this] { answered_.notify(); }); };
}

SteeringLoop::~SteeringLoop() {
  const std::lock_guard lock(mailbox_->mutex);
  mailbox_->wake = nullptr;
}

Status SteeringLoop::load() {
  WEIR_ASSIGN(modes, scan_all(parts_.store, k_mode_rows, k_scan_rows_max));
  for (const Row& row : modes) {
    store::v1::SteeringMode stored;
    if (!stored.ParseFromString(row.value)) {
      return fail(Code::data_loss, "row " + in_quotes(row.key) + " cannot be read");
    }
    WEIR_ASSIGN(mode, parse_policy_mode(stored.mode()));
    Steered* service = find(ServiceName(stored.service()));
    if (service == nullptr) continue;
    service->mode = mode;
    service->mode_by = stored.by();
  }
  WEIR_ASSIGN(rows, scan_all(parts_.store, k_experience_rows, k_scan_rows_max));
  const std::int64_t oldest = to_unix_ms(parts_.clock.wall_now()) - k_stale_ms;
  for (const Row& row : rows) {
    auto stored = decode_experience(row.value);
    // Experience can be had again; a controller that does not start cannot steer.
    if (!stored) {
      parts_.log.warn("steering.experience", {{"row", row.key}, {"why", stored.error().message()}});
      continue;
    }
    Steered* service = find(stored->service);
    if (service == nullptr) continue;
    service->rows.push_back(row.key);
    if (stored->regions != parts_.options.regions) continue;
    if (experience_row_time(row.key) < oldest) continue;
    for (ServiceObservation& seen : stored->intervals) {
      for (std::size_t i = 0; i < seen.servers.size(); ++i) {
        if (seen.servers[i].endpoints > 0) service->serving.insert(parts_.options.regions[i]);
      }
      service->past.add(std::move(seen));
    }
  }
  return load_rollout();
}

// ---- the loop

asio::awaitable<void> SteeringLoop::run() {
  co_await asio::this_coro::throw_if_cancelled(false);
  started_ = last_tick_ = parts_.clock.now();
  Time next = started_;
  for (;;) {
    next = std::max(next + k_interval, parts_.clock.now());
    co_await parts_.clock.sleep_until(next);
    if (cancelled(co_await asio::this_coro::cancellation_state)) co_return;
    co_await tick();
  }
}

asio::awaitable<void> SteeringLoop::tick() {
  const Time now = parts_.clock.now();
  for (const auto& service : services_) show(*service, now);
  last_tick_ = now;
  co_await wait_for_answers();
  bool round = false;
  for (const auto& service : services_) {
    count_decisions(*service);
    round = tell_falls(*service) || round;
    tell_cost(*service);
    // Nothing wished differs from what is in force most of the time: no round then.
    round = round || (mode_of(*service) == PolicyMode::automatic &&
                      !wished_by(*service, "", limits_of(*service)).empty());
  }
  if (watch_rollout(now)) {
    round = true;
    // A disk that is nearly full costs a stage begun anew after a restart, nothing else.
    (void)co_await store_rollout();
  }
  if (round) parts_.changed();
  if (++ticks_ % k_intervals_a_row == 0) co_await store_experience();
}

void SteeringLoop::show(Steered& service, Time now) {
  bool others = learn_who_serves(service);
  others = std::exchange(service.reconfigured, false) || others;
  if (mode_of(service) == PolicyMode::configured && service.steering) {
    service.past = service.steering->experience();
    service.steering.reset();
    service.candidate.reset();
  }
  if (service.serving.empty() || (now - started_ < k_settle && !service.steering)) return;
  if (mode_of(service) == PolicyMode::configured) {
    record(service, now);
    return;
  }
  if (!service.steering) {
    service.checkpoint = rollout_.checkpoint_for(service.config.plan.service);
    service.falls_told = 0;
    service.decisions_told = 0;
    service.steering.emplace(setting_of(service), ladder_of(service.config),
                             std::exchange(service.past, {}));
  } else if (others) {
    service.steering->change(setting_of(service));
  }
  ServiceObservation seen = look_at(service, service.steering->setting(), now);
  service.steering->applied(mode_of(service) == PolicyMode::automatic &&
                            std::ranges::find(seen.held, 1) == seen.held.end());
  ++service.not_stored;
  shadow(service, seen, others, now);
  if (parts_.traces) parts_.traces->seen(service.config.plan.service, last_tick_, now);
  auto job = service.steering->begin(std::move(seen), now);
  if (job) launch(service.config.plan.service, *std::move(job));
}

/// Of a service nobody steers, for whoever steers it next and for questions: as far as there is
/// room for all such services.
void SteeringLoop::record(Steered& service, Time now) {
  const std::size_t regions = parts_.options.regions.size();
  const std::size_t cells = k_idle_cells_max / services_.size();
  if (cells < k_idle_intervals_min * regions * regions) return;
  service.past.add(look_at(service, setting_of(service), now),
                   std::min(cells, Experience::k_cells_max));
}

ServiceObservation SteeringLoop::look_at(const Steered& service, const ServiceSetting& setting,
                                         Time now) const {
  ServiceObservation seen = parts_.telemetry.observe(setting, last_tick_, now);
  seen.in_force = shares_in_force(parts_.options.regions, in_force_of(service));
  for (const RegionName& from : parts_.options.regions) {
    seen.held.push_back(parts_.pinned(service.config.plan.service, from) ? 1 : 0);
  }
  return seen;
}

void SteeringLoop::launch(const ServiceName& service, SteeringJob job, bool candidate) {
  const std::uint64_t number = ++jobs_;
  Pending pending{.service = service, .candidate = candidate, .since = parts_.clock.now()};
  if (parts_.traces && !candidate) pending.policy = find(service)->steering->policy();
  pending_.emplace(number, std::move(pending));
  worker_.add([number, mailbox = mailbox_, work = std::move(job)] {
    Mailbox::Answer answer{.job = number, .wish = std::nullopt, .problem = {}};
    // A policy that throws is a bug, but no reason for the mesh to lose its controller.
    try {
      answer.wish = work.run();
    } catch (const std::exception& problem) {
      answer.problem = std::string("it threw: ") + problem.what();
    } catch (...) {
      answer.problem = "it threw";
    }
    mailbox->put(std::move(answer));
  });
}

asio::awaitable<void> SteeringLoop::wait_for_answers() {
  std::uint64_t finished = worker_.finished();
  Time since = parts_.clock.now();
  for (;;) {
    take_answers();
    if (pending_.empty()) co_return;
    const Time now = parts_.clock.now();
    if (const std::uint64_t count = worker_.finished(); count != finished) {
      finished = count;
      since = now;
    } else if (now - since >= k_patience) {
      const auto hanging = pending_.extract(pending_.begin());
      worker_.leave_behind();
      finished = worker_.finished();
      since = now;
      const Pending& late = hanging.mapped();
      ServiceSteering* steering = asked(late);
      const std::uint64_t falls = steering ? steering->falls() : 0;
      auto next = steering ? steering->fall("no answer in 400 ms", now) : std::nullopt;
      trace(late, falls, now);
      if (next) launch(late.service, *std::move(next), late.candidate);
      continue;
    }
    co_await (answered_.wait() || parts_.clock.sleep_for(k_look));
    if (cancelled(co_await asio::this_coro::cancellation_state)) co_return;
  }
}

void SteeringLoop::take_answers() {
  std::vector<Mailbox::Answer> answers;
  {
    const std::lock_guard lock(mailbox_->mutex);
    answers.swap(mailbox_->answers);
  }
  const Time now = parts_.clock.now();
  for (Mailbox::Answer& answer : answers) {
    const auto found = pending_.find(answer.job);
    if (found == pending_.end()) continue;  // it came too late, after a fall
    const Pending pending = found->second;
    pending_.erase(found);
    decision_durations_.record(now - pending.since);
    ServiceSteering* steering = asked(pending);
    if (steering == nullptr) continue;
    const std::uint64_t falls = steering->falls();
    auto next = answer.wish ? steering->take(*std::move(answer.wish), now)
                            : steering->fall(answer.problem, now);
    trace(pending, falls, now);
    if (next) launch(pending.service, *std::move(next), pending.candidate);
  }
}

/// Whose answer it is; nullptr: nobody wants it any more.
ServiceSteering* SteeringLoop::asked(const Pending& pending) const {
  Steered& service = *find(pending.service);
  auto& whose = pending.candidate ? service.candidate : service.steering;
  return whose ? &*whose : nullptr;
}

/// Who was asked, for how long, and what came of it.
void SteeringLoop::trace(const Pending& pending, std::uint64_t falls_before, Time now) const {
  const ServiceSteering* steering = asked(pending);
  if (!parts_.traces || pending.candidate || steering == nullptr) return;
  const bool fell = steering->falls() != falls_before;
  parts_.traces->answered(pending.service, {.policy = pending.policy,
                                            .begin = pending.since,
                                            .end = now,
                                            .cost_cut = !fell && steering->cost_cut().has_value(),
                                            .problem = fell ? steering->last_fall() : ""});
}

/// When the ceiling on cost cannot be kept, and when it can be again.
void SteeringLoop::tell_cost(Steered& service) {
  const ServiceName& name = service.config.plan.service;
  const bool above =
      service.steering && service.steering->cost_cut() && !service.steering->cost_cut()->kept;
  if (above == service.above_ceiling) return;
  service.above_ceiling = above;
  if (!above) return parts_.note("policy.cost_kept", "info", "the ceiling on cost is kept", name);
  parts_.note(
      "policy.cost_above", "warn",
      "the cheapest of the open destinations cost more than the ceiling: " +
          in_words(*service.steering->cost_cut(), service.steering->setting().max_cost_per_hour),
      name);
}

void SteeringLoop::count_decisions(Steered& service) const {
  if (!service.steering) return;
  service.decisions.rejected(service.steering->falls() - service.falls_told);
  const bool steers = mode_of(service) == PolicyMode::automatic;
  for (; service.decisions_told < service.steering->decisions(); ++service.decisions_told) {
    service.decisions.answered(steers);
    if (!service.steering->cost_cut()) continue;
    ++service.cost_cuts;
    service.decisions.clamped();
  }
}

void SteeringLoop::service_changed(const ServiceName& service) {
  if (Steered* known = find(service)) known->reconfigured = true;
}

void SteeringLoop::clamped(const ServiceName& service) {
  if (Steered* known = find(service)) known->decisions.clamped();
}

bool SteeringLoop::tell_falls(Steered& service) {
  if (!service.steering || service.steering->falls() == service.falls_told) return false;
  service.falls_told = service.steering->falls();
  const std::string message =
      service.steering->last_fall() + "; now " + service.steering->policy() + " steers";
  parts_.log.warn("steering.fell",
                  {{"service", service.config.plan.service.value()}, {"why", message}});
  parts_.note("policy.fell", "warn", message, service.config.plan.service);
  return true;
}

asio::awaitable<void> SteeringLoop::store_experience() {
  const std::int64_t unix_ms = to_unix_ms(parts_.clock.wall_now());
  for (const auto& service : services_) {
    if (!service->steering || service->not_stored == 0) continue;
    const auto fresh = service->steering->experience().newest(service->not_stored);
    service->not_stored = 0;
    std::string row = encode_experience(service->steering->setting(), fresh);
    if (row.size() > Store::k_value_max) continue;
    Transaction transaction;
    const std::string key = experience_row_key(service->config.plan.service, unix_ms);
    transaction.put(key, std::move(row));
    std::erase(service->rows, key);
    service->rows.push_back(key);
    while (service->rows.size() > k_rows_kept) {
      transaction.erase(service->rows.front());
      service->rows.pop_front();
    }
    // A disk that is nearly full costs experience, nothing else; one that failed ends the process.
    co_await on_blocking<Status>(parts_.blocking, [&store = parts_.store, transaction]() -> Status {
      auto done = store.commit(transaction);
      return done ? Status() : fail(std::move(done).error());
    });
  }
}

// ---- services

SteeringLoop::Steered* SteeringLoop::find(const ServiceName& service) const {
  const auto found = std::ranges::find_if(
      services_, [&](const auto& one) { return one->config.plan.service == service; });
  return found == services_.end() ? nullptr : found->get();
}

PolicyMode SteeringLoop::mode_of(const Steered& service) const {
  return service.mode.value_or(service.config.policy.mode);
}

/// Whether there are regions that were not known to have servers of it.
bool SteeringLoop::learn_who_serves(Steered& service) const {
  bool others = false;
  for (const EndpointRow& row :
       parts_.telemetry.endpoints_of(service.config.plan.service, parts_.clock.now())) {
    others = service.serving.insert(row.region).second || others;
  }
  return others;
}

ServiceSetting SteeringLoop::setting_of(const Steered& service) const {
  const ServiceConfig& config = service.config;
  const std::vector<RegionName>& regions = parts_.options.regions;
  const std::size_t n = regions.size();
  ServiceSetting setting;
  setting.service = config.plan.service;
  setting.regions = regions;
  setting.interval_ms = std::chrono::duration<double, std::milli>(k_interval).count();
  setting.slo_ms = std::chrono::duration<double, std::milli>(config.plan.objective).count();
  setting.goal = config.policy.goal;
  setting.keep_in_slo = config.policy.keep_in_slo;
  setting.kb_per_request = config.policy.kb_per_request;
  setting.max_cost_per_hour = config.max_cost_per_hour.value_or(k_unknown);
  setting.rtt_ms = Grid<double>(n, n, k_unknown);
  setting.cost_per_gb = Grid<double>(n, n, 0);
  setting.allowed = Grid<char>(n, n, 0);
  setting.static_weights = Grid<double>(n, n, 0);
  setting.min_share = config.plan.guards.min_share.value();
  setting.max_step = config.plan.guards.max_step.value();
  std::map<RegionName, double> endpoints;
  for (const EndpointRow& row :
       parts_.telemetry.endpoints_of(config.plan.service, parts_.clock.now())) {
    endpoints[row.region] += 1;
  }
  for (std::size_t to = 0; to < n; ++to) {
    // Of a region that nobody tells of now, but did, one server is assumed.
    const double least = service.serving.contains(regions[to]) ? 1 : 0;
    ServedIn served{.endpoints = std::max(least, endpoints[regions[to]])};
    const auto capacity = config.policy.capacity_rps.find(regions[to]);
    if (capacity != config.policy.capacity_rps.end()) served.declared_rps = capacity->second;
    setting.served_in.push_back(served);
  }
  for (std::size_t from = 0; from < n; ++from) {
    const auto& permitted = config.guards_for(regions[from]).residency;
    const auto may = [&](std::size_t to) {
      return permitted.empty() || std::ranges::find(permitted, regions[to]) != permitted.end();
    };
    bool any = false;
    for (std::size_t to = 0; to < n; ++to) {
      setting.static_weights(from, to) = config.weights.of(regions[from], regions[to]);
      // Answers are what weighs, and they leave the region that gave them.
      setting.cost_per_gb(from, to) = parts_.options.prices.of(regions[to], regions[from]);
      setting.allowed(from, to) = may(to) && setting.served_in[to].endpoints > 0 ? 1 : 0;
      any = any || setting.allowed(from, to) != 0;
    }
    // Nobody it may ask serves: the agents fail over among those by themselves.
    for (std::size_t to = 0; to < n && !any; ++to) setting.allowed(from, to) = may(to) ? 1 : 0;
  }
  return setting;
}

std::vector<Rung> SteeringLoop::ladder_of(const ServiceConfig& service) const {
  std::vector<Rung> ladder;
  for (const std::string_view name : {std::string_view(service.policy.name),
                                      std::string_view("planner"), std::string_view("waterfall")}) {
    const PolicyKind* kind = parts_.catalog.find(name);
    const bool there = std::ranges::find(ladder, name, &Rung::name) != ladder.end();
    if (kind == nullptr || there) continue;
    ladder.push_back(rung_of(*kind, rollout_.checkpoint_for(service.plan.service)));
  }
  return ladder;
}

/// `checkpoint` empty: what is shipped.
Rung SteeringLoop::rung_of(const PolicyKind& kind, std::string checkpoint) const {
  return {.name = std::string(kind.name),
          .make = [&kind, checkpoint = std::move(checkpoint)](const ServiceSetting& setting) {
            return kind.make(setting,
                             {.tuning = Tuning(kind.tunables),
                              .seed = 1,
                              .checkpoint = kind.takes_checkpoint ? std::string_view(checkpoint)
                                                                  : std::string_view()});
          }};
}

Proposal SteeringLoop::wished_by(const Steered& service, const std::string& by,
                                 WishLimits limits) const {
  if (!service.steering || service.steering->wish() == nullptr) return {};
  return proposals_of(*service.steering->wish(), service.steering->setting(), by, limits,
                      in_force_of(service));
}

/// A relay is open for as long as its client likes: what a limit takes for load would be none.
WishLimits SteeringLoop::limits_of(const Steered& service) {
  const bool kept =
      service.config.policy.in_flight_limits && service.config.plan.protocol == Protocol::http;
  return kept ? WishLimits::kept : WishLimits::dropped;
}

SourceInForce SteeringLoop::in_force_of(const Steered& service) const {
  return [&published = parts_.publisher.state().weights,
          name = service.config.plan.service](const RegionName& from) -> InForce {
    const auto found = published.find({name, from});
    if (found == published.end()) return {};
    return {.weights = found->second.change.after, .limits = found->second.limits};
  };
}

Proposal SteeringLoop::proposal() const {
  Proposal all;
  const auto& published = parts_.publisher.state().weights;
  for (const auto& service : services_) {
    const PolicyMode mode = mode_of(*service);
    const bool steers = mode == PolicyMode::assist || mode == PolicyMode::automatic;
    const bool at_the_end = mode == PolicyMode::automatic && service->steering &&
                            service->steering->policy() == "static";
    Proposal some = static_proposal(service->config, parts_.options.regions);
    if (steers && !at_the_end) {
      // Only where nothing is in force yet.
      std::erase_if(some, [&](const WeightProposal& row) {
        return published.contains({row.service, row.from});
      });
      Proposal wished =
          mode == PolicyMode::assist
              ? service->confirmed
              : wished_by(*service, service->steering ? service->steering->policy() : std::string(),
                          limits_of(*service));
      for (WeightProposal& row : wished) {
        std::erase_if(some, [&](const WeightProposal& other) { return other.from == row.from; });
        some.push_back(std::move(row));
      }
    }
    std::ranges::move(some, std::back_inserter(all));
  }
  return all;
}

// ---- operators

std::vector<SteeringLoop::View> SteeringLoop::views() const {
  std::vector<View> views;
  for (const auto& service : services_) {
    View& view = views.emplace_back();
    view.config = &service->config;
    view.mode = mode_of(*service);
    view.mode_by = service->mode ? service->mode_by : "";
    view.decisions = &service->decisions;
    view.cost_cuts = service->cost_cuts;
    view.steering = service->steering ? &*service->steering : nullptr;
    if (service->steering) {
      view.in_force = shares_in_force(parts_.options.regions, in_force_of(*service));
      view.wished = wished_by(*service, service->steering->policy(), WishLimits::overlooked);
    }
  }
  return views;
}

Result<SteeringLoop::Recorded> SteeringLoop::recorded(const ServiceName& name) const {
  const Steered* service = find(name);
  if (service == nullptr) {
    return fail(Code::not_found, "service " + in_quotes(name.value()) +
                                     " is not configured; list them with: weirctl services ls");
  }
  const bool steered = service->steering.has_value();
  return Recorded{.config = &service->config,
                  .mode = mode_of(*service),
                  .setting = steered ? service->steering->setting() : setting_of(*service),
                  .limits = limits_of(*service) == WishLimits::kept,
                  .seen = (steered ? service->steering->experience() : service->past).all()};
}

asio::awaitable<Status> SteeringLoop::set_mode(ServiceName name, std::optional<PolicyMode> mode,
                                               std::string who) {
  Steered* service = find(name);
  if (service == nullptr) {
    co_return fail(Code::not_found, "service " + in_quotes(name.value()) +
                                        " is not configured; list them with: weirctl services ls");
  }
  Transaction transaction;
  const std::string key = std::string(k_mode_rows) + name.value();
  if (mode) {
    store::v1::SteeringMode stored;
    stored.set_service(name.value());
    stored.set_mode(std::string(policy_mode_name(*mode)));
    stored.set_by(who);
    stored.set_unix_ms(to_unix_ms(parts_.clock.wall_now()));
    transaction.put(key, stored.SerializeAsString());
  } else {
    transaction.erase(key);
  }
  const Status done = co_await on_blocking<Status>(
      parts_.blocking, [&store = parts_.store, transaction]() -> Status {
        auto written = store.commit(transaction);
        return written ? Status() : fail(std::move(written).error());
      });
  if (!done) co_return done;
  service->mode = mode;
  service->mode_by = mode ? who : "";
  service->confirmed.clear();
  parts_.note("policy.mode", "info",
              std::string(policy_mode_name(mode_of(*service))) + (mode ? "" : " (configured)") +
                  " by " + who,
              name);
  parts_.changed();
  co_return Status();
}

Status SteeringLoop::confirm(const ServiceName& name, const std::string& who) {
  Steered* service = find(name);
  if (service == nullptr) {
    return fail(Code::not_found, "service " + in_quotes(name.value()) +
                                     " is not configured; list them with: weirctl services ls");
  }
  if (mode_of(*service) != PolicyMode::assist) {
    return fail(Code::failed_precondition,
                name.value() + " is in mode " + std::string(policy_mode_name(mode_of(*service))) +
                    "; only in mode assist there is something to confirm");
  }
  Proposal wished;
  if (service->steering) {
    wished = wished_by(*service, service->steering->policy() + ", confirmed by " + who,
                       WishLimits::dropped);
  }
  if (wished.empty()) {
    return fail(Code::failed_precondition,
                "the policy wishes nothing that differs from the weights");
  }
  service->confirmed = std::move(wished);
  parts_.note("policy.confirmed", "info", "by " + who, name);
  parts_.changed();
  return {};
}

}  // namespace weir::controller
