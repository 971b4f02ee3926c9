#include "controller/web/web_site.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "common/base/bytes.h"
#include "common/base/text.h"
#include "common/crypto/keys.h"
#include "controller/web/gzip.h"
#include "controller/web/routes.h"

namespace weir::controller {

namespace asio = boost::asio;

namespace {

constexpr std::string_view k_api = "/api/v1";
constexpr std::size_t k_gzip_least = 1024;
constexpr std::size_t k_token_max = 200;

WebReply json_reply(const boost::json::object& object) {
  WebReply reply;
  reply.body = boost::json::serialize(object);
  reply.headers.emplace_back("Cache-Control", "no-store");
  return reply;
}

void compress(const WebRequest& request, WebReply& reply) {
  if (!request.takes_gzip || reply.body.size() < k_gzip_least) return;
  reply.body = gzip(reply.body);
  reply.headers.emplace_back("Content-Encoding", "gzip");
  reply.headers.emplace_back("Vary", "Accept-Encoding");
}

/// The token of {"token":"..."}.
Result<std::string> token_of(const std::string& body) {
  boost::system::error_code problem;
  const boost::json::value read = boost::json::parse(body, problem);
  const auto* const object = problem ? nullptr : read.if_object();
  const auto* const token = object == nullptr ? nullptr : object->if_contains("token");
  if (token == nullptr || !token->is_string() || token->get_string().size() > k_token_max) {
    return fail(Code::invalid_argument, R"(the body must be {"token":"weir-access-..."})");
  }
  return std::string(token->get_string());
}

}  // namespace

std::vector<std::pair<std::string, std::string>> site_headers(bool secure) {
  std::vector<std::pair<std::string, std::string>> headers = {
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
       "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
       "frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"}};
  if (secure) headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
  return headers;
}

WebSite::WebSite(Parts parts)
    : parts_(std::move(parts)), sign_ins_(parts_.keys), csrf_without_sign_in_(sign_ins_.secret()) {}

// RFC 6265bis: a name with __Host- is taken only with Secure, for this host and every path.
// Browsers take Secure from http on loopback, but not every one of them: there the plain name.
std::string WebSite::cookie_name() const { return parts_.secure ? "__Host-weir" : "weir"; }

std::string WebSite::cookie(const std::string& value, std::chrono::seconds lasts) const {
  return cookie_name() + "=" + value +
         "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(lasts.count()) +
         (parts_.secure ? "; Secure" : "");
}

WebSite::Visit WebSite::visit(const WebRequest& request) {
  const std::string shown = cookie_value(request.cookie, cookie_name());
  if (const SignIn* known = sign_ins_.find(shown, parts_.clock.now())) {
    return {
        .who = {.name = known->name, .role = known->role}, .signed_in = true, .csrf = known->csrf};
  }
  return {.who = {.name = "not signed in", .role = parts_.role_without_sign_in},
          .signed_in = false,
          .csrf = csrf_without_sign_in_};
}

Status WebSite::check(const WebRequest& request, const Visit& visit, bool changes) const {
  WEIR_TRY(check_host(request, parts_.names));
  WEIR_TRY(check_origin(request, changes, parts_.secure));
  if (visit.who.role.empty()) return fail(Code::unauthenticated, "sign in first");
  if (changes && !equal_in_constant_time(as_bytes(request.csrf), as_bytes(visit.csrf))) {
    return fail(
        Code::permission_denied,
        "the header X-Weir-CSRF does not carry what GET /api/v1/me says; load the page anew");
  }
  return {};
}

Status WebSite::check_follower(const WebRequest& request) {
  return check(request, visit(request), false);
}

WebReply WebSite::me(const Visit& visit) const {
  boost::json::object out;
  out["name"] = visit.signed_in ? visit.who.name : "";
  out["role"] = visit.who.role.empty() ? "none" : visit.who.role;
  out["signedIn"] = visit.signed_in;
  out["mesh"] = parts_.mesh;
  out["version"] = parts_.version;
  out["csrf"] = visit.csrf;
  return json_reply(out);
}

