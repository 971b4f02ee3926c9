#include "controller/web/web_site.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <optional>

#include "common/async/task_group.h"
#include "controller/api/admin_service.h"
#include "controller/web/gzip.h"
#include "controller/web/routes.h"
#include "tests/doubles/sim_clock.h"
#include "tests/unit/controller/api/answering_backend.h"
#include "tests/unit/controller/web/site_fixture.h"

namespace weir::controller {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

std::string text_of(const WebReply& reply, const char* name) {
  return std::string(boost::json::parse(reply.body).at(name).as_string());
}

std::string header(const WebReply& reply, const std::string& name) {
  for (const auto& [known, value] : reply.headers) {
    if (known == name) return value;
  }
  return "";
}

/// A browser at the site: its cookie, and what its changes carry.
struct Browser {
  std::string cookie;
  std::string csrf;
};

class WebSites : public testing::Test {
 protected:
  WebSites() { service_.serve(router_); }

  WebReply answer(WebRequest request) {
    std::optional<WebReply> reply;
    TaskGroup tasks(context_.get_executor());
    tasks.spawn(
        "answer",
        [](WebSite& site, WebRequest ask, std::optional<WebReply>& out) -> asio::awaitable<void> {
          out = co_await site.answer(std::move(ask));
        }(site(), std::move(request), reply));
    clock_.advance(milliseconds(10));
    EXPECT_TRUE(reply);
    return reply.value_or(WebReply());
  }

  WebRequest request(const char* verb, const std::string& target, const Browser& browser = {}) {
    WebRequest made;
    made.method = verb;
    EXPECT_TRUE(read_target(target, made));
    made.host = "weir:1";
    made.cookie = browser.cookie;
    if (std::string(verb) == "POST") {
      made.origin = "http://weir:1";
      made.csrf = browser.csrf;
    }
    return made;
  }

  Browser sign_in(const std::string& role) {
    WebRequest asked = request("POST", "/api/v1/session");
    asked.body = R"({"token":"let me in as )" + role + "\"}";
    const WebReply reply = answer(std::move(asked));
    EXPECT_EQ(reply.status, 200U) << reply.body;
    const std::string set = header(reply, "Set-Cookie");
    return {.cookie = set.substr(0, set.find(';')), .csrf = text_of(reply, "csrf")};
  }

  WebSite& site() {
    if (!site_) {
      auto parts = site_parts(files_, door_, keys_, clock_);
      parts.role_without_sign_in = role_without_sign_in_;
      site_.emplace(std::move(parts));
    }
    return *site_;
  }

  const std::string page_ = gzip("<html>");
  const std::string script_ = gzip("go()");
  const SiteFiles files_ = {
      {"/index.html", {.type = "text/html", .gzip = page_, .etag = "\"1\""}},
      {"/assets/x.js", {.type = "text/javascript", .gzip = script_, .etag = "\"2\""}}};
  asio::io_context context_;
  SimClock clock_{context_};
  SystemKeySource keys_;
  AnsweringBackend backend_;
  AdminService service_{backend_, clock_};
  RpcRouter router_;
  ApiDoor door_{context_.get_executor(), router_};
  std::string role_without_sign_in_;
  std::optional<WebSite> site_;
};

TEST_F(WebSites, ServeFilesAndThePageForEveryView) {
  EXPECT_EQ(answer(request("GET", "/")).body, "<html>");
  EXPECT_EQ(answer(request("GET", "/services/shop/web?from=us")).body, "<html>");
  const WebReply asset = answer(request("GET", "/assets/x.js"));
  EXPECT_EQ(asset.body, "go()");
  EXPECT_NE(header(asset, "Cache-Control").find("immutable"), std::string::npos);
  EXPECT_EQ(answer(request("GET", "/assets/y.js")).status, 404U);
  EXPECT_EQ(answer(request("POST", "/")).status, 405U);
  WebRequest again = request("GET", "/");
  again.known_etag = "\"1\"";
  EXPECT_EQ(answer(again).status, 304U);
  again.known_etag = "";
  again.takes_gzip = true;
  EXPECT_EQ(answer(again).body, page_);
}

TEST_F(WebSites, TellWhoIsThere) {
  EXPECT_EQ(text_of(answer(request("GET", "/api/v1/me")), "role"), "none");
  const Browser ann = sign_in("operator");
  const WebReply me = answer(request("GET", "/api/v1/me", ann));
  EXPECT_EQ(text_of(me, "name"), "ann");
  EXPECT_EQ(text_of(me, "role"), "operator");
  EXPECT_EQ(text_of(me, "csrf"), ann.csrf);
  EXPECT_EQ(text_of(me, "mesh"), "demo");
}

TEST_F(WebSites, AnswerNothingOfTheApiWithoutSignIn) {
  for (const Route& route : routes()) {
    const std::string verb(route.verb);
    const std::string target = "/api/v1" + std::string(route.path);
    EXPECT_EQ(answer(request(verb.c_str(), target)).status, 401U) << target;
    const Browser stranger{.cookie = "weir=guessed", .csrf = "guessed"};
    EXPECT_EQ(answer(request(verb.c_str(), target, stranger)).status, 401U) << target;
  }
  EXPECT_EQ(site().check_follower(request("GET", "/api/v1/stream")).error().code(),
            Code::unauthenticated);
}

