#include "deploy/demo/load/load_run.h"

#include <boost/asio/this_coro.hpp>

namespace weir::load {

namespace asio = boost::asio;

LoadRun::LoadRun(asio::any_io_executor executor, LoadOptions options, Clock& clock, std::FILE* out)
    : options_(std::move(options)),
      clock_(clock),
      out_(out),
      client_(executor, options_.request),
      ledger_(options_.source),
      schedule_(clock.now(), options_.per_second),
      pacing_(executor),
      seconds_(executor),
      requests_(executor) {}

asio::awaitable<void> LoadRun::run() {
  pacing_.spawn("pacing", send_all());
  seconds_.spawn("seconds", write_seconds());
  co_await pacing_.join();
  co_await requests_.join();
  seconds_.stop();
  co_await seconds_.join();
  write(ledger_.total_line(clock_.wall_now(), schedule_.skipped()));
}

void LoadRun::stop() { pacing_.stop(); }

asio::awaitable<void> LoadRun::send_all() {
  co_await asio::this_coro::throw_if_cancelled(false);
  const Time end = options_.duration ? schedule_.start() + *options_.duration : Time::max();
  while (schedule_.next_due() < end && co_await clock_.sleep_until(schedule_.next_due())) {
    Time due;
    while (schedule_.next_due() < end && schedule_.take(clock_.now(), due)) {
      const bool busy = ledger_.in_flight() >= k_in_flight_max;
      ledger_.sent();
      if (busy) {
        Outcome outcome;
        outcome.reason = "busy";
        end_now(std::move(outcome), due);
      } else {
        requests_.spawn("request", one(due));
      }
    }
  }
}

asio::awaitable<void> LoadRun::one(Time due) {
  co_await asio::this_coro::throw_if_cancelled(false);
  Outcome outcome = co_await client_.get(due);
  end_now(std::move(outcome), due);
}

void LoadRun::end_now(Outcome outcome, Time due) {
  outcome.took = clock_.now() - due;
  outcome.due = clock_.wall_now() - outcome.took;
  ledger_.ended(outcome);
  if (Ledger::is_lost(outcome)) write(ledger_.lost_line(outcome));
  if (options_.every_request) write(ledger_.request_line(outcome));
}

asio::awaitable<void> LoadRun::write_seconds() {
  co_await asio::this_coro::throw_if_cancelled(false);
  Time next = clock_.now() + std::chrono::seconds(1);
  while (co_await clock_.sleep_until(next)) {
    write(ledger_.second_line(clock_.wall_now()));
    next = std::max(next, clock_.now() - std::chrono::seconds(1)) + std::chrono::seconds(1);
  }
}

void LoadRun::write(const std::string& line) {
  std::fputs(line.c_str(), out_);
  std::fputc('\n', out_);
  // A reader follows the file; a line per request may wait for its second.
  if (!line.starts_with("{\"type\":\"request\"")) std::fflush(out_);
}

}  // namespace weir::load
