#include "controller/simulate/world.h"

namespace weir::controller {
namespace {

constexpr std::uint64_t k_mix = 0x9e3779b97f4a7c15U;

/// A point of the unit interval out of a request's own bits.
double point(std::uint64_t bits) { return static_cast<double>(bits >> 11U) * 0x1.0p-53; }

}  // namespace

void Simulation::World::await_arrival(std::size_t source) {
  if (arrival_pending_[source] != 0) return;
  const Ticks next = sources_[source].arrivals.next(now_, end_);
  if (next >= end_) return;
  arrival_pending_[source] = 1;
  push(next, EventKind::arrival, source);
}

void Simulation::World::scale_demand(std::size_t source, double scale) {
  sources_[source].arrivals.set_scale(scale);
  await_arrival(source);  // none is under way when the scale was 0
}

void Simulation::World::on_arrival(std::uint32_t number) {
  Source& source = sources_[number];
  arrival_pending_[number] = 0;
  await_arrival(number);

  const double work = work_.at(source.rng.next()) * 1e6;
  const std::uint64_t luck = source.rng.next();
  const bool measured = now_ >= warm_up_;
  recorder_.offered(number);
  recorder_.began(now_, measured);
  source.earn_retries();

  RequestTarget target;
  if (by_request_ != nullptr) {
    target = choose_by_request(number, 0);
  } else {
    const std::size_t chosen = source.choose();
    recorder_.chosen(number, chosen);
    target.region = static_cast<std::uint32_t>(with_room(number, chosen, 0));
    if (source.shed > 0 && point((luck ^ k_mix) * k_mix) < source.shed) {
      recorder_.shed(number, target.region);
      recorder_.done(now_, measured, number, target.region, Recorder::End::shed, 0, 1);
      return;
    }
  }
  const std::uint32_t index = requests_.take();
  Request& request = requests_[index];
  request.begun = now_;
  request.work = work;
  request.luck = luck;
  request.source = static_cast<std::uint16_t>(number);
  request.region = static_cast<std::uint16_t>(target.region);
  request.endpoint = target.endpoint;
  request.measured = measured;
  send(index);
}

std::size_t Simulation::World::with_room(std::size_t source, std::size_t chosen,
                                         std::uint64_t tried) {
  return sources_[source].with_room(
      chosen, tried, [&](std::size_t to) { return recorder_.in_flight(source, to); });
}

void Simulation::World::send(std::uint32_t index) {
  Request& request = requests_[index];
  request.sent = now_;
  ++request.attempts;
  requests_.open(index);
  await_timeout();
  recorder_.sent(request.source, request.region);
  const auto trip =
      network_.trip(request.source, request.region, static_cast<std::uint32_t>(request.luck));
  if (trip) {
    request.inside = true;
    push(now_ + *trip, EventKind::at_region, index);
  }
  if (by_request_ != nullptr) send_probes(request.source);
}

void Simulation::World::await_timeout() {
  if (timeout_pending_) return;
  timeout_pending_ = true;
  push(requests_[requests_.oldest_open()].sent + timeout_, EventKind::timeout, 0);
}

/// The network or a dead server has it: only the source's patience ends it.
void Simulation::World::lose(std::uint32_t index) {
  requests_[index].inside = false;
  requests_.release_if_done(index);
}

void Simulation::World::on_region(std::uint32_t index) {
  Request& request = requests_[index];
  if (!network_.up(request.source, request.region)) return lose(index);
  switch (fleet_.accept(now_, index)) {
    case Fleet::Accepted::yes:
      return;
    case Fleet::Accepted::refused:
      request.refused = true;
      return answer(index);
    case Fleet::Accepted::silent:
      request.refused = true;
      return answer(index, to_ticks(scenario_.health.timeout_ms));
  }
}

void Simulation::World::answer(std::uint32_t index, Ticks after) {
  const Request& request = requests_[index];
  const auto trip = network_.trip(request.region, request.source,
                                  static_cast<std::uint32_t>(request.luck >> 32U));
  if (!trip) return lose(index);
  push(now_ + after + *trip, EventKind::answered, index);
}

void Simulation::World::on_finished(std::uint32_t index) {
  if (requests_[index].ghost) return lose(index);
  fleet_.finish(now_, index);
  answer(index);
}

void Simulation::World::on_due(std::uint32_t server) {
  done_.clear();
  fleet_.take_due(now_, server, done_);
  for (const std::uint32_t index : done_) answer(index);
}

void Simulation::World::on_answered(std::uint32_t index) {
  Request& request = requests_[index];
  request.inside = false;
  if (!request.open) return requests_.release_if_done(index);
  if (!request.refused && !request.error) return end_attempt(index, Recorder::End::ok, false);
  end_attempt(index, Recorder::End::error, request.refused || scenario_.retries.on_errors);
}

void Simulation::World::on_timeout() {
  timeout_pending_ = false;
  while (requests_.oldest_open() != k_none) {
    const std::uint32_t index = requests_.oldest_open();
    if (requests_[index].sent + timeout_ > now_) return await_timeout();
    end_attempt(index, Recorder::End::timeout, false);
  }
}

void Simulation::World::end_attempt(std::uint32_t index, Recorder::End end, bool may_retry) {
  Request& request = requests_[index];
  requests_.close(index);
  recorder_.ended(request.source, request.region, end, now_ - request.sent);
  if (by_request_ != nullptr) {
    by_request_->on_ended(request.source, to_ms(now_), {request.region, request.endpoint},
                          to_ms(now_ - request.sent), end == Recorder::End::ok);
  }
  if (may_retry && request.attempts <= scenario_.retries.most &&
      sources_[request.source].spend_retry()) {
    return retry(index);
  }
  recorder_.done(request.begun, request.measured, request.source, request.region, end,
                 now_ - request.begun, request.attempts);
  requests_.release_if_done(index);
}

void Simulation::World::retry(std::uint32_t old) {
  std::uint32_t index = old;
  if (requests_[old].inside) {  // somebody still works on the attempt that was given up
    index = requests_.take();
    const Request copy = requests_[old];
    requests_[index] = copy;
    requests_[index].inside = false;
  }
  Request& request = requests_[index];
  request.tried |= std::uint64_t{1} << request.region;
  request.luck = (request.luck ^ request.attempts) * k_mix;
  request.working = request.ghost = request.refused = request.error = false;
  request.endpoint = k_none;
  if (by_request_ != nullptr) {
    const RequestTarget target = choose_by_request(request.source, request.tried);
    request.region = static_cast<std::uint16_t>(target.region);
    request.endpoint = target.endpoint;
  } else if (const auto region = sources_[request.source].choose_again(request.tried)) {
    request.region = static_cast<std::uint16_t>(with_room(request.source, *region, request.tried));
  }
  send(index);
}

/// The source has learned that the path is cut: what it still waits for there fails at once.
void Simulation::World::fail_open(std::size_t from, std::size_t to) {
  lost_.clear();
  for (std::uint32_t i = requests_.oldest_open(); i != k_none; i = requests_[i].newer) {
    if (requests_[i].source == from && requests_[i].region == to) lost_.push_back(i);
  }
  for (const std::uint32_t index : lost_) end_attempt(index, Recorder::End::error, true);
}

}  // namespace weir::controller
