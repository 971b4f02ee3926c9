#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/obs/log.h"
#include "controller/app/control_plane.h"
#include "controller/series/series_choice.h"
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
///
/// With more series than are kept it looks a little further each second at how busy they are, and
/// chooses anew once it has seen all of them, at most once a minute.
class SeriesLoop {
 public:
  /// All of it outlives the loop.
  SeriesLoop(ControlPlane& plane, Store& store, Log& log)
      : plane_(plane), store_(store), log_(log) {}

  /// Until cancelled; then what is open is written.
  boost::asio::awaitable<void> run();
  const SeriesRecorder& recorder() const { return recorder_; }

  struct Counters {
    std::size_t series = 0;           // kept now
    std::uint64_t left_out = 0;       // seconds of series there was no room for
    std::uint64_t written_bytes = 0;  // of rows
  };
  Counters counters() const { return {recorder_.size(), recorder_.dropped(), written_bytes_}; }

 private:
  void record(std::int64_t unix_s);
  void record_traffic(std::int64_t unix_s, Time now);
  void record_paths(std::int64_t unix_s, Time now);
  void record_health(std::int64_t unix_s, Time now);
  void look_on(std::int64_t unix_s, Time now);
  void choose(Time now);
  boost::asio::awaitable<void> sweep();
  boost::asio::awaitable<void> write(std::vector<SeriesRecorder::Write> rows);

  ControlPlane& plane_;
  Store& store_;
  Log& log_;
  SeriesRecorder recorder_;
  SeriesChoice choice_{SeriesRecorder::k_series_max};

  /// What the round under way has seen so far, in requests per second.
  struct Round {
    std::int64_t began_s = 0;
    std::optional<std::pair<ServiceName, RegionName>> last;  // the source looked at last
    std::vector<SeriesChoice::Candidate> sources;
    std::map<std::pair<std::string, std::string>, double> between;  // regions
    std::map<std::pair<std::string, std::string>, double> served;   // of a service, in a region
  };
  Round round_;
  std::uint64_t written_bytes_ = 0;
  bool failed_ = false;  // said in the log, once
  bool crowded_ = false;
};

}  // namespace weir::controller
