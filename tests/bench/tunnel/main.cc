// What tests/bench/tunnel/run.py needs beside iperf3 and ping: floods and counts of datagrams, and
// handshakes.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "tests/bench/tunnel/datagrams.h"
#include "tests/bench/tunnel/handshakes.h"

namespace weir::bench {
namespace {

int say(const Error& error) {
  fmt::print(stderr, "weir-bench-tunnel: {}\n", error.message());
  return 1;
}

int run(int argc, char** argv) {
  CLI::App app("Loads for the tunnel bench; run.py uses it");
  app.require_subcommand(1);
  std::string to;
  Flood flood;
  CLI::App* const send = app.add_subcommand("send", "datagrams; prints how many left");
  send->add_option("--to", to, "IPv4:PORT")->required();
  send->add_option("--size", flood.size, "bytes of payload");
  send->add_option("--rate", flood.per_second, "per second; 0: as many as the socket takes");
  send->add_option("--seconds", flood.seconds);
  std::uint16_t port = 0;
  double quiet = 0.5;
  CLI::App* const count = app.add_subcommand("count", "datagrams; prints how many came");
  count->add_option("--port", port)->required();
  count->add_option("--quiet", quiet, "ends after so many seconds of silence");
  std::size_t number = 4000;
  HandshakeLoad load;
  CLI::App* const make =
      app.add_subcommand("make-keys", "private keys into a file; prints the public ones");
  make->add_option("--count", number);
  make->add_option("--keys", load.keys)->required();
  std::string responder;
  CLI::App* const shake =
      app.add_subcommand("handshakes", "prints sent, responses, cookies, seconds");
  shake->add_option("--keys", load.keys)->required();
  shake->add_option("--responder", responder, "its public key")->required();
  shake->add_option("--to", to, "IPv4:PORT")->required();
  shake->add_option("--rate", load.per_second);
  CLI11_PARSE(app, argc, argv);

  if (*make) {
    const Status made = make_initiators(number, load.keys);
    return made ? 0 : say(made.error());
  }
  if (*count) {
    const auto counted = count_datagrams(port, quiet);
    if (!counted) return say(counted.error());
    fmt::print("{}\n", *counted);
    return 0;
  }
  const auto endpoint = Endpoint::parse(to);
  if (!endpoint) return say(endpoint.error());
  if (*send) {
    flood.to = *endpoint;
    const auto sent = send_datagrams(flood);
    if (!sent) return say(sent.error());
    fmt::print("{}\n", *sent);
    return 0;
  }
  load.at = *endpoint;
  const auto key = from_base64(responder);
  if (!key || key->size() != load.responder.size()) {
    return say(Error(Code::invalid_argument, "--responder is no WireGuard key"));
  }
  std::ranges::copy(*key, load.responder.begin());
  const auto report = run_handshakes(load);
  if (!report) return say(report.error());
  fmt::print("{} {} {} {:.4f}\n", report->sent, report->responses, report->cookies,
             report->seconds);
  return 0;
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) { return weir::bench::run(argc, argv); }
