#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "common/rpc/router.h"

namespace weir::controller {

/// Calls the admin API, which lives on the core executor, from the web thread: the same methods,
/// rights and audit as for everybody else. Both executors outlive its calls.
class ApiDoor {
 public:
  ApiDoor(boost::asio::any_io_executor core, const RpcRouter& router)
      : core_(std::move(core)), router_(router) {}

  /// One request, one reply, as bytes. Resumes on the caller's executor. Errors: the method's.
  boost::asio::awaitable<Result<std::string>> call(std::string path, std::string request,
                                                   PeerIdentity::Visitor who);

  /// A stream from the server: each message goes to `take` on `executor`. Returns when the stream
  /// has ended or the caller was cancelled.
  boost::asio::awaitable<void> follow(std::string path, PeerIdentity::Visitor who,
                                      boost::asio::any_io_executor executor,
                                      std::function<void(std::string)> take);

 private:
  const boost::asio::any_io_executor core_;
  const RpcRouter& router_;
};

}  // namespace weir::controller
