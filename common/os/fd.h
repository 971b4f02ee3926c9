#pragma once

#include <utility>

#include "common/base/result.h"

namespace weir {

/// A file descriptor with one owner; closed with it.
class Fd {
 public:
  Fd() = default;
  /// Takes ownership; a negative number is "none".
  explicit Fd(int number) : number_(number) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  void reset();

 private:
  int number_ = -1;
};

/// A counter that makes a thread's poll return: written with eventfd_write, read without waiting.
/// Errors: resource_exhausted (no descriptor left).
Result<Fd> make_eventfd();

}  // namespace weir