// The table of roles and routes has no hole.
TEST_F(WebSites, LetEachRoleDoWhatItMay) {
  const std::vector<std::string> roles = {"viewer", "operator", "admin"};
  for (std::size_t has = 0; has < roles.size(); ++has) {
    const Browser browser = sign_in(roles[has]);
    for (const Route& route : routes()) {
      const std::string verb(route.verb);
      const WebReply reply =
          answer(request(verb.c_str(), "/api/v1" + std::string(route.path), browser));
      const bool may = static_cast<int>(has) + 1 >= least_role(method_path(route));
      EXPECT_EQ(reply.status, may ? 200U : 403U) << route.path << " as " << roles[has];
    }
    EXPECT_TRUE(site().check_follower(request("GET", "/api/v1/stream", browser)));
  }
}

TEST_F(WebSites, RefuseAnotherSitesPages) {
  const Browser ann = sign_in("admin");
  WebRequest pin = request("POST", "/api/v1/pin", ann);
  ASSERT_EQ(answer(pin).status, 200U);
  const std::size_t before = backend_.changed_by.size();

  WebRequest changed = pin;
  changed.origin = "http://evil.example";
  EXPECT_EQ(answer(changed).status, 403U);
  changed.origin = "";
  EXPECT_EQ(answer(changed).status, 403U);
  changed = pin;
  changed.csrf = "";
  EXPECT_EQ(answer(changed).status, 403U);
  changed.csrf = sign_in("admin").csrf;  // of another browser
  EXPECT_EQ(answer(changed).status, 403U);
  changed = pin;
  changed.host = "evil.example";
  changed.origin = "http://evil.example";
  EXPECT_EQ(answer(changed).status, 403U);
  changed = pin;
  changed.cookie = "";
  EXPECT_EQ(answer(changed).status, 401U);
  EXPECT_EQ(backend_.changed_by.size(), before) << "nothing of it was done";

  WebRequest look = request("GET", "/", ann);
  look.host = "evil.example";
  EXPECT_EQ(answer(look).status, 403U) << "not even the page";
  look = request("POST", "/api/v1/session");
  look.origin = "http://evil.example";
  look.body = R"({"token":"let me in as admin"})";
  EXPECT_EQ(answer(look).status, 403U);
}

TEST_F(WebSites, SignOutAndForgetWithTheToken) {
  const Browser ann = sign_in("viewer");
  const Browser bob = sign_in("viewer");
  const WebReply out = answer(request("POST", "/api/v1/session/end", ann));
  EXPECT_EQ(out.status, 200U);
  EXPECT_NE(header(out, "Set-Cookie").find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(answer(request("GET", "/api/v1/status", ann)).status, 401U);
  EXPECT_EQ(answer(request("GET", "/api/v1/status", bob)).status, 200U);
  site().end_access("id");
  EXPECT_EQ(answer(request("GET", "/api/v1/status", bob)).status, 401U);
}

TEST_F(WebSites, GiveACookieScriptsCannotRead) {
  WebRequest asked = request("POST", "/api/v1/session");
  asked.body = R"({"token":"let me in as viewer"})";
  const std::string cookie = header(answer(asked), "Set-Cookie");
  for (const char* part : {"HttpOnly", "SameSite=Strict", "Path=/"}) {
    EXPECT_NE(cookie.find(part), std::string::npos) << cookie;
  }
  for (const char* body : {"", "{}", "[]", R"({"token":7})", R"({"token":"wrong"})"}) {
    asked.body = body;
    const WebReply refused = answer(asked);
    EXPECT_TRUE(refused.status == 400 || refused.status == 401) << body;
    EXPECT_EQ(header(refused, "Set-Cookie"), "");
  }
}

TEST_F(WebSites, MayLetPeopleOfThisMachineInAsTheyAre) {
  role_without_sign_in_ = "operator";
  const WebReply me = answer(request("GET", "/api/v1/me"));
  EXPECT_EQ(text_of(me, "role"), "operator");
  Browser nobody;
  EXPECT_EQ(answer(request("GET", "/api/v1/status", nobody)).status, 200U);
  EXPECT_EQ(answer(request("POST", "/api/v1/pin", nobody)).status, 403U) << "without the secret";
  nobody.csrf = text_of(me, "csrf");
  EXPECT_EQ(answer(request("POST", "/api/v1/pin", nobody)).status, 200U);
  EXPECT_EQ(answer(request("POST", "/api/v1/tokens/create", nobody)).status, 403U);
  EXPECT_EQ(backend_.audit.back().from(), "web");
}

TEST_F(WebSites, PassOnWhatTheApiSays) {
  const Browser ann = sign_in("viewer");
  backend_.fails = Error(Code::not_found, "service \"x\" is not configured");
  const WebReply reply = answer(request("GET", "/api/v1/weights?service=x", ann));
  EXPECT_EQ(reply.status, 404U);
  EXPECT_NE(reply.body.find("is not configured"), std::string::npos);
  EXPECT_EQ(answer(request("GET", "/api/v1/nothing", ann)).status, 404U);
  EXPECT_EQ(answer(request("GET", "/api/v1/pin", ann)).status, 405U);
  EXPECT_EQ(answer(request("GET", "/api/v1/weights?x=1", ann)).status, 400U);
}

}  // namespace
}  // namespace weir::controller
