#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

#include "common/base/time.h"
#include "common/net/ip.h"
#include "deploy/demo/load/ledger.h"

namespace weir::load {

/// What every request looks like.
struct RequestOptions {
  Endpoint target;
  std::string host;
  std::string path;
  std::vector<std::pair<std::string, std::string>> headers;
  Duration deadline = std::chrono::seconds(5);  // from the due time
};

/// HTTP/1.1 GETs over connections that are kept. One executor thread.
///
/// A request takes an idle connection or opens one; nothing waits for another request. A kept
/// connection that the other side closed before the first byte of an answer is replaced once.
class HttpClient {
 public:
  HttpClient(boost::asio::any_io_executor executor, RequestOptions options);
  ~HttpClient();

  /// Sends one request that was due at `due` and waits for its whole answer (at most 64 KiB).
  /// Fills everything of the outcome but its times.
  boost::asio::awaitable<Outcome> get(Time due);

 private:
  struct Connection;

  boost::asio::awaitable<Outcome> exchange(Connection& connection);

  boost::asio::any_io_executor executor_;
  RequestOptions options_;
  std::string request_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace weir::load
