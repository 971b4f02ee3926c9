#pragma once

#include <poll.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/os/fd.h"

namespace weir::netlab {

/// The lab's unix socket (mode 0600): lines in, one answer line each out. Never blocks; the loop
/// that owns it polls its descriptors.
///
/// A client is dropped when it sends a line above the limit, has not finished a line or read its
/// answer after `k_patience`, or comes as the ninth.
class ControlServer {
 public:
  static constexpr std::size_t k_clients_max = 8;
  static constexpr Duration k_patience = std::chrono::seconds(5);

  /// Answers one line (without its end, at most `k_command_bytes_max`) with one line.
  using Answer = std::function<std::string(std::string_view)>;

  /// Errors: invalid_argument (path too long for a socket), already_exists (a lab answers there),
  /// unavailable. A socket nobody answers on is replaced.
  static Result<ControlServer> listen(const std::string& path, Answer answer);

  ControlServer(ControlServer&&) = default;
  ControlServer& operator=(ControlServer&&) = delete;
  ~ControlServer();

  /// Appends what to wait for.
  void add_poll(std::vector<pollfd>& polled) const;
  /// Handles what the poll found and drops clients that ran out of time.
  void serve(Time now);
  bool has_clients() const { return !clients_.empty(); }
  /// Writes waiting answers before the end, for at most a second.
  void flush();

 private:
  struct Client {
    Fd socket;
    std::string in;
    std::string out;
    Time deadline;
    bool ended = false;
  };

  ControlServer(std::string path, Fd socket, Answer answer);
  void take_clients(Time now);
  void read_lines(Client& client, Time now);
  static void write_out(Client& client, Time now);

  std::string path_;
  Fd socket_;
  Answer answer_;
  std::vector<Client> clients_;
};

}  // namespace weir::netlab
