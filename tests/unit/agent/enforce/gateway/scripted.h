#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/net/ip.h"

namespace weir::agent {

/// One blocking TCP connection of a test, closed by its destructor. Reads give up after 10 s.
class Wire {
 public:
  explicit Wire(int descriptor) : descriptor_(descriptor) {}
  ~Wire();
  Wire(Wire&& other) noexcept;
  Wire& operator=(Wire&&) = delete;

  static Wire connect(const Endpoint& to);
  bool write(std::string_view bytes);
  /// The next line ends, head or body, from what arrives; empty at the end of the stream.
  std::string read_head();
  std::string read_exactly(std::size_t count);
  /// A head and the body its Content-Length or chunks announce.
  std::string read_message(bool head_only = false);
  std::string read_to_end();
  /// Whether the other side ended, or reset, the connection.
  bool at_end();
  /// Whether the stream ends with a reset; discards what comes before.
  bool ends_in_a_reset();
  void half_close();
  void reset();
  int descriptor() const { return descriptor_; }

 private:
  bool fill();
  int descriptor_;
  std::string pending_;
};

/// A server that does what its script says with each connection, on a thread of its own.
class ScriptedServer {
 public:
  using Script = std::function<void(Wire&)>;

  /// `narrow`: the connection holds only some 50 KB on the way that the script has not read.
  explicit ScriptedServer(Script script, const std::string& address = "127.0.0.1",
                          bool narrow = false);
  ~ScriptedServer();

  const Endpoint& endpoint() const { return endpoint_; }
  int connections() const { return connections_; }

 private:
  void accept_all();

  const Script script_;
  int listener_ = -1;
  Endpoint endpoint_;
  std::atomic<int> connections_ = 0;
  std::mutex mu_;
  std::vector<std::thread> threads_;  // guarded by mu_
  std::vector<int> open_;             // guarded by mu_
  bool stopping_ = false;             // guarded by mu_
  std::thread acceptor_;
};

/// Answers every request with this body; keeps the connection.
ScriptedServer::Script answers(std::string body);
std::string answer_with(std::string_view body, std::string_view fields = "");
/// Lets the sockets of this process that are connected to `to` hold only a few KB not yet received.
void narrow_senders_to(const Endpoint& to);
/// A port on which nobody listens.
Endpoint closed_port();
int status_of(std::string_view answer);
std::string body_of(std::string_view answer);

}  // namespace weir::agent
