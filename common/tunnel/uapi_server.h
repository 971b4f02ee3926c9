#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "common/base/result.h"
#include "common/os/fd.h"
#include "common/tunnel/uapi.h"

namespace weir {

/// Serves the UAPI of one interface on a unix socket of mode 0600, on a thread of its own: a client
/// that sends nonsense, nothing, or never reads holds up nobody but itself.
///
///   limits  k_clients_max connections (the longest idle one makes way); a client's next request is
///           looked at when it has taken the answer to the last one
class UapiServer {
 public:
  static constexpr std::size_t k_clients_max = 32;

  /// Called on the server's thread.
  struct Handler {
    std::function<Status(const UapiSet&)> set;
    /// The whole answer, see `print_uapi_get`.
    std::function<Result<std::string>()> get;
    /// The socket's file was removed: once, and the server then only answers who is connected.
    std::function<void(const std::string& why)> on_removed;
  };

  /// Makes `directory` if it is missing (0755). A socket file that nobody serves is replaced; one
  /// that is served gets half a second, since its owner may be about to end.
  /// Errors: already_exists (still served), permission_denied, invalid_argument (path too long),
  /// unavailable.
  static Result<std::unique_ptr<UapiServer>> create(const std::string& directory,
                                                    const std::string& interface, Handler handler);

  /// Stops the thread and removes the socket's file, if it is still ours.
  ~UapiServer();
  UapiServer(const UapiServer&) = delete;
  UapiServer& operator=(const UapiServer&) = delete;

 private:
  struct Client;
  struct Listener;
  UapiServer(std::unique_ptr<Listener> listener, Fd stop, Handler handler);

  void run();
  void accept_clients();
  void check_file();
  bool serve(Client& client, short events);
  bool answer_requests(Client& client);
  std::string answer_to(const UapiRequest& request) const;

  const Handler handler_;
  const Fd stop_;
  const std::unique_ptr<Listener> listener_;
  std::list<Client> clients_;  // the longest idle one first
  bool removed_ = false;
  std::thread thread_;
};

}  // namespace weir
