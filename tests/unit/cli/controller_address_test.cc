#include "cli/controller_address.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace weir::cli {
namespace {

class ControllerAddresses : public testing::Test {
 protected:
  ControllerAddresses() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-addr-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    for (const char* name : {"ca", "cert", "key"}) {
      std::ofstream(folder_ + "/" + name) << "PEM of " << name << "\n";
    }
  }
  ~ControllerAddresses() override { std::filesystem::remove_all(folder_); }

  ControllerAddress elsewhere(const std::string& server = "weir.example:7443") const {
    return {.server = server,
            .ca = folder_ + "/ca",
            .certificate = folder_ + "/cert",
            .key = folder_ + "/key"};
  }

  std::string folder_;
};

TEST_F(ControllerAddresses, OfThisMachineIsItsSocket) {
  const auto options = channel_to({.socket = "/run/weir/admin.sock"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->target, "unix:/run/weir/admin.sock");
  EXPECT_FALSE(options->tls);
}

TEST_F(ControllerAddresses, ElsewhereIsReachedOverMutualTls) {
  const auto options = channel_to(elsewhere());
  ASSERT_TRUE(options) << options.error().message();
  EXPECT_EQ(options->target, "dns:weir.example:7443");
  ASSERT_TRUE(options->tls);
  EXPECT_EQ(options->tls->ca_pem, "PEM of ca\n");
  EXPECT_EQ(options->tls->certificate_pem, "PEM of cert\n");
  EXPECT_EQ(options->tls->key_pem, "PEM of key\n");
}

TEST_F(ControllerAddresses, GiveUpConnectingBeforeACallEndsAndTakeLargeAnswers) {
  for (const ControllerAddress& address :
       {ControllerAddress{.socket = "/run/weir/admin.sock"}, elsewhere()}) {
    const auto options = channel_to(address);
    ASSERT_TRUE(options);
    EXPECT_EQ(options->connect_timeout, std::chrono::seconds(4)) << "a call has ten seconds";
    EXPECT_EQ(options->message_bytes_max, 64U << 20U);
  }
}

TEST_F(ControllerAddresses, ThatAreNoHostAndPortAreRefused) {
  for (const char* server : {"weir.example", ":7443", "weir.example:", "weir.example:0",
                             "weir.example:65536", "weir.example:123456", "weir.example:74x3"}) {
    const auto options = channel_to(elsewhere(server));
    ASSERT_FALSE(options) << server;
    EXPECT_EQ(options.error().code(), Code::invalid_argument);
    EXPECT_NE(options.error().message().find(server), std::string::npos);
  }
}

TEST_F(ControllerAddresses, NameTheOptionWhoseFileIsMissing) {
  ControllerAddress without_key = elsewhere();
  without_key.key = "";
  const auto silent = channel_to(without_key);
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code(), Code::invalid_argument);
  EXPECT_NE(silent.error().message().find("--key"), std::string::npos);

  ControllerAddress wrong = elsewhere();
  wrong.ca = folder_ + "/none";
  const auto missing = channel_to(wrong);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), Code::not_found);
  EXPECT_NE(missing.error().message().find("--ca"), std::string::npos);

  std::ofstream(folder_ + "/empty").close();
  wrong.ca = folder_ + "/empty";
  EXPECT_EQ(channel_to(wrong).error().code(), Code::not_found);
}

}  // namespace
}  // namespace weir::cli
