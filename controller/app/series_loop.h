#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <vector>

#include "common/obs/log.h"
#include "controller/app/control_plane.h"
#include "controller/series/series_recorder.h"
#include "controller/store/store.h"

namespace weir::controller {

/// What the columns of each kind of series hold, in this order.
inline constexpr std::array k_traffic_columns = {"wanted", "seen",   "rps",         "p50_ms",
                                                 "p99_ms", "errors", "in_objective"};
inline constexpr std::array k_path_columns = {"p50_ms", "p99_ms", "jitter_ms", "loss", "up"};
inline constexpr std::array k_health_columns = {"healthy", "total"};
/// Where the series of a service's servers come "from".
inline constexpr const char* k_health_from = "servers";

/// Records once a second what is known of traffic, paths and servers. Core executor.
class SeriesLoop {
 public:
  /// All of it outlives the loop.
  SeriesLoop(ControlPlane& plane, Store& store, Log& log)
      : plane_(plane), store_(store), log_(log) {}

  /// Until cancelled; then what is open is written.
  boost::asio::awaitable<void> run();
  const SeriesRecorder& recorder() const { return recorder_; }

 private:
  void record(std::int64_t unix_s);
  void record_traffic(std::int64_t unix_s, Time now);
  void record_paths(std::int64_t unix_s, Time now);
  void record_health(std::int64_t unix_s, Time now);
  boost::asio::awaitable<void> sweep();
  boost::asio::awaitable<void> write(std::vector<SeriesRecorder::Write> rows);

  ControlPlane& plane_;
  Store& store_;
  Log& log_;
  SeriesRecorder recorder_;
  bool failed_ = false;  // said in the log, once
  bool full_ = false;
};

}  // namespace weir::controller
