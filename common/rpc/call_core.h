#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/rpc/control_stream.h"
#include "common/rpc/outbox.h"
#include "common/rpc/wakeup.h"

namespace weir {

/// The executor's half of one call: its queue, its state, its waiters. The transport's half, a gRPC
/// reactor or the other end in memory, is told through the `start_` and `end_` hooks and answers by
/// posting to `on_...`. Everything here runs on the executor.
///
///   read()  ── start_read ──▶ transport ── on_read(message or end) ──▶ waiter
///   write() ─▶ Outbox ── start_write, one at a time ──▶ transport ── on_written ──▶ next
///   close() ─▶ after the Outbox is empty ── end_writing ──▶ transport ── on_ended(status) ──▶
///   closed()
class CallCore : public std::enable_shared_from_this<CallCore> {
 public:
  CallCore(boost::asio::any_io_executor executor, std::size_t queue_bytes_max);
  virtual ~CallCore() = default;
  CallCore(const CallCore&) = delete;
  CallCore& operator=(const CallCore&) = delete;

  // As ControlStream.
  boost::asio::awaitable<std::optional<std::string>> read();
  Status write(std::string message);
  Status write_latest(std::string message);
  virtual void close(Status why) = 0;
  boost::asio::awaitable<Status> closed();
  bool is_open() const { return !closing_ && !ended_; }
  std::size_t queued_bytes() const { return outbox_.bytes(); }
  const PeerIdentity& peer() const { return peer_; }

  /// The user's stream was destroyed.
  virtual void abandon() = 0;

 protected:
  virtual void start_read() = 0;
  virtual void start_write(std::string message) = 0;
  /// The queue is empty, nothing is under way, and `close` was called. May be called again.
  virtual void end_writing() = 0;
  /// Somebody waits for the end. A transport that learns of it from reads alone reads ahead.
  virtual void await_end() {}
  /// Ends a call whose peer does not take what we send.
  virtual void cut(Error why) = 0;

  void on_read(std::optional<std::string> message);
  /// Reads ahead once: only a read tells how a call ended.
  void expect_end();
  void on_written(bool ok);
  /// Nothing can be sent any more; what is queued is forgotten.
  void stop_writing();
  void on_ended(Status status);
  void pump();

  bool reading() const { return reading_; }
  bool read_ended() const { return read_ended_; }
  bool writing() const { return writing_; }
  bool has_ended() const { return ended_.has_value(); }
  /// No `write` from now on; what is queued still goes.
  void set_closing() { closing_ = true; }
  bool closing() const { return closing_; }

  const boost::asio::any_io_executor executor_;
  PeerIdentity peer_;

 private:
  Status after_push(bool pushed);

  Outbox outbox_;
  Wakeup changed_;
  std::optional<std::string> arrived_;
  std::optional<Status> ended_;
  bool reading_ = false;
  bool read_ended_ = false;
  bool writing_ = false;
  bool closing_ = false;
};

/// What users hold: the call lives on by itself until its transport is done with it.
class CallHandle final : public ControlStream {
 public:
  explicit CallHandle(std::shared_ptr<CallCore> core) : core_(std::move(core)) {}
  ~CallHandle() override { core_->abandon(); }
  CallHandle(const CallHandle&) = delete;
  CallHandle& operator=(const CallHandle&) = delete;

  boost::asio::awaitable<std::optional<std::string>> read() override { return core_->read(); }
  Status write(std::string message) override { return core_->write(std::move(message)); }
  Status write_latest(std::string message) override {
    return core_->write_latest(std::move(message));
  }
  void close(Status why) override { core_->close(std::move(why)); }
  boost::asio::awaitable<Status> closed() override { return core_->closed(); }
  bool is_open() const override { return core_->is_open(); }
  std::size_t queued_bytes() const override { return core_->queued_bytes(); }
  const PeerIdentity& peer() const override { return core_->peer(); }

 private:
  const std::shared_ptr<CallCore> core_;
};

}  // namespace weir
