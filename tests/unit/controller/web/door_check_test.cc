#include "controller/web/door_check.h"

#include <gtest/gtest.h>

namespace weir::controller {
namespace {

WebRequest from(const std::string& host, const std::string& origin) {
  WebRequest request;
  request.host = host;
  request.origin = origin;
  return request;
}

TEST(DoorCheck, TakesTheSitesOwnNamesOnly) {
  const SiteNames names = {"127.0.0.1:7080", "localhost:7080"};
  EXPECT_TRUE(check_host(from("localhost:7080", ""), names));
  EXPECT_TRUE(check_host(from("LocalHost:7080", ""), names));
  for (const char* host : {"", "localhost", "evil.example:7080", "localhost:7081",
                           "localhost:7080.evil.example", "127.0.0.1:7080 "}) {
    EXPECT_EQ(check_host(from(host, ""), names).error().code(), Code::permission_denied) << host;
  }
}

TEST(DoorCheck, TakesChangesFromItsOwnPagesOnly) {
  EXPECT_TRUE(check_origin(from("weir:1", "http://weir:1"), true, false));
  EXPECT_TRUE(check_origin(from("weir:1", "https://weir:1"), true, true));
  EXPECT_TRUE(check_origin(from("weir:1", ""), false, false));
  EXPECT_FALSE(check_origin(from("weir:1", ""), true, false));
  EXPECT_FALSE(check_origin(from("weir:1", "null"), true, false));
  EXPECT_FALSE(check_origin(from("weir:1", "http://evil.example"), false, false));
  EXPECT_FALSE(check_origin(from("weir:1", "http://weir:1"), true, true)) << "not over TLS";
  EXPECT_FALSE(check_origin(from("weir:1", "http://weir:2"), true, false));
}

}  // namespace
}  // namespace weir::controller
