#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
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
#include "cli/command/config_report.h"
#include "cli/render/yaml.h"
#include "common/os/fd.h"

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

/// An output of the program, kept in memory instead of going to ours. -1: not kept.
struct Kept {
  Fd out;
  Fd err;
};

Result<Fd> memory_file(const char* name) {
  Fd file(::memfd_create(name, MFD_CLOEXEC));
  if (!file) return fail(Code::unavailable, std::strerror(errno));
  return file;
}

std::string read_kept(const Fd& file) {
  std::string text;
  std::array<char, 65536> piece{};
  ssize_t size = 0;
  while ((size = ::pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(text.size()))) >
         0) {
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  return text;
}

/// Its exit status; the program writes to our own streams, or into `kept`.
Result<int> run_program(const std::string& program, std::vector<std::string> arguments,
                        const Kept* kept = nullptr) {
  std::vector<char*> words{const_cast<char*>(program.c_str())};
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  if (kept != nullptr) {
    ::posix_spawn_file_actions_adddup2(&actions, kept->out.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, kept->err.get(), STDERR_FILENO);
  }
  pid_t child = 0;
  const int problem =
      ::posix_spawnp(&child, program.c_str(), &actions, nullptr, words.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) return fail(Code::not_found, program + ": " + std::strerror(problem));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<int> report_in_json(AdminSession& session, const std::string& file, const std::string& name,
                           const std::vector<std::string>& arguments) {
  WEIR_ASSIGN(out, memory_file("out"));
  WEIR_ASSIGN(err, memory_file("err"));
  const Kept kept{std::move(out), std::move(err)};
  WEIR_ASSIGN(status, run_program(program_of(name), arguments, &kept));
  if (status == 127) return status;
  const std::string report = config_report(
      file, "weir-" + name,
      {.valid = status == 0, .values = read_kept(kept.out), .complaints = read_kept(kept.err)});
  session.terminal().out << (session.output == Output::yaml ? yaml_of(report) : report)
                         << std::flush;
  return status;
}

Exit check(AdminSession& session, const Options& options) {
  const std::string failed = "cannot check " + options.file;
  if (::access(options.file.c_str(), R_OK) != 0) {
    return session.fail_with(errno == ENOENT ? Exit::not_found : Exit::denied, failed,
                             std::strerror(errno), "weirctl config check -f FILE");
  }
  const std::string kind = options.kind.empty() ? kind_of(options.file) : options.kind;
  session.terminal().out << std::flush;
  const std::vector<std::string> arguments{"check-config", "--config", options.file};
  const auto status = session.json() ? report_in_json(session, options.file, kind, arguments)
                                     : run_program(program_of(kind), arguments);
  if (!status || *status == 127) {
    return session.fail_with(Exit::failed, failed, "weir-" + kind + " did not run",
                             "install it beside weirctl, or put it into PATH");
  }
  return *status == 0 ? Exit::ok : Exit::condition;
}

}  // namespace

void add_config(CommandSyntax program, AdminSession& session, Exit& exit) {
  CommandSyntax config = program.add_group("config", "Files and settings");
  const auto options = std::make_shared<Options>();
  CommandSyntax checking = config.add(
      "check", "Every complaint about a controller's or an agent's file, or what is in force");
  checking.option("-f,--file", options->file, "The file").takes("FILE").required();
  checking.option("--kind", options->kind, "controller or agent; else seen from the file")
      .one_of({"controller", "agent"});
  checking.runs([&session, &exit, options] { exit = check(session, *options); });
  add_config_view(config, session, exit);
}

}  // namespace weir::cli
