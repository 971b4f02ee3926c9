#include "controller/web/sign_in_book.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/bytes.h"

namespace weir::controller {

std::string SignInBook::secret() {
  std::array<std::uint8_t, 32> bytes{};
  keys_.fill(bytes);
  return to_base64url(bytes);
}

std::string SignInBook::open(SignIn who, Time now, Time last) {
  std::erase_if(sign_ins_, [now](const auto& one) { return one.second.ends <= now; });
  if (sign_ins_.size() >= k_sign_ins_max) {
    sign_ins_.erase(
        std::ranges::min_element(sign_ins_, {}, [](const auto& one) { return one.second.ends; }));
  }
  who.csrf = secret();
  who.ends = std::min(now + k_lasts, last);
  std::string cookie = secret();
  sign_ins_.emplace(cookie, std::move(who));
  return cookie;
}

// The map compares the cookie letter by letter; with 256 random bits nobody learns a next letter
// from that time.
const SignIn* SignInBook::find(const std::string& cookie, Time now) {
  const auto found = sign_ins_.find(cookie);
  if (found == sign_ins_.end()) return nullptr;
  if (found->second.ends > now) return &found->second;
  sign_ins_.erase(found);
  return nullptr;
}

void SignInBook::end_access(const std::string& access_id) {
  std::erase_if(sign_ins_,
                [&access_id](const auto& one) { return one.second.access_id == access_id; });
}

}  // namespace weir::controller
