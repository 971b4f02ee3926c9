#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <span>
#include <string_view>

#include "agent/enforce/gateway/buffer.h"
#include "agent/enforce/gateway/traffic.h"
#include "common/net/ip.h"

namespace weir::agent {

using Socket = boost::asio::ip::tcp::socket;

/// The client's side: who it is and what it has sent so far.
struct ClientConnection {
  explicit ClientConnection(Socket accepted);

  Socket socket;
  Buffer in;
  Endpoint source;       // the client itself, also behind an ingress
  Endpoint destination;  // what it connected to
  bool ingress = false;  // comes from another agent
  bool last_resort = false;
};

/// What a read brought. An end is only what the other side closed in order: a reset, an error or a
/// cancelled wait brings neither bytes nor an end.
struct Received {
  std::size_t count = 0;
  bool end = false;
  explicit operator bool() const { return count > 0; }
};

/// Reads some bytes into the back of `buffer`, which has room.
boost::asio::awaitable<Received> read_some(Socket& socket, Buffer& buffer);

/// Writes all of both. False: error, or cancelled.
boost::asio::awaitable<bool> write_all(Socket& socket, std::string_view first,
                                       std::string_view second = {});

/// Passes bytes from one side to the other until the end of the stream, which it passes on as well
/// (half-close). One fixed buffer: a slow receiver slows the sender. True at a proper end; on an
/// error both sockets are closed. `moved` grows by the bytes passed on.
boost::asio::awaitable<bool> pass_on(Socket& from, Buffer& buffer, Socket& to,
                                     std::uint64_t& moved);

/// After a last answer: lets the client read it before the close, for at most 64 KiB of what it
/// still sends. The caller's deadline bounds the time.
boost::asio::awaitable<void> linger(Socket& socket);

/// Every connection: small writes leave at once, and one whose other side has vanished without a
/// word is noticed within 90 s of silence.
void set_up(Socket& socket);
/// What a failed connect says about its target; nothing where this machine is what fell short.
std::optional<EndpointSignal::Kind> connect_trouble(const boost::system::error_code& problem);
/// The other side reset the connection, or closed it in both directions.
bool hung_up(Socket& socket);

void close(Socket& socket);
/// Makes waits on the socket return; it stays open.
void cancel(Socket& socket);
/// Closes with a reset: the other side sees an error at once, not an end.
void reset(Socket& socket);

}  // namespace weir::agent
