#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "common/async/clock.h"
#include "controller/web/api_door.h"
#include "controller/web/door_check.h"
#include "controller/web/sign_in_book.h"
#include "controller/web/site_files.h"
#include "controller/web/web_message.h"

namespace weir::controller {

/// Whose access token it is.
struct SignedIn {
  std::string name;
  std::string role;
  std::string access_id;
  Time until{};
};

/// What the site answers to a request: files, the API below /api/v1, signing in and out. Knows no
/// socket. Web thread only.
class WebSite {
 public:
  struct Parts {
    SiteNames names;
    bool secure = false;  // over TLS
    std::string mesh;
    std::string version;
    /// What may be done without signing in: a role's name; empty: nothing.
    std::string role_without_sign_in;
    const SiteFiles& files;
    ApiDoor& door;
    /// Errors: unauthenticated.
    std::function<boost::asio::awaitable<Result<SignedIn>>(std::string token, std::string remote)>
        sign_in;
    KeySource& keys;
    Clock& clock;
  };
  /// Who sent a request.
  struct Visit {
    PeerIdentity::Visitor who;
    bool signed_in = false;
    std::string csrf;
  };

  static constexpr const char* k_stream_path = "/api/v1/stream";

  explicit WebSite(Parts parts);

  boost::asio::awaitable<WebReply> answer(WebRequest request);
  /// Whether the sender of `k_stream_path` may follow. Errors: permission_denied, unauthenticated.
  Status check_follower(const WebRequest& request);
  std::size_t sign_ins() const { return sign_ins_.size(); }
  /// The token was withdrawn.
  void end_access(const std::string& access_id) { sign_ins_.end_access(access_id); }

 private:
  Visit visit(const WebRequest& request);
  Status check(const WebRequest& request, const Visit& visit, bool changes) const;
  WebReply me(const Visit& visit) const;
  WebReply file(const WebRequest& request) const;
  boost::asio::awaitable<WebReply> open_session(WebRequest request);
  WebReply end_session(const WebRequest& request, const Visit& visit);
  boost::asio::awaitable<WebReply> call_api(WebRequest request, std::string path, Visit visit);
  std::string cookie_name() const;
  std::string cookie(const std::string& value, std::chrono::seconds lasts) const;

  const Parts parts_;
  SignInBook sign_ins_;
  const std::string csrf_without_sign_in_;
};

/// What goes with every answer: no scripts but ours, no frames, no sniffing, no referrer.
std::vector<std::pair<std::string, std::string>> site_headers(bool secure);

}  // namespace weir::controller
