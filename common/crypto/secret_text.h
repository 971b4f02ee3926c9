#pragma once

#include <ostream>
#include <string>
#include <utility>

#include "common/crypto/keys.h"

namespace weir {

/// Empties a text that held a secret, leaving nothing of it in its memory.
inline void wipe_text(std::string& text) {
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  text.clear();
}

/// Text that must not be seen: a private key in PEM, a join token. Wiped when destroyed; written to
/// a stream it is "[secret]", and nothing converts it silently.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string text) : text_(std::move(text)) {}
  SecretText(const SecretText&) = default;
  SecretText& operator=(const SecretText& other) {
    if (this != &other) {
      clear();
      text_ = other.text_;
    }
    return *this;
  }
  // A short text that is moved away stays behind in the string it was in, out of `clear`'s reach.
  // NOLINTNEXTLINE(performance-move-constructor-init)
  SecretText(SecretText&& other) noexcept : text_(other.text_) { other.clear(); }
  SecretText& operator=(SecretText&& other) noexcept { return *this = std::as_const(other); }
  ~SecretText() { clear(); }

  /// The place where it is really needed says so.
  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  void clear() { wipe_text(text_); }

  friend bool operator==(const SecretText& a, const SecretText& b) {
    return equal_in_constant_time(as_bytes(a.text_), as_bytes(b.text_));
  }
  friend std::ostream& operator<<(std::ostream& out, const SecretText& /*text*/) {
    return out << "[secret]";
  }

 private:
  std::string text_;
};

}  // namespace weir
