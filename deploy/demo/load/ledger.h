#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "common/base/time.h"
#include "common/model/histogram.h"

namespace weir::load {

/// How one request ended.
struct Outcome {
  WallTime due;
  Duration took{0};       // from the due time
  int status = 0;         // HTTP; 0: no answer
  std::string served_by;  // "<region>/<server>" from X-Served-By; empty: no server answered
  std::string tried;      // destinations the gateway tried in vain before, from Weir-Tried
  std::string reason;     // why there is no answer: "timeout", "connect", "reset", "busy"
};

/// Counts what became of the requests and writes it as lines of JSON. Pure.
///
///   answered  a status below 400 that a server gave
///   error     any other status a server gave
///   lost      no answer, or a status above 499 that no server gave (the gateway's own)
class Ledger {
 public:
  explicit Ledger(std::string source) : source_(std::move(source)) {}

  void sent();
  void ended(const Outcome& outcome);

  /// Requests under way.
  std::uint64_t in_flight() const { return sent_ - total_.ended(); }

  /// {"type":"second"}: what ended since the last such line. Starts the next second.
  std::string second_line(WallTime now);
  /// {"type":"lost"} and {"type":"request"}: one request.
  std::string lost_line(const Outcome& outcome) const;
  std::string request_line(const Outcome& outcome) const;
  /// {"type":"total"}: everything. `skipped` as in Schedule.
  std::string total_line(WallTime now, std::uint64_t skipped) const;

  static bool is_lost(const Outcome& outcome);

 private:
  struct Counts {
    std::uint64_t answered = 0;
    std::uint64_t errors = 0;
    std::uint64_t lost = 0;
    std::map<std::string, std::uint64_t> regions;  // by requests a server of it answered
    std::map<std::string, std::uint64_t> servers;
    std::map<std::string, std::uint64_t> reasons;
    LatencyHistogram latency;  // of answered requests

    std::uint64_t ended() const { return answered + errors + lost; }
    void add(const Outcome& outcome);
  };

  std::string line(std::string_view type, WallTime now, std::uint64_t sent, const Counts& counts,
                   std::uint64_t skipped) const;

  std::string source_;
  std::uint64_t sent_ = 0;
  std::uint64_t sent_this_second_ = 0;
  Counts total_;
  Counts second_;
  std::map<std::string, WallTime> last_served_;  // by region: when the last one it served was due
};

}  // namespace weir::load
