#include <fmt/core.h>
#include <sys/signalfd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <fstream>
#include <sstream>

#include "netlab/check.h"
#include "netlab/client.h"
#include "netlab/namespaces.h"
#include "netlab/relay.h"

namespace weir::netlab {
namespace {

constexpr const char* k_socket_default = "/run/weir-netlab.sock";

struct Flags {
  std::string topology;
  std::string socket = k_socket_default;
  std::string from;
  std::string to;
  std::string file;
  std::vector<std::string> rest;
  bool both = false;
  bool one_way = false;
  bool all = false;
  bool stop = false;
  bool quiet = false;
  double added_p99_ms = 0.5;
  double mbit = 500;
};

Result<Topology> read_topology(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  if (!file || !(text << file.rdbuf())) {
    return fail(Code::not_found, "topology file " + path + " cannot be read");
  }
  auto topology = parse_topology(text.str());
  if (!topology) return fail(std::move(topology).error().within(path));
  return topology;
}

/// A descriptor that becomes readable at SIGINT and SIGTERM, which no longer end the process.
Fd signals_as_descriptor() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  return Fd(::signalfd(-1, &signals, SFD_CLOEXEC));
}

Status up(const Flags& flags) {
  WEIR_ASSIGN(topology, read_topology(flags.topology));
  const Fd stop = signals_as_descriptor();
  auto namespaces = Namespaces::create(topology);
  if (!namespaces) return fail(std::move(namespaces).error());
  std::vector<TunNode> nodes;
  for (const Node& node : topology.nodes) {
    auto device = TunNode::create(topology, node);
    if (!device) return fail(std::move(device).error());
    nodes.push_back(std::move(*device));
  }
  SystemClock clock;
  auto relay = Relay::create(topology, std::move(nodes), flags.socket, clock);
  if (!relay) return fail(std::move(relay).error());
  if (!flags.quiet) {
    fmt::print("lab {}: {} nodes, {} directed links, seed {}, socket {}\n", topology.name,
               topology.nodes.size(), topology.links.size(), topology.seed, flags.socket);
    for (const Node& node : topology.nodes) {
      fmt::print("  ip netns exec {}\n", topology.namespace_of(node));
    }
    std::fflush(stdout);
  }
  return (*relay)->run(stop.get());
}

Status say(const Flags& flags, const std::string& line) {
  auto answer = ask(flags.socket, line);
  if (!answer) return fail(std::move(answer).error());
  if (!answer->empty()) fmt::print("{}\n", *answer);
  return {};
}

std::string joined(std::string line, const std::vector<std::string>& words) {
  for (const std::string& word : words) line += " " + word;
  return line;
}

Status down(const Flags& flags) {
  if (flags.topology.empty()) return say(flags, "down");
  WEIR_ASSIGN(topology, read_topology(flags.topology));
  return Namespaces::sweep(topology.name);
}

Status capture(const Flags& flags) {
  if (flags.stop) return say(flags, "release");
  if (flags.file.empty()) return fail(Code::invalid_argument, "capture needs --file or --stop");
  if (flags.all) return say(flags, "capture " + flags.file + " all");
  return say(flags,
             joined("capture " + flags.file, {flags.from, flags.to, flags.both ? "both" : "one"}));
}

Status check(const Flags& flags) {
  CheckLimits limits;
  limits.added_p99 = Duration(static_cast<std::int64_t>(flags.added_p99_ms * 1e6));
  limits.throughput_bits_per_second = flags.mbit * 1e6;
  SystemClock clock;
  WEIR_ASSIGN(good, check_accuracy("/proc/self/exe", limits, clock));
  if (!good) return fail(Code::out_of_range, "a figure is outside its limit");
  return {};
}

CLI::App* add(CLI::App& app, Flags& flags, const char* name, const char* help,
              Status (*action)(const Flags&), Status& done) {
  CLI::App* command = app.add_subcommand(name, help);
  command->add_option("--socket", flags.socket, "the lab's control socket")->capture_default_str();
  command->callback([&flags, action, &done] { done = action(flags); });
  return command;
}

void add_ends(CLI::App* command, Flags& flags) {
  command->add_option("--from", flags.from, "sending node")->required();
  command->add_option("--to", flags.to, "receiving node")->required();
  command->add_flag("--both", flags.both, "the other direction too");
}

void add_change_commands(CLI::App& app, Flags& flags, Status& done) {
  const auto set = [](const Flags& f) {
    return say(f, joined("set", {f.from, f.to, f.both ? "both" : "one"}) + joined("", f.rest));
  };
  CLI::App* command = add(app, flags, "set", "change a link: delay=80ms loss=1% ...", set, done);
  add_ends(command, flags);
  command->add_option("settings", flags.rest, "KEY=VALUE, as in the topology")->required();

  const auto cut = [](const Flags& f) {
    return say(f, joined("cut", {f.from, f.to, f.one_way ? "one" : "both"}));
  };
  command = add(app, flags, "cut", "drop everything between two nodes, also what is on the way",
                cut, done);
  command->add_option("from", flags.from)->required();
  command->add_option("to", flags.to)->required();
  command->add_flag("--one-way", flags.one_way, "only packets from the first to the second");

  const auto isolate = [](const Flags& f) { return say(f, "isolate " + f.from); };
  command = add(app, flags, "isolate", "cut every link of a node", isolate, done);
  command->add_option("node", flags.from)->required();

  const auto heal = [](const Flags& f) { return say(f, joined("heal", f.rest)); };
  command =
      add(app, flags, "heal", "back to the topology: all links, a node's, or a pair's", heal, done);
  command->add_option("nodes", flags.rest)->expected(0, 2);
}

void add_commands(CLI::App& app, Flags& flags, Status& done) {
  CLI::App* command = add(app, flags, "up", "make the lab; runs until interrupted", up, done);
  command->add_option("--topology", flags.topology, "YAML file")->required();
  command->add_flag("--quiet", flags.quiet, "print nothing");

  add_change_commands(app, flags, done);
  add(
      app, flags, "show", "nodes, links and packet counters as JSON",
      [](const Flags& f) { return say(f, "show"); }, done);

  command =
      add(app, flags, "capture", "record the packets offered to links as pcap", capture, done);
  command->add_option("--file", flags.file, "absolute path");
  command->add_flag("--all", flags.all, "every link");
  command->add_option("--from", flags.from, "sending node");
  command->add_option("--to", flags.to, "receiving node");
  command->add_flag("--both", flags.both, "the other direction too");
  command->add_flag("--stop", flags.stop, "end the capture; the file is then complete");

  command =
      add(app, flags, "down", "end the lab, or sweep away what a killed one left", down, done);
  command->add_option("--topology", flags.topology, "sweep what a killed lab of this file left");

  command =
      add(app, flags, "check", "measure delay, loss and throughput of an own lab", check, done);
  command->add_option("--added-p99-ms", flags.added_p99_ms, "limit")->capture_default_str();
  command->add_option("--mbit", flags.mbit, "limit")->capture_default_str();
}

int run(int argc, char** argv) {
  CLI::App app("Links between network namespaces with delay, jitter, loss and cuts, in user space");
  app.require_subcommand(1);
  Flags flags;
  Status done;
  add_commands(app, flags, done);
  CLI11_PARSE(app, argc, argv);
  if (!done) {
    fmt::print(stderr, "weir-netlab: {}\n", done.error().message());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace weir::netlab

int main(int argc, char** argv) { return weir::netlab::run(argc, argv); }
