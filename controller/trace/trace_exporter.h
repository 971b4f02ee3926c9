#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "common/async/clock.h"
#include "common/base/result.h"
#include "common/obs/log.h"
#include "controller/trace/collector.h"
#include "controller/trace/otlp.h"

namespace weir::controller {

/// Sends traces to a collector by OTLP over HTTP in JSON, on a thread of its own: whatever the
/// collector does, nobody else waits.
///
/// A batch is sent again, ever more slowly, for as long as the collector cannot be reached, hangs
/// or answers 429, 502, 503 or 504; meanwhile new traces push the oldest out of the queue. What it
/// refuses with another status is given up.
class TraceExporter {
 public:
  struct Options {
    Collector collector;
    HttpHeaders headers = {};
    std::string ca_pem = {};  // whose certificates a collector with TLS may have; empty: system's
    TraceSource source = {};
    std::uint64_t seed = 1;  // of the pauses' lengths
    std::size_t spans_max = 16'384;
    std::size_t batch_spans = 1024;              // a single trace may be longer
    std::chrono::milliseconds linger{500};       // what comes within it goes together
    std::chrono::milliseconds patience{10'000};  // with one request
    std::chrono::milliseconds pause_first{1000};
    std::chrono::milliseconds pause_longest{30'000};
  };
  struct Counters {
    std::uint64_t sent = 0;     // spans, as the next
    std::uint64_t dropped = 0;  // the queue was full
    std::uint64_t failed = 0;   // the collector refused them
    std::uint64_t waiting = 0;  // now
  };

  /// `clock` and `log` outlive it.
  TraceExporter(Options options, Clock& clock, const Log& log);
  /// Drops what waits. The thread is left behind when it hangs in a question for the collector's
  /// address.
  ~TraceExporter();

  /// Errors: invalid_argument (the CA's certificates).
  Status start();
  /// Any thread; never waits for the collector.
  void add(Trace trace);
  /// Any thread.
  Counters counters() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the thread
};

}  // namespace weir::controller
