#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "common/base/time.h"
#include "common/crypto/random.h"

namespace weir::controller {

/// Who is signed in, in this browser.
struct SignIn {
  std::string name;
  std::string role;       // "viewer", "operator", "admin"
  std::string access_id;  // of the token it was opened with
  std::string csrf;       // what its changes must carry
  Time ends{};
};

/// The browsers that are signed in, by the secret in their cookie. Plain state of the web thread,
/// in memory only: a restart signs everybody out.
class SignInBook {
 public:
  static constexpr std::chrono::hours k_lasts{12};
  static constexpr std::size_t k_sign_ins_max = 1000;

  explicit SignInBook(KeySource& keys) : keys_(keys) {}

  /// Returns the cookie's value. Above the limit the one that ends first goes. `last` bounds it.
  std::string open(SignIn who, Time now, Time last);
  /// nullptr: nobody, or not any more.
  const SignIn* find(const std::string& cookie, Time now);
  void end(const std::string& cookie) { sign_ins_.erase(cookie); }
  /// All that were opened with this token.
  void end_access(const std::string& access_id);
  std::size_t size() const { return sign_ins_.size(); }

  /// 32 bytes nobody can guess, as text.
  std::string secret();

 private:
  KeySource& keys_;
  std::map<std::string, SignIn> sign_ins_;
};

}  // namespace weir::controller
