#include "common/os/supervisor.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "common/os/fd.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The supervisor's end, at a path or, with an `@` in front, at an abstract name.
class Listener {
 public:
  explicit Listener(const std::string& name)
      : name_(name), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, name.data(), name.size());
    if (name[0] == '@') at.sun_path[0] = '\0';
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&at),
                     static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())),
              0);
  }
  ~Listener() {
    if (name_[0] == '/') ::unlink(name_.c_str());
  }

  std::string next() {
    char bytes[512];
    const ssize_t size = ::recv(fd_.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
    return size < 0 ? "" : std::string(bytes, static_cast<std::size_t>(size));
  }

 private:
  std::string name_;
  Fd fd_;
};

std::string path_name() {
  return std::filesystem::temp_directory_path() / ("weir-notify-" + std::to_string(::getpid()));
}

TEST(Supervisor, IsToldAtAPathAndAtAnAbstractName) {
  for (const std::string& name : {path_name(), "@weir-notify-" + std::to_string(::getpid())}) {
    Listener listener(name);
    Supervisor supervisor(name, Duration(0));
    EXPECT_TRUE(supervisor.present());
    supervisor.ready("as good as\nnew");
    EXPECT_EQ(listener.next(),
              "READY=1\nSTATUS=as good as new\nMAINPID=" + std::to_string(::getpid()));
    supervisor.status("as good as new");
    EXPECT_EQ(listener.next(), "") << "the same twice";
    supervisor.status("busy");
    EXPECT_EQ(listener.next(), "STATUS=busy");
    supervisor.stopping();
    EXPECT_EQ(listener.next(), "STOPPING=1");
    supervisor.alive(Time(), Duration(0));
    EXPECT_EQ(listener.next(), "") << "nobody asked for signs of life";
  }
}

TEST(Supervisor, HearsOfLifeTwiceAPeriodWhileEveryLoopAnswers) {
  Listener listener(path_name());
  Supervisor supervisor(path_name(), seconds(10));
  int signs = 0;
  for (Time now{}; now < Time(seconds(100)); now += milliseconds(100)) {
    supervisor.alive(now, milliseconds(20));
    if (listener.next() == "WATCHDOG=1") ++signs;
  }
  EXPECT_GE(signs, 20);
  EXPECT_LE(signs, 31);
}

TEST(LifeSigns, StopWhenALoopOwesAnAnswerForHalfThePeriod) {
  LifeSigns life(seconds(10));
  EXPECT_TRUE(life.due(Time(), milliseconds(0)));
  EXPECT_FALSE(life.due(Time(seconds(4)), seconds(5)));
  EXPECT_FALSE(life.due(Time(seconds(9)), seconds(9)));
  EXPECT_TRUE(life.due(Time(seconds(9)), milliseconds(4999))) << "and come back with it";
}

TEST(Supervisor, WithoutOneNothingIsSaid) {
  for (const std::string& name :
       {std::string(), std::string("relative"), "/" + std::string(200, 'x')}) {
    Supervisor supervisor(name, seconds(1));
    EXPECT_FALSE(supervisor.present()) << name;
    supervisor.ready("");
    supervisor.alive(Time(), Duration(0));
  }
  Supervisor gone("/nonexistent/notify", seconds(1));
  gone.ready("nobody listens");
}

TEST(Supervisor, TakesItsVariablesAwayFromChildren) {
  ::setenv("NOTIFY_SOCKET", path_name().c_str(), 1);
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  Listener listener(path_name());
  Supervisor ours = Supervisor::from_environment();
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
  EXPECT_EQ(std::getenv("WATCHDOG_USEC"), nullptr);
  ours.alive(Time(), Duration(0));
  EXPECT_EQ(listener.next(), "WATCHDOG=1");

  ::setenv("NOTIFY_SOCKET", path_name().c_str(), 1);
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  Supervisor of_another = Supervisor::from_environment();
  of_another.alive(Time(), Duration(0));
  EXPECT_EQ(listener.next(), "") << "another process is watched";
}

}  // namespace
}  // namespace weir
