#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/os/fd.h"

namespace weir {

/// A network namespace of a test's own, with its loopback interface up; gone with the last that
/// holds it.
class NetworkNamespace {
 public:
  /// Nothing when the kernel refuses: needs root.
  static std::unique_ptr<NetworkNamespace> make();

  /// Runs `work` on a thread that is in the namespace, and waits. Threads and processes started
  /// there are in it as well, sockets opened there stay in it.
  void run(const std::function<void()>& work) const;

  /// Whether `command` of the shell, run there, ended well. Its output is shown if it did not.
  bool shell(const std::string& command) const;

  /// What `ip` takes behind `netns`.
  std::string path() const;

 private:
  explicit NetworkNamespace(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

/// Joins two namespaces by a virtual cable: interface `cable` in both, with 10.9.0.1 and 10.9.0.2
/// (/24), fd09::1 and fd09::2 (/64).
bool join_by_cable(const NetworkNamespace& left, const NetworkNamespace& right);

/// Sends `count` small UDP packets one after the other to `address` (any family) from the one
/// namespace and says how many arrived in the other, each waited for `patience_ms` at most.
int send_datagrams(const NetworkNamespace& from, const NetworkNamespace& to,
                   const std::string& address, int count, int patience_ms);

/// Looks every millisecond until `condition` holds, for `seconds` at most.
bool comes_true(const std::function<bool()>& condition, int seconds = 20);

}  // namespace weir
