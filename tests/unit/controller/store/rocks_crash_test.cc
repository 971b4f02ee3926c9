// kill -9 during writes, 50 times:
//
//   test process            writer (a child per life)            checker (a child per life)
//   fork ------------------> open, go on from the last number
//     <-- pipe: number n --- commit n acknowledged
//   after k numbers and d us: SIGKILL
//   reads the pipe to its end: n acknowledged
//   fork -------------------------------------------------------> open: 1..n are there, or one more
//
// Everything that opens a store is a child, because RocksDB's threads do not survive a fork.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <thread>

#include "common/sim/rng.h"
#include "controller/store/rocks/rocks_store.h"
#include "tests/unit/controller/store/scratch.h"

namespace weir::controller {
namespace {

using Number = std::uint64_t;

std::string key_of(Number number) {
  std::string digits = std::to_string(number);
  return "n/" + std::string(12 - digits.size(), '0') + digits;
}

std::string value_of(Number number) { return std::string(1 + number * 7919 % 4000, 'v'); }

/// Tables are written and merged all the time, so kills fall into that as well.
RocksStore::Options options_for(const std::string& path) {
  return {.path = path, .write_buffer_bytes = 64 << 10};
}

int run_writer(const std::string& path, int out) {
  const auto store = RocksStore::open(options_for(path));
  if (!store) {
    std::fprintf(stderr, "writer: %s\n", store.error().message().c_str());
    return 1;
  }
  const auto last = (*store)->get("last");
  Number number = *last ? std::stoull((*last)->value) : 0;
  for (;;) {
    ++number;
    const auto written = (*store)->commit(Transaction()
                                              .if_absent(key_of(number))
                                              .put(key_of(number), value_of(number))
                                              .put("last", std::to_string(number)));
    if (!written) {
      std::fprintf(stderr, "writer: %s\n", written.error().message().c_str());
      return 1;
    }
    if (::write(out, &number, sizeof number) != sizeof number) return 1;
  }
}

int run_checker(const std::string& path, Number acknowledged) {
  const auto store = RocksStore::open(options_for(path));
  if (!store) {
    std::fprintf(stderr, "checker: %s\n", store.error().message().c_str());
    return 1;
  }
  const auto rows = scan_all(**store, "n/", 1'000'000);
  const auto last = (*store)->get("last");
  const Number found = *last ? std::stoull((*last)->value) : 0;
  bool whole = rows && rows->size() == found && found >= acknowledged;
  for (Number number = 1; whole && number <= found; ++number) {
    const Row& row = (*rows)[number - 1];
    whole = row.key == key_of(number) && row.value == value_of(number);
  }
  if (whole) return 0;
  std::fprintf(stderr, "checker: %zu rows, last %llu, acknowledged %llu\n", rows ? rows->size() : 0,
               static_cast<unsigned long long>(found),
               static_cast<unsigned long long>(acknowledged));
  return 1;
}

pid_t in_child(const std::function<int()>& work) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  return child;
}

TEST(RocksCrash, LosesNoAcknowledgedWriteInFiftyKills) {
  const Scratch scratch;
  const std::string path = scratch / "store";
  Rng rng(50);
  Number acknowledged = 0;
  for (int kill = 0; kill < 50; ++kill) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t writer = in_child([&] {
      ::close(ends[0]);
      return run_writer(path, ends[1]);
    });
    ASSERT_GT(writer, 0);
    ::close(ends[1]);
    const std::uint64_t wanted = rng.below(40);  // 0: during the opening
    Number number = 0;
    for (std::uint64_t seen = 0; seen < wanted; ++seen) {
      ASSERT_EQ(::read(ends[0], &number, sizeof number), static_cast<ssize_t>(sizeof number))
          << "the writer ended by itself in life " << kill;
      acknowledged = number;
    }
    // Where in the next operation the kill falls.
    std::this_thread::sleep_for(std::chrono::microseconds(rng.below(wanted == 0 ? 60'000 : 3'000)));
    ::kill(writer, SIGKILL);
    while (::read(ends[0], &number, sizeof number) == static_cast<ssize_t>(sizeof number)) {
      acknowledged = number;
    }
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(writer, &status, 0), writer);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself in life " << kill;

    const pid_t checker = in_child([&] { return run_checker(path, acknowledged); });
    ASSERT_EQ(::waitpid(checker, &status, 0), checker);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "after kill " << kill;
  }
  std::printf("%llu writes acknowledged over 50 kills, none lost\n",
              static_cast<unsigned long long>(acknowledged));
  EXPECT_GT(acknowledged, 500U);
}

/// A disk that takes no more: files may not grow beyond 200 KiB.
int run_into_full_disk(const std::string& path, int out) {
  const auto store = RocksStore::open({.path = path});
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{200 << 10, 200 << 10};
  if (!store || ::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
  Number acknowledged = 0;
  std::optional<Error> failure;
  while (!failure && acknowledged < 1000) {
    const Number number = acknowledged + 1;
    const auto written = (*store)->commit(
        Transaction().put(key_of(number), value_of(number)).put("last", std::to_string(number)));
    if (written) {
      acknowledged = number;
    } else {
      failure = written.error();
    }
  }
  const auto later = (*store)->commit(Transaction().put("small", ""));
  const auto read = (*store)->get(key_of(1));
  const bool as_promised = failure && failure->code() == Code::unavailable && !later &&
                           later.error().code() == Code::unavailable && read && *read;
  std::fprintf(stderr, "%llu acknowledged, then: %s\n",
               static_cast<unsigned long long>(acknowledged),
               failure ? failure->message().c_str() : "no failure");
  if (!as_promised) return 1;
  return ::write(out, &acknowledged, sizeof acknowledged) == sizeof acknowledged ? 0 : 1;
}

TEST(RocksCrash, TakesNoWriteAfterTheDiskFailedAndLosesNoneBefore) {
  const Scratch scratch;
  const std::string path = scratch / "store";
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t writer = in_child([&] { return run_into_full_disk(path, ends[1]); });
  int status = 0;
  ASSERT_EQ(::waitpid(writer, &status, 0), writer);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  Number acknowledged = 0;
  ASSERT_EQ(::read(ends[0], &acknowledged, sizeof acknowledged),
            static_cast<ssize_t>(sizeof acknowledged));
  ::close(ends[0]);
  ::close(ends[1]);
  EXPECT_GT(acknowledged, 10U);
  const pid_t checker = in_child([&] { return run_checker(path, acknowledged); });
  ASSERT_EQ(::waitpid(checker, &status, 0), checker);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace weir::controller
