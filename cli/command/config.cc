#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "cli/command/command.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX asks for it

namespace weir::cli {

namespace {

struct Options {
  std::string file;
  std::string kind;
};

/// Which program a file is for: only the controller's has these fields at its top.
std::string kind_of(const std::string& file) {
  std::ifstream stream(file);
  std::string line;
  for (int count = 0; count < 10'000 && std::getline(stream, line); ++count) {
    for (const char* field : {"mesh:", "overlay:", "regions:", "services:", "store:"}) {
      if (line.starts_with(field)) return "controller";
    }
  }
  return "agent";
}

/// The program beside this one, else the one in PATH.
std::string program_of(const std::string& kind) {
  const std::string name = "weir-" + kind;
  std::error_code none;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", none);
  const auto beside = self.parent_path() / name;
  return !none && std::filesystem::exists(beside, none) ? beside.string() : name;
}

/// Its exit status; the program writes to our own streams.
Result<int> run_program(const std::string& program, std::vector<std::string> arguments) {
  std::vector<char*> words{const_cast<char*>(program.c_str())};
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  pid_t child = 0;
  const int problem =
      ::posix_spawnp(&child, program.c_str(), nullptr, nullptr, words.data(), environ);
  if (problem != 0) return fail(Code::not_found, program + ": " + std::strerror(problem));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Exit check(AdminSession& session, const Options& options) {
  const std::string failed = "cannot check " + options.file;
  if (::access(options.file.c_str(), R_OK) != 0) {
    return session.fail_with(errno == ENOENT ? Exit::not_found : Exit::denied, failed,
                             std::strerror(errno), "weirctl config check -f FILE");
  }
  const std::string kind = options.kind.empty() ? kind_of(options.file) : options.kind;
  session.terminal().out << std::flush;
  const auto status = run_program(program_of(kind), {"check-config", "--config", options.file});
  if (!status || *status == 127) {
    return session.fail_with(Exit::failed, failed, "weir-" + kind + " did not run",
                             "install it beside weirctl, or put it into PATH");
  }
  return *status == 0 ? Exit::ok : Exit::condition;
}

}  // namespace

void add_config(CommandSyntax program, AdminSession& session, Exit& exit) {
  CommandSyntax config = program.add_group("config", "Files");
  const auto options = std::make_shared<Options>();
  CommandSyntax checking = config.add(
      "check", "Every complaint about a controller's or an agent's file, or what is in force");
  checking.option("-f,--file", options->file, "The file").required();
  checking.option("--kind", options->kind, "controller or agent; else seen from the file")
      .one_of({"controller", "agent"});
  checking.runs([&session, &exit, options] { exit = check(session, *options); });
}

}  // namespace weir::cli
