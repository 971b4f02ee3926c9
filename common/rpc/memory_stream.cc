#include "common/rpc/memory_stream.h"

#include <boost/asio/post.hpp>
#include <deque>
#include <string>
#include <utility>

#include "common/rpc/call_core.h"
#include "common/rpc/running_handler.h"

namespace weir {

namespace asio = boost::asio;

namespace {

/// One end. What arrives waits in `inbox_` until it is read; only then does the writer's message
/// count as written, so the writer's limit covers what the reader has not taken.
///
/// The client's end owns the server's: a server's last messages outlive its handler, and a dropped
/// client takes everything with it.
class MemoryCall : public CallCore {
 public:
  MemoryCall(asio::any_io_executor executor, std::size_t queue_bytes_max, MemoryLink link)
      : CallCore(std::move(executor), queue_bytes_max), link_(std::move(link)) {}

  void set_other(const std::shared_ptr<MemoryCall>& other) { other_ = other; }

 protected:
  /// What the other end does with our news, when the link delivers it.
  void send(std::function<void(MemoryCall&)> news) {
    auto deliver = [to = other_, news = std::move(news)] {
      if (const auto other = to.lock()) news(*other);
    };
    if (link_) {
      link_(std::move(deliver));
    } else {
      asio::post(executor_, std::move(deliver));
    }
  }

  void start_read() override { hand_over(); }

  void start_write(std::string message) override {
    send([message = std::move(message)](MemoryCall& other) { other.on_arrival(message); });
  }

  void cut(Error why) override {
    if (has_ended()) return;
    send([why](MemoryCall& other) { other.on_cut(why); });
    on_ended(fail(std::move(why)));
  }

  virtual void on_cut(const Error& why) {
    inbox_.clear();
    on_ended(fail(why));
  }

  /// Of the client: it writes no more. Of the server: the call's status.
  virtual void on_last_word(const Status& status) = 0;

  void on_arrival(std::string message) {
    inbox_.push_back(std::move(message));
    hand_over();
  }

  void hand_over() {
    if (!reading()) return;
    if (!inbox_.empty()) {
      std::string message = std::move(inbox_.front());
      inbox_.pop_front();
      on_read(std::move(message));
      send([](MemoryCall& other) { other.on_written(true); });
    } else if (other_writes_no_more_) {
      on_read(std::nullopt);
    }
  }

  void set_other_writes_no_more() {
    other_writes_no_more_ = true;
    hand_over();
  }

  void say_last_word(const Status& status) {
    if (std::exchange(said_last_word_, true)) return;
    send([status](MemoryCall& other) { other.on_last_word(status); });
  }

 private:
  const MemoryLink link_;
  std::weak_ptr<MemoryCall> other_;
  std::deque<std::string> inbox_;
  bool other_writes_no_more_ = false;
  bool said_last_word_ = false;
};

class ServerEnd final : public MemoryCall {
 public:
  ServerEnd(asio::any_io_executor executor, std::size_t queue_bytes_max, MemoryLink link,
            PeerIdentity client)
      : MemoryCall(std::move(executor), queue_bytes_max, std::move(link)) {
    peer_ = std::move(client);
    if (peer_.address.empty()) peer_.address = "memory";
  }

  void run(const std::string& path, const RpcRouter::Handler* handler) {
    if (handler == nullptr) return close(fail(Code::unimplemented, "no method " + path));
    auto running =
        (*handler)(CallContext{path, peer()}, std::make_shared<CallHandle>(shared_from_this()));
    const auto on_return = [call = shared_from_this()](Status status) {
      call->close(std::move(status));
    };
    handler_.start(executor_, path, std::move(running), on_return);
  }

  void close(Status why) override {
    if (has_ended() || closing()) return;
    last_word_ = std::move(why);
    set_closing();
    pump();
  }

  void abandon() override {}  // `close` is the last word, and the client may still read it

 private:
  void end_writing() override {
    if (has_ended()) return;
    say_last_word(last_word_);
    on_ended(last_word_);
    handler_.cancel();
  }

  void on_cut(const Error& why) override {
    MemoryCall::on_cut(why);
    handler_.cancel();
  }

  void cut(Error why) override {
    MemoryCall::cut(std::move(why));
    handler_.cancel();
  }

  void on_last_word(const Status&) override { set_other_writes_no_more(); }

  Status last_word_;
  RunningHandler handler_;
};

class ClientEnd final : public MemoryCall {
 public:
  ClientEnd(asio::any_io_executor executor, std::size_t queue_bytes_max, MemoryLink link,
            std::shared_ptr<ServerEnd> server)
      : MemoryCall(std::move(executor), queue_bytes_max, std::move(link)),
        server_(std::move(server)) {
    peer_.address = "memory";
  }

  void close(Status why) override {
    if (!why) return cut(std::move(why).error());
    if (!is_open()) return;
    set_closing();
    pump();
  }

  void abandon() override { cut(Error(Code::cancelled, "the caller has gone")); }

 private:
  void end_writing() override { say_last_word({}); }
  void on_last_word(const Status& status) override { on_ended(status); }

  const std::shared_ptr<ServerEnd> server_;
};

struct Ends {
  std::shared_ptr<ClientEnd> client;
  std::shared_ptr<ServerEnd> server;
};

Ends make_ends(const asio::any_io_executor& executor, const MemoryStreamOptions& options) {
  const auto limit = options.queue_bytes_max;
  auto server =
      std::make_shared<ServerEnd>(executor, limit, options.server_to_client, options.client);
  auto client = std::make_shared<ClientEnd>(executor, limit, options.client_to_server, server);
  client->set_other(server);
  server->set_other(client);
  return {std::move(client), std::move(server)};
}

}  // namespace

MemoryStreamPair make_memory_streams(const asio::any_io_executor& executor,
                                     MemoryStreamOptions options) {
  auto [client, server] = make_ends(executor, options);
  return {std::make_unique<CallHandle>(std::move(client)),
          std::make_unique<CallHandle>(std::move(server))};
}

MemoryClient::MemoryClient(asio::any_io_executor executor, const RpcRouter& router,
                           MemoryStreamOptions options)
    : executor_(std::move(executor)), router_(router), options_(std::move(options)) {}

std::unique_ptr<ControlStream> MemoryClient::open(const std::string& path,
                                                  std::chrono::milliseconds) {
  auto [client, server] = make_ends(executor_, options_);
  server->run(path, router_.find(path));
  return std::make_unique<CallHandle>(std::move(client));
}

}  // namespace weir
