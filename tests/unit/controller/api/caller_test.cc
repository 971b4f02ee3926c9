#include "controller/api/caller.h"

#include <gtest/gtest.h>

namespace weir::controller {
namespace {

PeerIdentity shown(std::string common_name, std::vector<std::string> uris) {
  return {.address = "ipv4:192.0.2.1:1",
          .local = false,
          .authenticated = true,
          .common_name = std::move(common_name),
          .uris = std::move(uris)};
}

TEST(Caller, HasTheNameOfTheCertificate) {
  EXPECT_EQ(caller_of(shown("ann", {}), {})->name, "ann");
  EXPECT_EQ(caller_of(shown("", {"spiffe://x/ann"}), {})->name, "spiffe://x/ann");
  EXPECT_EQ(caller_of(shown("an\xff", {}), {})->name, "an\ufffd");
  PeerIdentity root;
  root.local = true;
  EXPECT_EQ(caller_of(root, {})->name, "root");
  EXPECT_EQ(caller_of(PeerIdentity(), {}).error().code(), Code::unauthenticated);
}

TEST(Caller, IsNoMachineOfAMesh) {
  for (const char* uri : {"weir://demo/agent/us/agent-1", "weir://demo/controller"}) {
    const auto who = caller_of(shown("demo", {"spiffe://x/y", uri}), {});
    ASSERT_FALSE(who) << uri;
    EXPECT_EQ(who.error().code(), Code::permission_denied);
  }
}

TEST(Caller, HasTheRoleConfiguredForTheCertificate) {
  CertificateRoles roles;
  roles.by_name = {{"ann", admin::v1::VIEWER}};
  roles.others = admin::v1::OPERATOR;
  EXPECT_EQ(caller_of(shown("ann", {}), roles)->role, admin::v1::VIEWER);
  EXPECT_EQ(caller_of(shown("bob", {}), roles)->role, admin::v1::OPERATOR);
}

TEST(Caller, MayNotCallWhatNobodySaidTheyMay) {
  const Caller admin{"root", admin::v1::ADMIN, "socket"};
  EXPECT_TRUE(check_allowed(admin, "/weir.admin.v1.Admin/RemoveAgent"));
  EXPECT_FALSE(check_allowed(admin, "/weir.admin.v1.Admin/NoSuchMethod"));
  EXPECT_FALSE(check_allowed(admin, "/weir.control.v1.Session/Open"));
  EXPECT_FALSE(check_allowed({"x", admin::v1::NOBODY, "web"}, "/weir.admin.v1.Admin/GetStatus"));
}

}  // namespace
}  // namespace weir::controller
