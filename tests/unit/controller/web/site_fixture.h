#pragma once

#include <string>

#include "controller/web/web_site.h"

namespace weir::controller {

/// Parts of a site named "weir:1" with one page and one asset, where the token "let me in as ROLE"
/// opens it.
inline WebSite::Parts site_parts(const SiteFiles& files, ApiDoor& door, KeySource& keys,
                                 Clock& clock) {
  return {.names = {"weir:1"},
          .secure = false,
          .mesh = "demo",
          .version = "9.9",
          .role_without_sign_in = "",
          .files = files,
          .door = door,
          .sign_in = [&clock](std::string token,
                              std::string) -> boost::asio::awaitable<Result<SignedIn>> {
            constexpr std::string_view k_open = "let me in as ";
            if (!token.starts_with(k_open)) {
              co_return fail(Code::unauthenticated, "this access token opens nothing");
            }
            co_return SignedIn{.name = "ann",
                               .role = token.substr(k_open.size()),
                               .access_id = "id",
                               .until = clock.now() + std::chrono::hours(1)};
          },
          .keys = keys,
          .clock = clock};
}

}  // namespace weir::controller
