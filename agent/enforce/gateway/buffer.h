#pragma once

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

namespace weir::agent {

/// Bytes on their way through a connection: filled at the back, taken from the front. Fixed in size
/// unless `grow` is called; never copies except to make room.
class Buffer {
 public:
  explicit Buffer(std::size_t size = 0) : bytes_(size) {}

  std::string_view view() const { return {bytes_.data() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  std::size_t capacity() const { return bytes_.size(); }
  bool empty() const { return begin_ == end_; }

  /// Room at the back, after moving what is held to the front where that makes any.
  boost::asio::mutable_buffer room() {
    if (begin_ == end_) {
      begin_ = end_ = 0;
    } else if (end_ == bytes_.size() && begin_ > 0) {
      std::memmove(bytes_.data(), bytes_.data() + begin_, size());
      end_ -= begin_;
      begin_ = 0;
    }
    return {bytes_.data() + end_, bytes_.size() - end_};
  }
  void filled(std::size_t count) { end_ += count; }
  void take(std::size_t count) { begin_ += count; }
  void append(std::string_view bytes) {
    if (bytes_.size() - end_ < bytes.size()) grow(end_ + bytes.size());
    std::memcpy(bytes_.data() + end_, bytes.data(), bytes.size());
    end_ += bytes.size();
  }
  void grow(std::size_t size) {
    if (size > bytes_.size()) bytes_.resize(size);
  }
  void clear() { begin_ = end_ = 0; }

 private:
  std::vector<char> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// What one direction of a connection holds at most, heads apart.
inline constexpr std::size_t k_relay_buffer = 16 * 1024;

}  // namespace weir::agent
