#include "common/tunnel/uapi_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <future>
#include <vector>

namespace weir {
namespace {

/// A server in a directory of its own, whose device is a port number.
class UapiServerOnSocket : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "weir-uapi-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    ASSERT_NE(start(), nullptr);
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  UapiServer* start() {
    auto made = UapiServer::create(
        directory_, "t",
        {.set =
             [this](const UapiSet& set) {
               if (set.listen_port) port_ = *set.listen_port;
               return Status();
             },
         .get = [this]() -> Result<std::string> {
           return padding_ + "listen_port=" + std::to_string(port_) + "\nerrno=0\n\n";
         },
         .on_removed = [this](const std::string& why) { removed_.set_value(why); }});
    if (!made) return nullptr;
    server_ = std::move(*made);
    return server_.get();
  }

  std::string path() const { return directory_ + "/t.sock"; }

  Fd connect() const {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path().data(), path().size());
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      return Fd();
    }
    return fd;
  }

  static void say(const Fd& fd, std::string_view text) {
    EXPECT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  /// Up to `size` bytes; fewer when the server closes.
  static std::string hear(const Fd& fd, std::size_t size) {
    std::string text(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      const ssize_t piece = ::recv(fd.get(), text.data() + got, size - got, 0);
      if (piece <= 0) break;
      got += static_cast<std::size_t>(piece);
    }
    text.resize(got);
    return text;
  }

  std::string directory_;
  std::atomic<int> port_{1};
  std::string padding_;
  std::promise<std::string> removed_;
  std::unique_ptr<UapiServer> server_;
};

const std::string k_ok = "errno=0\n\n";

TEST_F(UapiServerOnSocket, AnswersOneOperationAfterAnother) {
  const Fd client = connect();
  say(client, "set=1\nlisten_port=7\n\nget=1\n\n");
  const std::string wanted = k_ok + "listen_port=7\n" + k_ok;
  EXPECT_EQ(hear(client, wanted.size()), wanted);
  say(client, "get=1\n\n");
  EXPECT_EQ(hear(client, 8), "listen_p");
}

TEST_F(UapiServerOnSocket, IsOnlyForItsOwner) {
  struct stat status{};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(UapiServerOnSocket, AnswersNonsenseAndHangsUp) {
  const Fd client = connect();
  say(client, "nonsense\nget=1\n\n");
  EXPECT_EQ(hear(client, 100), "errno=-22\n\n");
}

TEST_F(UapiServerOnSocket, ServesOthersWhileOneNeverReadsAndOneNeverEnds) {
  padding_ = std::string(1 << 20, '#');
  const Fd deaf = connect();
  say(deaf, "get=1\n\nget=1\n\nget=1\n\nget=1\n\n");
  const Fd slow = connect();
  say(slow, "set=1\nlisten_port=9");
  const Fd client = connect();
  say(client, "set=1\nlisten_port=5\n\n");
  EXPECT_EQ(hear(client, k_ok.size()), k_ok);
  EXPECT_EQ(port_, 5);
  say(slow, "9\n\n");
  EXPECT_EQ(hear(slow, k_ok.size()), k_ok);
  EXPECT_EQ(port_, 99);
  // The deaf one finds all its answers when it listens at last.
  const std::size_t one = padding_.size() + std::string("listen_port=1\n").size() + k_ok.size();
  EXPECT_GE(hear(deaf, 4 * one).size(), 4 * one);
}

TEST_F(UapiServerOnSocket, LetsTheLongestIdleClientMakeWay) {
  std::vector<Fd> clients;
  for (std::size_t i = 0; i < UapiServer::k_clients_max; ++i) {
    clients.push_back(connect());
    say(clients.back(), "set=1\n\n");
    EXPECT_EQ(hear(clients.back(), k_ok.size()), k_ok);
  }
  say(clients[0], "set=1\n\n");
  EXPECT_EQ(hear(clients[0], k_ok.size()), k_ok);
  const Fd late = connect();
  say(late, "set=1\n\n");
  EXPECT_EQ(hear(late, k_ok.size()), k_ok);
  EXPECT_EQ(hear(clients[1], 1), "");  // hung up
  say(clients[0], "set=1\n\n");
  EXPECT_EQ(hear(clients[0], k_ok.size()), k_ok);
}

TEST_F(UapiServerOnSocket, ReplacesASocketThatNobodyServes) {
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(path()));
  {
    const Fd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path().data(), path().size());
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  ASSERT_TRUE(std::filesystem::exists(path()));
  ASSERT_NE(start(), nullptr);
  const Fd client = connect();
  say(client, "set=1\n\n");
  EXPECT_EQ(hear(client, k_ok.size()), k_ok);
}

TEST_F(UapiServerOnSocket, LeavesASocketThatAnotherServes) {
  const auto second = UapiServer::create(directory_, "t", {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code(), Code::already_exists);
  EXPECT_NE(second.error().message().find(path()), std::string::npos);
  EXPECT_TRUE(connect());
}

TEST_F(UapiServerOnSocket, TellsOnceThatItsFileWasRemovedAndLeavesTheNextOneAlone) {
  std::filesystem::remove(path());
  auto told = removed_.get_future();
  ASSERT_EQ(told.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_NE(told.get().find(path()), std::string::npos);
  // A second report would throw from the promise. What stands there now is not ours.
  ASSERT_TRUE(std::filesystem::create_directory(path()));
  server_.reset();
  EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST(UapiServer, SaysWhenThePathIsTooLong) {
  const auto made = UapiServer::create("/tmp/" + std::string(120, 'x'), "t", {});
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code(), Code::invalid_argument);
}

}  // namespace
}  // namespace weir
