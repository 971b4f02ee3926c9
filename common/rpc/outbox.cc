#include "common/rpc/outbox.h"

#include <algorithm>
#include <utility>

#include "common/base/assert.h"

namespace weir {

bool Outbox::push(std::string message) {
  if (bytes_ > 0 && bytes_ + message.size() > bytes_max_) return false;
  bytes_ += message.size();
  messages_.push_back(Message{std::move(message), false});
  return true;
}

bool Outbox::push_latest(std::string message) {
  const auto waiting = std::find_if(messages_.begin(), messages_.end(),
                                    [](const Message& queued) { return queued.latest; });
  if (waiting == messages_.end()) {
    if (!push(std::move(message))) return false;
    messages_.back().latest = true;
    return true;
  }
  const std::size_t others = bytes_ - waiting->bytes.size();
  if (others > 0 && others + message.size() > bytes_max_) return false;
  bytes_ = others + message.size();
  waiting->bytes = std::move(message);
  return true;
}

std::string Outbox::take() {
  WEIR_ASSERT(!messages_.empty() && taken_bytes_ == 0, "one message is under way at a time");
  std::string message = std::move(messages_.front().bytes);
  messages_.pop_front();
  taken_bytes_ = message.size();
  return message;
}

void Outbox::sent() {
  bytes_ -= taken_bytes_;
  taken_bytes_ = 0;
}

void Outbox::clear() {
  messages_.clear();
  bytes_ = taken_bytes_;
}

}  // namespace weir
