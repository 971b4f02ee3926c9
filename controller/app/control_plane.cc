#include "controller/app/control_plane.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "common/async/on_blocking.h"
#include "common/routing/safe_set.h"
#include "controller/app/control_round.h"
#include "controller/catalog/policies.h"
#include "controller/guardrails/guardrail_rows.h"
#include "controller/publish/publication_rows.h"

namespace weir::controller {

namespace asio = boost::asio;
using asio::experimental::awaitable_operators::operator||;

namespace {

constexpr std::chrono::seconds k_tick{1};
constexpr std::chrono::seconds k_keepalive{15};
constexpr std::chrono::milliseconds k_follow_up{12'000};  // windows of 10 s, after reports and acks
constexpr std::size_t k_rows_max = 100'000;
constexpr double k_lines_per_second = 1;
constexpr double k_lines_burst = 20;

MeshNames names_of(const ControllerOptions& options) {
  MeshNames names;
  names.regions.insert(options.regions.begin(), options.regions.end());
  for (const auto& service : options.services) names.services.insert(service.plan.service);
  return names;
}

/// Whether the others are told the same of both.
bool same_peer(const AgentRecord& a, const AgentRecord& b) {
  return a.id == b.id && a.region == b.region && a.cluster == b.cluster && a.overlay == b.overlay &&
         a.public_key == b.public_key;
}

}  // namespace

ControlPlane::ControlPlane(asio::any_io_executor core, Parts parts)
    : parts_(std::move(parts)),
      core_(std::move(core)),
      telemetry_(names_of(parts_.options)),
      services_(parts_.options.services),
      publisher_({}),
      catalog_(all_policies()),
      steering_(core_, steering_parts()),
      hub_({.mesh = parts_.options.mesh, .version = parts_.version}, parts_.clock,
           session_callbacks()),
      wakeup_(core_) {}

ControlPlane::~ControlPlane() = default;

Status ControlPlane::load() {
  Store& store = parts_.store;
  WEIR_ASSIGN(state, store.get(k_publish_state_row));
  if (state) {
    WEIR_ASSIGN(decoded, decode_state(state->value));
    for (const auto& [agent, stamp] : decoded.agents) {
      last_publish_unix_ms_ = std::max(last_publish_unix_ms_, stamp.issued_unix_ms);
    }
    for (const auto& [key, weights] : decoded.weights) {
      last_publish_unix_ms_ = std::max(last_publish_unix_ms_, weights.change.unix_ms);
    }
    publisher_.restore(std::move(decoded));
  }
  WEIR_ASSIGN(changes, scan_all(store, k_change_rows, k_rows_max));
  for (const Row& row : changes) {
    WEIR_ASSIGN(change, decode_change(row.value));
    history_.add(std::move(change));
  }
  PinBook pins;
  WEIR_ASSIGN(pin_rows, scan_all(store, k_pin_rows, k_rows_max));
  for (const Row& row : pin_rows) {
    WEIR_ASSIGN(pin, decode_pin(row.value));
    pins.set(std::move(pin));
  }
  pins_ = std::move(pins);
  WEIR_ASSIGN(guardrail_rows, scan_all(store, k_guardrail_rows, k_rows_max));
  for (const Row& row : guardrail_rows) {
    WEIR_ASSIGN(override, decode_guardrail(row.value));
    guardrails_.set(std::move(override));
  }
  take_services(services_with(guardrails_));
  WEIR_ASSIGN(endpoints, scan_all(store, k_endpoint_rows, k_rows_max));
  for (const Row& row : endpoints) {
    WEIR_ASSIGN(endpoint, decode_endpoint(row.value));
    stored_endpoints_.insert(std::move(endpoint));
  }
  agents_ = parts_.enroller.agents();
  WEIR_ASSIGN(refusals, parts_.enroller.refusals());
  for (auto& refusal : refusals) telemetry_.events().add(std::move(refusal));
  return steering_.load();
}

SteeringLoop::Parts ControlPlane::steering_parts() {
  return {.options = parts_.options,
          .services = services_,
          .catalog = catalog_,
          .clock = parts_.clock,
          .store = parts_.store,
          .blocking = parts_.blocking,
          .log = parts_.log,
          .telemetry = telemetry_,
          .publisher = publisher_,
          .pinned =
              [this](const ServiceName& service, const RegionName& from) {
                return pins_.find(service, from, unix_ms()) != nullptr;
              },
          .changed = [this] { agents_changed(); },
          .note =
              [this](std::string type, std::string severity, std::string message,
                     const ServiceName& service) {
                note(std::move(type), std::move(severity), std::move(message), {}, service);
              },
          .traces = parts_.traces};
}

// ---- the loop

asio::awaitable<void> ControlPlane::run() {
  co_await asio::this_coro::throw_if_cancelled(false);
  for (;;) {
    if (!round_due() && !agents_stored_) {
      co_await (wakeup_.wait() || parts_.clock.sleep_for(k_tick));
    }
    const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
    if (cancelled != asio::cancellation_type::none) break;
    co_await look_at_store();
    co_await follow_up_changes();
    if (parts_.traces) parts_.traces->give_up(parts_.clock.now());
    if (std::exchange(agents_stored_, false) && !dirty_) co_await look_at_agents();
    // A step held back, or a pin that ends, is looked at with every tick.
    for (const auto& expiry : {pins_.next_expiry(), guardrails_.next_expiry()}) {
      if (expiry && *expiry <= unix_ms()) dirty_ = true;
    }
    if (!publisher_.settled()) dirty_ = true;
    if (!round_due()) continue;
    const Status done = co_await run_round();
    if (done) continue;
    if (done.error().code() != Code::resource_exhausted) {
      parts_.fatal(done.error().message());
      continue;
    }
    dirty_ = true;  // nothing was written: the same again once there is room
    next_look_at_store_ = {};
    co_await parts_.clock.sleep_for(k_tick);
  }
  for (const auto& edit : edits_) {
    edit->done.push(fail(Code::unavailable, "the controller is stopping"));
  }
  edits_.clear();
}

/// What the store would say to the next write, so that it is known before somebody needs it.
asio::awaitable<void> ControlPlane::look_at_store() {
  if (parts_.clock.now() < next_look_at_store_) co_return;
  next_look_at_store_ = parts_.clock.now() + k_tick;
  std::optional<StoreRoom> room;
  const Status writable =
      co_await on_blocking<Status>(parts_.blocking, [&store = parts_.store, &room] {
        room = store.room();
        return store.writable();
      });
  store_room_ = std::move(room);
  const bool before = store_problem_.empty();
  store_problem_ = writable ? "" : writable.error().message();
  if (before == store_problem_.empty()) co_return;
  if (writable) {
    parts_.log.info("store.writable");
    note("store.writable", "info", "the store takes writes again");
  } else {
    parts_.log.error("store.held", {{"why", store_problem_}});
    note("store.held", "error", store_problem_);
  }
}

/// What became of the requests that the changes of some seconds ago moved.
asio::awaitable<void> ControlPlane::follow_up_changes() {
  if (parts_.clock.now() < next_follow_up_) co_return;
  next_follow_up_ = parts_.clock.now() + k_tick;
  Transaction transaction;
  for (WeightChange* change : history_.to_follow_up(unix_ms() - k_follow_up.count())) {
    change->seen_after = seen_of(change->service, change->from);
    transaction.put(change_row_key(*change), encode_change(*change));
  }
  if (transaction.writes().empty()) co_return;
  // A disk that is nearly full costs this figure, nothing else.
  co_await on_blocking<Status>(parts_.blocking, [&store = parts_.store, transaction]() -> Status {
    auto done = store.commit(transaction);
    return done ? Status() : fail(std::move(done).error());
  });
}

/// In the last ten seconds.
SeenRequests ControlPlane::seen_of(const ServiceName& service, const RegionName& from) const {
  SeenRequests seen;
  LatencyHistogram latency;
  for (const RegionName& to : parts_.options.regions) {
    const FlowSums sums = telemetry_.sums({service, from, to}, parts_.clock.now());
    seen.ended += sums.ok + sums.errors + sums.timeouts;
    seen.in_objective += sums.within_objective;
    latency.merge(sums.latency);
  }
  seen.p99_us = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(latency.quantile(0.99).count(), 0, UINT32_MAX));
  return seen;
}

/// A certificate or the moment of a first session is nothing the others are told: no round.
asio::awaitable<void> ControlPlane::look_at_agents() {
  std::vector<AgentRecord> now = co_await on_blocking<std::vector<AgentRecord>>(
      parts_.blocking, [&enroller = parts_.enroller] { return enroller.agents(); });
  if (std::ranges::equal(agents_, now, same_peer)) {
    agents_ = std::move(now);
  } else {
    dirty_ = true;
  }
}

/// Whoever has left is forgotten: nothing it told is live.
void ControlPlane::take_agents(std::vector<AgentRecord> agents) {
  std::swap(agents_, agents);
  for (const AgentRecord& before : agents) {
    if (!std::ranges::binary_search(agents_, before.id, {}, &AgentRecord::id)) forget(before);
  }
}

void ControlPlane::forget(const AgentRecord& gone) {
  hub_.disconnect(gone.id,
                  Error(Code::permission_denied, gone.id.value() + " was removed from the mesh"));
  telemetry_.forget(gone.id);
  acks_.forget(gone.id);
  configured_endpoints_.erase(gone.id);
  seen_endpoints_.erase(gone.public_key);
  limits_.erase(gone.id);
  boots_.erase(gone.id);
}

bool ControlPlane::round_due() const { return dirty_ || !edits_.empty(); }

asio::awaitable<Status> ControlPlane::run_round() {
  dirty_ = false;
  std::vector<AgentRecord> now = co_await on_blocking<std::vector<AgentRecord>>(
      parts_.blocking, [&enroller = parts_.enroller] { return enroller.agents(); });
  take_agents(std::move(now));
  Round round = prepare();
  Status written;
  if (!round.transaction.writes().empty()) {
    const auto committed = co_await on_blocking<Result<std::uint64_t>>(
        parts_.blocking, [&store = parts_.store, transaction = round.transaction] {
          return store.commit(transaction);
        });
    if (!committed) written = fail(committed.error());
  }
  const auto edits = std::move(round.edits);
  const auto refused = std::move(round.refused);
  if (written) {
    finish(std::move(round));
    co_await parts_.sync_tunnel();
  }
  for (const auto& [edit, why] : refused) edit->done.push(fail(why));
  for (const auto& edit : edits) edit->done.push(written);
  co_return written;
}

namespace {

/// Rows by key, as they are and as they are to be.
struct Rows {
  std::map<std::string, std::string> before;
  std::map<std::string, std::string> after;
};

void add_difference(const Rows& rows, Transaction& transaction) {
  for (const auto& [key, value] : rows.before) {
    if (!rows.after.contains(key)) transaction.erase(key);
  }
  for (const auto& [key, value] : rows.after) {
    const auto before = rows.before.find(key);
    if (before == rows.before.end() || before->second != value) transaction.put(key, value);
  }
}

}  // namespace

/// The next state, with the writes that make it durable. Nothing has changed yet.
ControlPlane::Round ControlPlane::prepare() {
  Round round;
  round.pins = pins_;
  round.expired = round.pins.take_expired(unix_ms());
  round.guardrails = guardrails_;
  round.ended = round.guardrails.take_expired(unix_ms());
  for (auto& edit : std::exchange(edits_, {})) {
    PinBook pins = round.pins;
    GuardrailBook guardrails = round.guardrails;
    Status done = edit->pins ? edit->pins(pins) : Status();
    if (done && edit->guardrails) done = edit->guardrails(guardrails);
    if (done) {
      round.pins = std::move(pins);
      round.guardrails = std::move(guardrails);
      round.edits.push_back(std::move(edit));
    } else {
      round.refused.emplace_back(std::move(edit), std::move(done).error());
    }
  }
  round.services = services_with(round.guardrails);
  Rows rows;
  for (const WeightPin& pin : pins_.all()) {
    rows.before[pin_row_key(pin.service, pin.from)] = encode_pin(pin);
  }
  for (const WeightPin& pin : round.pins.all()) {
    rows.after[pin_row_key(pin.service, pin.from)] = encode_pin(pin);
  }
  for (const GuardrailOverride& override : guardrails_.all()) {
    rows.before[guardrail_row_key(override.service, override.name)] = encode_guardrail(override);
  }
  for (const GuardrailOverride& override : round.guardrails.all()) {
    rows.after[guardrail_row_key(override.service, override.name)] = encode_guardrail(override);
  }
  add_difference(rows, round.transaction);
  for (const AgentRecord& agent : agents_) {
    const auto endpoint = endpoint_of(agent);
    if (!endpoint) continue;
    round.endpoints.emplace(agent.id, *endpoint);
    const auto stored = stored_endpoints_.find(agent.id);
    if (stored == stored_endpoints_.end() || stored->second != *endpoint) {
      round.transaction.put(endpoint_row_key(agent.id), encode_endpoint(agent.id, *endpoint));
    }
  }
  for (const auto& [agent, endpoint] : stored_endpoints_) {
    if (find(agent) == nullptr) round.transaction.erase(endpoint_row_key(agent));
  }
  round.begun = parts_.clock.now();
  round.draft = publisher_.draft(input(round.pins, round.services));
  round.guarded = parts_.clock.now();
  if (round.draft && round.draft->state != publisher_.state()) {
    for (WeightChange& change : round.draft->changes) {
      change.seen_before = seen_of(change.service, change.from);
    }
    add_draft(*round.draft, round.transaction);
    const std::size_t coming = std::min(round.draft->changes.size(), k_changes_kept);
    for (auto& key : history_.overflow(coming)) round.transaction.erase(std::move(key));
  }
  return round;
}

/// The round is on the disk: it becomes the state, and the agents hear of it.
void ControlPlane::finish(Round round) {
  for (const WeightPin& pin : round.expired) {
    note("pin.expired", "info",
         "the pin of " + pin.service.value() + " from " + pin.from.value() + " has run out", {},
         pin.service, pin.from);
  }
  for (const GuardrailOverride& ended : round.ended) {
    note("guardrail.expired", "info",
         ended.name + " of " + ended.service.value() + " is as configured again", {},
         ended.service);
  }
  pins_ = std::move(round.pins);
  guardrails_ = std::move(round.guardrails);
  take_services(std::move(round.services));
  stored_endpoints_ = std::move(round.endpoints);
  if (!round.draft && publisher_.settled()) tightening_.clear();
  if (!round.draft) return;
  PublicationDraft& draft = *round.draft;
  for (const WeightChange& change : draft.changes) {
    note("weights.changed", "info",
         change.service.value() + " from " + change.from.value() + ": by " + change.by, {},
         change.service, change.from);
    history_.add(change);
    published_count_.add(change);
    if (!change.guards.empty()) steering_.clamped(change.service);
  }
  for (const std::string& warning : draft.warnings) {
    if (std::ranges::find(warnings_, warning) == warnings_.end()) {
      parts_.log.warn("publish.left_out", {{"why", warning}});
    }
  }
  warnings_ = draft.warnings;
  const bool fresh = draft.state.id != publisher_.state().id;
  if (fresh) {
    last_publish_unix_ms_ = unix_ms();
    parts_.log.info("publish.done", {{"epoch", draft.state.id.epoch},
                                     {"generation", draft.state.id.generation},
                                     {"agents", std::uint64_t{draft.agents.size()}}});
  }
  auto traced = to_trace(round);
  publisher_.accept(std::move(draft));
  if (publisher_.settled()) tightening_.clear();
  for (const AgentRecord& agent : agents_) hub_.push(agent.id);
  for (auto& publication : traced) {
    publication.pushed = parts_.clock.now();
    parts_.traces->published(std::move(publication));
  }
}

PublishInput ControlPlane::input(const PinBook& pins, const std::vector<ServiceConfig>& services) {
  const ControllerOptions& options = parts_.options;
  PublishInput made;
  made.mesh = options.mesh;
  made.overlay_prefix = options.overlay;
  made.controller.agent = AgentId("weir/controller");
  made.controller.controller = true;
  made.controller.overlay = parts_.enroller.controller_overlay();
  made.controller.public_key = parts_.enroller.tunnel_public_key();
  made.controller.endpoint = options.public_endpoint;
  made.controller.keepalive = k_keepalive;
  made.agents = peers();
  made.regions = options.regions;
  made.services = services;
  made.unix_ms = unix_ms();
  made.proposal = with_pins(steering_.proposal(), pins, made.unix_ms);
  propose_in_force(made);
  return made;
}

/// Where a limit has moved and nobody wishes anything, what is in force has to keep it too: it is
/// proposed once more.
void ControlPlane::propose_in_force(PublishInput& made) const {
  for (const auto& [source, present] : publisher_.state().weights) {
    const auto before = std::ranges::find(
        services_, source.first, [](const ServiceConfig& one) { return one.plan.service; });
    const auto now = std::ranges::find(made.services, source.first,
                                       [](const ServiceConfig& one) { return one.plan.service; });
    const bool moved = before != services_.end() && now != made.services.end() &&
                       before->plan.guards != now->plan.guards;
    if (!moved && !tightening_.contains(source.first)) continue;
    const bool wished = std::ranges::any_of(made.proposal, [&](const WeightProposal& row) {
      return row.service == source.first && row.from == source.second;
    });
    if (wished) continue;
    const WeightChange& change = present.change;
    made.proposal.push_back({.service = source.first,
                             .from = source.second,
                             .weights = as_proposal(change.after),
                             .by = change.by,
                             .reasons = change.reasons,
                             .expected_in_objective = change.expected_in_objective,
                             .fades = present.fades,
                             .limits = present.limits});
  }
}

std::vector<ServiceConfig> ControlPlane::services_with(const GuardrailBook& guardrails) const {
  std::vector<ServiceConfig> services;
  for (const ServiceConfig& configured : parts_.options.services) {
    services.push_back(with_guardrails(configured, guardrails, unix_ms()));
  }
  return services;
}

void ControlPlane::take_services(std::vector<ServiceConfig> services) {
  for (std::size_t i = 0; i < services_.size(); ++i) {
    if (services_[i] == services[i]) continue;
    if (services_[i].plan.guards != services[i].plan.guards) {
      tightening_.insert(services[i].plan.service);
    }
    services_[i] = std::move(services[i]);
    steering_.service_changed(services_[i].plan.service);
  }
}

std::vector<MeshPeer> ControlPlane::peers() const {
  std::vector<MeshPeer> peers;
  for (const AgentRecord& agent : agents_) {
    peers.push_back({.agent = agent.id,
                     .region = agent.region,
                     .cluster = agent.cluster,
                     .overlay = agent.overlay,
                     .public_key = agent.public_key,
                     .endpoint = endpoint_of(agent),
                     .controller = false,
                     .keepalive = k_keepalive});
  }
  return peers;
}

/// What the agent's configuration says; else where the tunnel saw it; else where it was before the
/// controller's restart. An agent that has not said yet is where it was.
std::optional<Endpoint> ControlPlane::endpoint_of(const AgentRecord& agent) const {
  const auto configured = configured_endpoints_.find(agent.id);
  const auto stored = stored_endpoints_.find(agent.id);
  const auto seen = seen_endpoints_.find(agent.public_key);
  const bool has_said = configured != configured_endpoints_.end();
  if (has_said && configured->second) return configured->second;
  if (!has_said && stored != stored_endpoints_.end()) return stored->second;
  if (seen != seen_endpoints_.end()) return seen->second;
  if (stored != stored_endpoints_.end()) return stored->second;
  return std::nullopt;
}

const AgentRecord* ControlPlane::find(const AgentId& agent) const {
  const auto found = std::ranges::find(agents_, agent, &AgentRecord::id);
  return found == agents_.end() ? nullptr : &*found;
}

// ---- what asks for a round

void ControlPlane::agents_changed() {
  dirty_ = true;
  wakeup_.notify();
}

void ControlPlane::agents_stored() {
  agents_stored_ = true;
  wakeup_.notify();
}

asio::awaitable<Status> ControlPlane::submit(PinEdit pins, GuardrailEdit guardrails) {
  const auto pending = std::make_shared<Edit>(core_, std::move(pins), std::move(guardrails));
  edits_.push_back(pending);
  wakeup_.notify();
  const std::optional<Status> done = co_await pending->done.pop();
  if (!done) co_return fail(Code::cancelled, "the call was cancelled; the change may come true");
  co_return *done;
}

asio::awaitable<Status> ControlPlane::published() {
  dirty_ = true;
  PinEdit no_pins;
  GuardrailEdit no_guardrails;
  co_return co_await submit(std::move(no_pins), std::move(no_guardrails));
}

asio::awaitable<Status> ControlPlane::change_pins(PinEdit edit) {
  GuardrailEdit no_guardrails;
  co_return co_await submit(std::move(edit), std::move(no_guardrails));
}

asio::awaitable<Status> ControlPlane::change_guardrails(GuardrailEdit edit) {
  PinEdit no_pins;
  co_return co_await submit(std::move(no_pins), std::move(edit));
}

Result<WeightChange> ControlPlane::preview(const WeightPin& pin) {
  PinBook pins;
  pins.set(pin);
  WeightProposal blank;
  blank.service = pin.service;
  blank.from = pin.from;
  const Proposal wanted = with_pins({std::move(blank)}, pins, unix_ms());
  return publisher_.preview(input(pins_, services_), wanted.front());
}

void ControlPlane::endpoints_seen(const std::map<PublicKey, Endpoint>& seen) {
  for (const AgentRecord& agent : agents_) {
    const auto now = seen.find(agent.public_key);
    if (now == seen.end()) continue;
    const auto before = endpoint_of(agent);
    seen_endpoints_[agent.public_key] = now->second;
    if (endpoint_of(agent) != before) agents_changed();
  }
}

std::optional<std::uint64_t> ControlPlane::may_write(const AgentId& agent) {
  LogLimit& limit =
      find(agent) == nullptr
          ? strangers_
          : limits_.try_emplace(agent, k_lines_per_second, k_lines_burst).first->second;
  const std::uint64_t held_back = limit.suppressed();
  if (!limit.allow(parts_.clock.now())) return std::nullopt;
  return held_back;
}

void ControlPlane::note(std::string type, std::string severity, std::string message,
                        const AgentId& agent, const ServiceName& service,
                        const RegionName& region) {
  telemetry::v1::Event event;
  event.set_unix_ms(unix_ms());
  event.set_type(std::move(type));
  event.set_severity(std::move(severity));
  event.set_agent(agent.value());
  event.set_service(service.value());
  const AgentRecord* known = find(agent);
  event.set_region(region.empty() && known != nullptr ? known->region.value() : region.value());
  event.set_message(std::move(message));
  telemetry_.events().add(std::move(event));
}

}  // namespace weir::controller