WebReply WebSite::file(const WebRequest& request) const {
  auto found = parts_.files.find(request.path);
  const bool asset = request.path.starts_with("/assets/");
  // Every view is a link: what is no file is a view, which the page itself makes.
  if (found == parts_.files.end() && !asset) found = parts_.files.find("/index.html");
  if (found == parts_.files.end()) {
    return error_reply(Error(Code::not_found, asset
                                                  ? "no such file; load the page anew"
                                                  : "this controller was built without dashboard"));
  }
  const SiteFile& known = found->second;
  WebReply reply;
  reply.type = known.type;
  reply.headers.emplace_back("ETag", std::string(known.etag));
  // The names of assets hold a digest of what is in them.
  reply.headers.emplace_back("Cache-Control",
                             asset ? "public, max-age=31536000, immutable" : "no-cache");
  reply.headers.emplace_back("Vary", "Accept-Encoding");
  if (request.known_etag == known.etag) {
    reply.status = 304;
  } else if (request.takes_gzip) {
    reply.headers.emplace_back("Content-Encoding", "gzip");
    reply.body = known.gzip;
  } else {
    reply.body = gunzip(known.gzip);
  }
  return reply;
}

asio::awaitable<WebReply> WebSite::open_session(WebRequest request) {
  Result<std::string> token = token_of(request.body);
  if (!token) co_return error_reply(token.error());
  const Result<SignedIn> who = co_await parts_.sign_in(*std::move(token), request.remote);
  if (!who) co_return error_reply(who.error());
  const Time now = parts_.clock.now();
  const std::string value = sign_ins_.open(
      {.name = who->name, .role = who->role, .access_id = who->access_id, .csrf = "", .ends = {}},
      now, who->until);
  const SignIn* const known = sign_ins_.find(value, now);
  if (known == nullptr) co_return error_reply(Error(Code::unauthenticated, "the token has ended"));
  WebReply reply = me(
      {.who = {.name = known->name, .role = known->role}, .signed_in = true, .csrf = known->csrf});
  reply.headers.emplace_back("Set-Cookie", cookie(value, SignInBook::k_lasts));
  co_return reply;
}

WebReply WebSite::end_session(const WebRequest& request, const Visit& visit) {
  const Status allowed = check(request, visit, true);
  if (!allowed) return error_reply(allowed.error());
  sign_ins_.end(cookie_value(request.cookie, cookie_name()));
  WebReply reply = json_reply({});
  reply.headers.emplace_back("Set-Cookie", cookie("", std::chrono::seconds(0)));
  return reply;
}

asio::awaitable<WebReply> WebSite::call_api(WebRequest request, std::string path, Visit visit) {
  const Result<const Route*> route = find_route(request.method, path);
  if (!route) co_return error_reply(route.error());
  if (*route == nullptr) {
    co_return error_reply(Error(Code::not_found, "there is no /api/v1" + path));
  }
  const Status allowed = check(request, visit, request.method == "POST");
  if (!allowed) co_return error_reply(allowed.error());
  Result<std::string> bytes = request_bytes(**route, request);
  if (!bytes) co_return error_reply(bytes.error());
  const Result<std::string> answered =
      co_await parts_.door.call(method_path(**route), *std::move(bytes), visit.who);
  if (!answered) co_return error_reply(answered.error());
  Result<std::string> json = reply_json((*route)->method, *answered);
  if (!json) co_return error_reply(json.error());
  WebReply reply;
  reply.body = *std::move(json);
  reply.headers.emplace_back("Cache-Control", "no-store");
  compress(request, reply);
  co_return reply;
}

asio::awaitable<WebReply> WebSite::answer(WebRequest request) {
  const Status ours = check_host(request, parts_.names);
  if (!ours) co_return error_reply(ours.error());
  if (!request.path.starts_with(k_api) ||
      (request.path.size() > k_api.size() && request.path[k_api.size()] != '/')) {
    if (request.method == "GET" || request.method == "HEAD") co_return file(request);
    co_return error_reply(Error(Code::unimplemented, "files take GET"));
  }
  std::string path = request.path.substr(k_api.size());
  const Visit who = visit(request);
  if (path == "/me" && request.method == "GET") co_return me(who);
  if (path == "/session" && request.method == "POST") {
    const Status allowed = check_origin(request, true, parts_.secure);
    if (!allowed) co_return error_reply(allowed.error());
    co_return co_await open_session(std::move(request));
  }
  if (path == "/session/end" && request.method == "POST") co_return end_session(request, who);
  co_return co_await call_api(std::move(request), std::move(path), who);
}

}  // namespace weir::controller
