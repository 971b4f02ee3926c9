#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/rpc/control_stream.h"

namespace weir {

/// A ControlStream that carries protobuf messages: reads `In`, writes `Out`. The same rules.
template <typename In, typename Out>
class MessageStream {
 public:
  explicit MessageStream(std::shared_ptr<ControlStream> stream) : stream_(std::move(stream)) {}

  /// As ControlStream::read. Bytes that are no `In` end the call with invalid_argument.
  boost::asio::awaitable<std::optional<In>> read() {
    std::optional<std::string> bytes = co_await stream_->read();
    if (!bytes) co_return std::nullopt;
    std::optional<In> message(std::in_place);
    if (!message->ParseFromString(*bytes)) {
      stream_->close(fail(Code::invalid_argument,
                          "the peer sent bytes that are no " + In::descriptor()->full_name()));
      co_return std::nullopt;
    }
    co_return message;
  }

  Status write(const Out& message) { return stream_->write(message.SerializeAsString()); }
  Status write_latest(const Out& message) {
    return stream_->write_latest(message.SerializeAsString());
  }
  void close(Status why = {}) { stream_->close(std::move(why)); }
  boost::asio::awaitable<Status> closed() { return stream_->closed(); }
  bool is_open() const { return stream_->is_open(); }
  std::size_t queued_bytes() const { return stream_->queued_bytes(); }
  const PeerIdentity& peer() const { return stream_->peer(); }
  /// The same call without the types.
  const std::shared_ptr<ControlStream>& bytes() const { return stream_; }

 private:
  std::shared_ptr<ControlStream> stream_;
};

}  // namespace weir
