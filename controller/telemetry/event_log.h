#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "weir/telemetry/v1/report.pb.h"

namespace weir::controller {

/// What an operator wants to see of the events; an empty text means any. A region is one that they
/// are about or come from.
struct EventFilter {
  std::string service;
  std::string region;
  std::string type;
  std::int64_t until_unix_ms = 0;  // 0: up to now
};

/// The newest events, oldest dropped first and counted. Plain state: O(1) add, O(n) list.
class EventLog {
 public:
  using Event = telemetry::v1::Event;

  explicit EventLog(std::size_t limit = 10'000) : limit_(limit) {}

  /// Texts longer than 1000 bytes are cut.
  void add(Event event);

  /// The newest `limit` (0: all) that pass the filter, newest last.
  std::vector<Event> list(const EventFilter& filter, std::size_t limit) const;

  /// Those after number `seen` that are still kept and pass, newest last. `newest()` is the number
  /// to ask with the next time.
  std::vector<Event> since(std::uint64_t seen, const EventFilter& filter) const;

  /// How many were ever added: the number of the newest.
  std::uint64_t newest() const { return added_; }
  std::size_t size() const { return events_.size(); }

 private:
  const std::size_t limit_;
  std::deque<Event> events_;
  std::uint64_t added_ = 0;
};

}  // namespace weir::controller
