#include "common/rpc/call_core.h"

#include "common/base/assert.h"

namespace weir {

namespace asio = boost::asio;

CallCore::CallCore(asio::any_io_executor executor, std::size_t queue_bytes_max)
    : executor_(std::move(executor)), outbox_(queue_bytes_max), changed_(executor_) {}

asio::awaitable<std::optional<std::string>> CallCore::read() {
  const auto self = shared_from_this();  // the user may drop the stream while we wait
  while (!arrived_ && !read_ended_ && !ended_) {
    if (!std::exchange(reading_, true)) {
      start_read();  // may answer at once
    } else if (!co_await changed_.wait()) {
      co_return std::nullopt;
    }
  }
  co_return std::exchange(arrived_, std::nullopt);
}

void CallCore::on_read(std::optional<std::string> message) {
  reading_ = false;
  if (message) {
    arrived_ = std::move(message);
  } else {
    read_ended_ = true;
  }
  changed_.notify();
}

void CallCore::expect_end() {
  if (arrived_ || read_ended_ || ended_ || std::exchange(reading_, true)) return;
  start_read();
}

Status CallCore::write(std::string message) {
  if (!is_open()) return fail(Code::unavailable, "the call has ended");
  return after_push(outbox_.push(std::move(message)));
}

Status CallCore::write_latest(std::string message) {
  if (!is_open()) return fail(Code::unavailable, "the call has ended");
  return after_push(outbox_.push_latest(std::move(message)));
}

Status CallCore::after_push(bool pushed) {
  if (pushed) {
    pump();
    return {};
  }
  Error why(Code::resource_exhausted, "the peer does not read: " + std::to_string(outbox_.bytes()) +
                                          " bytes were waiting for it");
  cut(why);
  return fail(std::move(why));
}

void CallCore::pump() {
  if (writing_) return;
  if (!outbox_.empty()) {
    writing_ = true;
    start_write(outbox_.take());
  } else if (closing_) {
    end_writing();
  }
}

void CallCore::on_written(bool ok) {
  writing_ = false;
  outbox_.sent();
  if (!ok) stop_writing();
  pump();
}

void CallCore::stop_writing() {
  closing_ = true;
  outbox_.clear();
}

void CallCore::on_ended(Status status) {
  if (ended_) return;
  ended_ = std::move(status);
  stop_writing();
  changed_.notify();
}

asio::awaitable<Status> CallCore::closed() {
  const auto self = shared_from_this();
  while (!ended_) {
    await_end();
    if (!co_await changed_.wait()) co_return fail(Code::cancelled, "stopped waiting for the call");
  }
  co_return *ended_;
}

}  // namespace weir
