#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdio>
#include <optional>

#include "common/async/clock.h"
#include "common/async/task_group.h"
#include "deploy/demo/load/http_client.h"
#include "deploy/demo/load/ledger.h"
#include "deploy/demo/load/schedule.h"

namespace weir::load {

struct LoadOptions {
  RequestOptions request;
  std::string source;
  double per_second = 100;
  std::optional<Duration> duration;  // nothing: until stopped
  bool every_request = false;        // a line for each
};

/// Sends requests at a fixed rate and writes what became of them, line by line. One thread.
///
/// At most `k_in_flight_max` requests are under way; one that is due above that is lost ("busy").
class LoadRun {
 public:
  static constexpr std::uint64_t k_in_flight_max = 5000;

  /// `clock` and `out` outlive the run.
  LoadRun(boost::asio::any_io_executor executor, LoadOptions options, Clock& clock, std::FILE* out);

  /// Until the duration has passed or it is cancelled; then waits for the requests under way (each
  /// has its deadline) and writes the total.
  boost::asio::awaitable<void> run();
  /// Ends `run` early.
  void stop();

 private:
  boost::asio::awaitable<void> send_all();
  boost::asio::awaitable<void> write_seconds();
  boost::asio::awaitable<void> one(Time due);
  void end_now(Outcome outcome, Time due);
  void write(const std::string& line);

  LoadOptions options_;
  Clock& clock_;
  std::FILE* out_;
  HttpClient client_;
  Ledger ledger_;
  Schedule schedule_;
  TaskGroup pacing_;
  TaskGroup seconds_;
  TaskGroup requests_;
};

}  // namespace weir::load
