#include "controller/web/routes.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <set>

#include "controller/api/caller.h"
#include "weir/admin/v1/admin.pb.h"

namespace weir::controller {
namespace {

namespace pb = admin::v1;

const Route& route(const char* verb, const char* path) { return **find_route(verb, path); }

template <typename Message>
Message parsed(const std::string& bytes) {
  Message message;
  EXPECT_TRUE(message.ParseFromString(bytes));
  return message;
}

WebRequest asking(std::map<std::string, std::string> query) {
  WebRequest request;
  request.query = std::move(query);
  return request;
}

// Whatever weirctl can, a browser can; what only follows has the stream.
TEST(Routes, ReachEveryMethodThatIsNoWatch) {
  std::set<std::string> reached;
  for (const Route& one : routes()) {
    EXPECT_TRUE(reached.insert(std::string(one.method)).second) << one.method << " twice";
    const int role = least_role(method_path(one));
    EXPECT_LE(role, pb::ADMIN) << one.method;
    // A GET is sent by any link: it must not change anything.
    EXPECT_EQ(one.verb == "GET", one.method.starts_with("Get") || one.method.starts_with("List") ||
                                     one.method.starts_with("Explain") || one.method == "Diagnose")
        << one.method;
  }
  const auto* const api =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName("weir.admin.v1.Admin");
  for (int i = 0; i < api->method_count(); ++i) {
    if (!api->method(i)->server_streaming()) {
      EXPECT_TRUE(reached.contains(api->method(i)->name())) << api->method(i)->name();
    }
  }
}

TEST(Routes, AreFoundByVerbAndPath) {
  EXPECT_EQ(route("GET", "/paths").method, "ListPaths");
  EXPECT_EQ(*find_route("GET", "/nothing"), nullptr);
  EXPECT_EQ(find_route("GET", "/pin").error().code(), Code::unimplemented);
  EXPECT_EQ(find_route("DELETE", "/paths").error().code(), Code::unimplemented);
}

TEST(Routes, FillARequestFromParameters) {
  const auto bytes = request_bytes(route("GET", "/weights"),
                                   asking({{"service", "shop/web"}, {"from", "us"}, {"at", "17"}}));
  const auto weights = parsed<pb::GetWeightsRequest>(*bytes);
  EXPECT_EQ(weights.service(), "shop/web");
  EXPECT_EQ(weights.from_region(), "us");
  EXPECT_EQ(weights.at_unix_ms(), 17);
  EXPECT_TRUE(parsed<pb::ListServicesRequest>(*request_bytes(route("GET", "/services"), asking({})))
                  .without_endpoints());
  EXPECT_FALSE(parsed<pb::ListServicesRequest>(
                   *request_bytes(route("GET", "/services"), asking({{"service", "a/b"}})))
                   .without_endpoints());
}

TEST(Routes, SayWhatIsWrongWithAParameter) {
  const auto complaint = [](std::map<std::string, std::string> query) {
    const auto bytes = request_bytes(route("GET", "/events"), asking(std::move(query)));
    return bytes ? std::string() : bytes.error().message();
  };
  EXPECT_NE(complaint({{"colour", "red"}}).find("there are: limit, service"), std::string::npos);
  EXPECT_NE(complaint({{"limit", "-1"}}).find("cannot be"), std::string::npos);
  EXPECT_NE(complaint({{"limit", "5x"}}).find("cannot be"), std::string::npos);
  EXPECT_NE(complaint({{"limit", "99999999999"}}).find("cannot be"), std::string::npos);
  EXPECT_EQ(complaint({{"limit", "5"}}), "");
}

TEST(Routes, FillARequestFromABody) {
  WebRequest request;
  request.body =
      R"({"service":"shop/web","fromRegion":"us","weights":[{"region":"us","weight":7}]})";
  const auto pin = parsed<pb::PinWeightsRequest>(*request_bytes(route("POST", "/pin"), request));
  EXPECT_EQ(pin.weights(0).weight(), 7U);
  for (const char* body : {"{", "[]", "7", R"({"colour":"red"})", R"({"service":7})"}) {
    request.body = body;
    EXPECT_EQ(request_bytes(route("POST", "/pin"), request).error().code(), Code::invalid_argument)
        << body;
  }
}

TEST(Routes, PrintEveryFieldOfAReply) {
  pb::ListPathsReply reply;
  reply.add_paths()->set_from_agent("a\"<b>");
  const auto json = reply_json("ListPaths", reply.SerializeAsString());
  EXPECT_NE(json->find(R"("fromAgent":"a\"\u003cb\u003e")"), std::string::npos) << *json;
  EXPECT_NE(json->find(R"("sinceUnixMs":"0")"), std::string::npos) << *json;
  EXPECT_FALSE(reply_json("ListPaths", "\xff\xff"));
}

}  // namespace
}  // namespace weir::controller
