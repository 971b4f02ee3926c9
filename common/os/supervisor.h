#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/time.h"

namespace weir {

/// When a supervisor that waits for signs of life gets one: twice in its period, and only while
/// every loop of the process has answered within half of it. A process that hangs stays silent and
/// is ended. Pure.
class LifeSigns {
 public:
  explicit LifeSigns(Duration period) : period_(period) {}

  /// Asked often; `silence` is how long the slowest loop has owed an answer.
  bool due(Time now, Duration silence) {
    if (silence >= period_ / 2 || (last_ && now - *last_ < period_ / 3)) return false;
    last_ = now;
    return true;
  }

 private:
  Duration period_;
  std::optional<Time> last_;
};

/// What a process tells the supervisor that started it, in the protocol of sd_notify(3): one
/// datagram of lines to the socket named by NOTIFY_SOCKET, a path or `@` and an abstract name.
/// Without that variable every call does nothing.
///
///   thread   one at a time, but for `alive`, which one other thread may call
///   cost     a send that never waits; what the supervisor does not take is lost
class Supervisor {
 public:
  /// Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that no child
  /// speaks for us.
  static Supervisor from_environment();
  /// For tests. `watchdog` of zero: none.
  Supervisor(std::string socket, Duration watchdog);

  bool present() const { return !socket_.empty(); }

  /// The service can be used from now on.
  void ready(std::string_view status);
  /// One line for whoever asks how it does; the same twice is told once.
  void status(std::string_view status);
  void stopping();
  /// Asked often, by whoever knows how long the slowest loop has been silent.
  void alive(Time now, Duration silence);

 private:
  void tell(std::string_view lines) const;

  std::string socket_;
  std::optional<LifeSigns> life_;
  std::string told_;
};

}  // namespace weir
