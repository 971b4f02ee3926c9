#pragma once

#include <cstddef>
#include <deque>
#include <string>

namespace weir {

/// What one end of a call still has to send, limited in bytes. Plain state.
class Outbox {
 public:
  explicit Outbox(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// False when the message would not fit; it is dropped then. An empty queue takes any message.
  bool push(std::string message);
  /// Takes the place of the message an earlier `push_latest` left in the queue, else joins the end.
  bool push_latest(std::string message);

  bool empty() const { return messages_.empty(); }
  std::size_t size() const { return messages_.size(); }
  /// Of the messages waiting, and of the one taken until `sent`.
  std::size_t bytes() const { return bytes_; }

  /// The oldest message; its bytes count until `sent`. Only when not empty.
  std::string take();
  void sent();
  void clear();

 private:
  struct Message {
    std::string bytes;
    bool latest;
  };

  const std::size_t bytes_max_;
  std::deque<Message> messages_;
  std::size_t bytes_ = 0;
  std::size_t taken_bytes_ = 0;
};

}  // namespace weir
