#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "controller/simulate/event_queue.h"

namespace weir::controller {

inline constexpr std::uint32_t k_none = UINT32_MAX;

/// One attempt of a request. Its source and the servers each hold it until they are done with it.
struct Request {
  Ticks begun = 0;              // when the source got the request
  Ticks sent = 0;               // when this attempt left
  Ticks arrived = 0;            // at its server
  double work = 0;              // of one worker at full speed, in ticks
  std::uint64_t luck = 0;       // random bits of the request's own
  std::uint64_t tried = 0;      // regions that failed before, one bit each
  std::uint32_t next = k_none;  // in a server's queue, or in the free list
  std::uint32_t older = k_none;
  std::uint32_t newer = k_none;
  std::uint32_t endpoint = k_none;  // in its region: where it shall go, then where it went
  std::uint32_t server = k_none;    // the same among all regions, once one took it
  std::uint32_t busy_with = 0;      // requests at the server when it arrived, this one excluded
  std::uint16_t source = 0;
  std::uint16_t region = 0;
  std::uint8_t attempts = 0;

  bool open = false;     // its source still waits
  bool inside = false;   // an event, a server or the network holds it
  bool working = false;  // a worker of its own has it
  bool ghost = false;    // its server died: what it would still do does not count
  bool refused = false;  // nothing was done: may be tried elsewhere
  bool error = false;
  bool measured = false;
};

/// Requests by number, reused; and the open ones in the order in which their attempts left, which
/// is the order in which they time out.
class RequestPool {
 public:
  Request& operator[](std::uint32_t index) { return requests_[index]; }
  const Request& operator[](std::uint32_t index) const { return requests_[index]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(requests_.size()); }
  std::uint32_t oldest_open() const { return oldest_; }

  std::uint32_t take() {
    if (free_ == k_none) {
      requests_.emplace_back();
      return static_cast<std::uint32_t>(requests_.size() - 1);
    }
    const std::uint32_t index = free_;
    free_ = requests_[index].next;
    requests_[index] = Request();
    return index;
  }

  /// Back into the pool, once neither source nor servers hold it.
  void release_if_done(std::uint32_t index) {
    Request& request = requests_[index];
    if (request.open || request.inside) return;
    request.next = free_;
    free_ = index;
  }

  void open(std::uint32_t index) {
    Request& request = requests_[index];
    request.open = true;
    request.older = newest_;
    request.newer = k_none;
    (newest_ == k_none ? oldest_ : requests_[newest_].newer) = index;
    newest_ = index;
  }

  void close(std::uint32_t index) {
    Request& request = requests_[index];
    request.open = false;
    (request.older == k_none ? oldest_ : requests_[request.older].newer) = request.newer;
    (request.newer == k_none ? newest_ : requests_[request.newer].older) = request.older;
  }

  /// `fresh`, a copy of the open `old`, waits in its place; `old` is no longer in the list.
  void replace(std::uint32_t old, std::uint32_t fresh) {
    const Request& request = requests_[old];
    (request.older == k_none ? oldest_ : requests_[request.older].newer) = fresh;
    (request.newer == k_none ? newest_ : requests_[request.newer].older) = fresh;
  }

 private:
  std::vector<Request> requests_;
  std::uint32_t free_ = k_none;
  std::uint32_t oldest_ = k_none;
  std::uint32_t newest_ = k_none;
};

}  // namespace weir::controller
