#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "tests/doubles/loop.h"

namespace weir {

/// A server and a client with a loop each, joined by a unix socket in a folder of its own.
class RpcTest : public testing::Test {
 protected:
  RpcTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-rpc-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    socket_ = folder_ + "/rpc.sock";
  }
  ~RpcTest() override {
    if (channel_) client_.run(channel_->stop());
    if (server_) server_loop_.run(server_->stop());
    std::filesystem::remove_all(folder_);
  }

  /// After the router is filled.
  void serve(RpcServerOptions options = {}) {
    server_ = std::make_unique<RpcServer>(server_loop_.executor(), router_, options);
    server_->listen_unix(socket_);
    const Status started = server_->start();
    ASSERT_TRUE(started) << started.error().message();
  }
  void connect(RpcChannelOptions options = {}) {
    options.target = "unix:" + socket_;
    auto channel = RpcChannel::create(client_.executor(), std::move(options));
    ASSERT_TRUE(channel) << channel.error().message();
    channel_ = std::move(*channel);
  }

  std::string folder_;
  std::string socket_;
  RpcRouter router_;
  Loop server_loop_;
  Loop client_;
  std::unique_ptr<RpcServer> server_;
  std::unique_ptr<RpcChannel> channel_;
};

// A client's end of a stream lives on its loop: what a test does with it runs there.

inline boost::asio::awaitable<std::unique_ptr<ControlStream>> open_stream(RpcClient& client,
                                                                          std::string path) {
  co_return client.open(path, std::chrono::milliseconds(0));
}

/// Reads to the end; how it ended.
inline boost::asio::awaitable<Status> end_of(ControlStream& stream) {
  while (co_await stream.read()) {
  }
  co_return co_await stream.closed();
}

inline boost::asio::awaitable<void> let_go(std::unique_ptr<ControlStream> stream) {
  stream.reset();
  co_return;
}

}  // namespace weir
