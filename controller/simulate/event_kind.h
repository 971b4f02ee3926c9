#pragma once

#include <cstdint>

namespace weir::controller {

/// What an entry of the event queue stands for, with the number of whom it concerns.
enum class EventKind : std::uint8_t {
  arrival,    // source: its next request begins
  at_region,  // request: reaches the destination
  finished,   // request: its worker is done
  due,        // endpoint with shared workers: its next request may be done
  answered,   // request: the answer reaches the source
  timeout,    // the oldest open request has waited long enough
  probe,      // probe: reaches an endpoint
  probed,     // probe: its answer reaches the source
  publish,    // the weights of the last wish come into force
  pair,       // source and destination: look at whether it serves
  members,    // source and destination: news of the destination's ready servers arrive
  path,       // source and destination: the source notices the state of the path
  check,      // endpoint: a health check begins
  checked,    // endpoint: and has failed by not answering
  started,    // endpoint: its cold start is over
  warmer,     // endpoint: the next step of its warm-up
  noise,      // endpoint: noise goes on or off
  begin,      // incident
  end,        // incident
  restart,    // incident: a deployment looks whether it can go on
  scale,      // region: the autoscaler looks
  add,        // region: a server that the autoscaler wanted begins its start
};

inline constexpr unsigned k_number_bits = 26;

constexpr std::uint32_t event(EventKind kind, std::uint32_t number) {
  return (static_cast<std::uint32_t>(kind) << k_number_bits) | number;
}
constexpr EventKind kind_of(std::uint32_t what) {
  return static_cast<EventKind>(what >> k_number_bits);
}
constexpr std::uint32_t number_of(std::uint32_t what) { return what & ((1U << k_number_bits) - 1); }

}  // namespace weir::controller
