#include "netlab/namespaces.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "common/base/bytes.h"
#include "common/base/text.h"

namespace weir::netlab {
namespace {

constexpr const char* k_record_folder = "/run/weir-netlab";
constexpr std::size_t k_record_bytes_max = 1 << 16;

std::string why() { return std::strerror(errno); }

std::string read_some(int fd, std::size_t limit) {
  std::string text;
  std::array<char, 4096> chunk{};
  while (text.size() < limit) {
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(chunk.data(), static_cast<std::size_t>(got));
  }
  return text;
}

bool exists(const std::string& name) { return ::access(("/run/netns/" + name).c_str(), F_OK) == 0; }

/// Only in the child, between fork and exec.
[[noreturn]] void become_ip(const std::vector<std::string>& arguments, int input, int output) {
  std::vector<char*> words;
  std::string program = "ip";
  words.push_back(program.data());
  std::vector<std::string> copies = arguments;
  for (std::string& copy : copies) words.push_back(copy.data());
  words.push_back(nullptr);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execvp("ip", words.data());
  constexpr std::string_view k_missing = "the program ip (package iproute2) is not installed";
  static_cast<void>(!::write(STDERR_FILENO, k_missing.data(), k_missing.size()));
  ::_exit(127);
}

}  // namespace

Status run_ip(const std::vector<std::string>& arguments, const std::string& input) {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (::pipe2(in.data(), O_CLOEXEC) != 0) return fail(Code::unavailable, "pipe: " + why());
  const Fd in_read(in[0]);
  Fd in_write(in[1]);
  if (::pipe2(out.data(), O_CLOEXEC) != 0) return fail(Code::unavailable, "pipe: " + why());
  const Fd out_read(out[0]);
  Fd out_write(out[1]);

  const pid_t child = ::fork();
  if (child < 0) return fail(Code::unavailable, "fork: " + why());
  if (child == 0) become_ip(arguments, in_read.get(), out_write.get());
  out_write = Fd();
  // Inputs are a few lines per address, below what a pipe holds.
  static_cast<void>(!::write(in_write.get(), input.data(), input.size()));
  in_write = Fd();
  const std::string printed = read_some(out_read.get(), 1 << 16);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  std::string command = "ip";
  for (const std::string& argument : arguments) command += " " + argument;
  return fail(Code::unavailable, command + ": " + std::string(trim(printed)));
}

Result<Namespaces> Namespaces::take_name(const std::string& lab) {
  ::mkdir(k_record_folder, 0755);
  const std::string record = std::string(k_record_folder) + "/" + lab;
  Fd lock(::open(record.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock) return fail(Code::permission_denied, record + ": " + why() + "; run as root");
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(Code::failed_precondition, "a lab named " + in_quotes(lab) +
                                               " is up already; end it with weir-netlab down, or "
                                               "give this one another name");
  }
  return Namespaces(record, std::move(lock));
}

Result<Namespaces> Namespaces::create(const Topology& topology) {
  auto taken = take_name(topology.name);
  if (!taken) return taken;
  taken->remove_recorded();
  for (const Node& node : topology.nodes) {
    const Status added = taken->add(topology.namespace_of(node));
    if (!added) return fail(added.error());
  }
  return taken;
}

Status Namespaces::sweep(const std::string& lab) {
  auto taken = take_name(lab);  // its destructor removes what is on record
  if (!taken) return fail(std::move(taken).error());
  return {};
}

Status Namespaces::add(const std::string& name) {
  if (exists(name)) {
    return fail(Code::already_exists,
                "namespace " + in_quotes(name) +
                    " is there and no lab of this name made it; remove it with ip netns del, or "
                    "rename the lab");
  }
  // On record before it is made: what is killed in between is swept all the same.
  const std::string line = name + "\n";
  if (::write(lock_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    return fail(Code::unavailable, record_ + ": " + why());
  }
  WEIR_TRY(run_ip({"netns", "add", name}));
  return run_ip({"-n", name, "link", "set", "lo", "up"});
}

void Namespaces::remove_recorded() {
  ::lseek(lock_.get(), 0, SEEK_SET);
  const std::string names = read_some(lock_.get(), k_record_bytes_max);
  for (const std::string_view name : split(names, '\n')) {
    if (name.empty() || name.find('/') != name.npos || !exists(std::string(name))) continue;
    // Nobody to tell: at the end or at the next start, `add` complains about what is still there.
    static_cast<void>(run_ip({"netns", "del", std::string(name)}));
  }
  static_cast<void>(!::ftruncate(lock_.get(), 0));
}

Namespaces::~Namespaces() {
  if (!lock_) return;  // moved from
  remove_recorded();
  ::unlink(record_.c_str());
}

Result<InNamespace> InNamespace::enter(const std::string& name) {
  Fd home(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  const Fd target(::open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC));
  if (!home || !target) {
    return fail(Code::not_found, "namespace " + in_quotes(name) + ": " + why());
  }
  if (::setns(target.get(), CLONE_NEWNET) != 0) {
    return fail(Code::permission_denied, "enter namespace " + in_quotes(name) + ": " + why());
  }
  return InNamespace(std::move(home));
}

InNamespace::~InNamespace() {
  if (home_) static_cast<void>(::setns(home_.get(), CLONE_NEWNET));
}

}  // namespace weir::netlab
