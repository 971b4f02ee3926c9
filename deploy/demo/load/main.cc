#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cmath>

#include "common/base/text.h"
#include "deploy/demo/load/load_run.h"

namespace weir::load {
namespace {

struct Flags {
  std::string target;
  std::string source = "client";
  std::string host = "demo";
  std::string path = "/";
  std::string out;
  std::vector<std::string> headers;
  double rate = 100;
  double deadline_s = 5;
  double duration_s = 0;
  bool every = false;
};

Duration seconds(double value) { return Duration(std::llround(value * 1e9)); }

Result<LoadOptions> checked(const Flags& flags) {
  LoadOptions options;
  WEIR_ASSIGN(target, Endpoint::parse(flags.target));
  options.request.target = target;
  options.request.host = flags.host;
  options.request.path = flags.path;
  options.request.deadline = seconds(flags.deadline_s);
  for (const std::string& header : flags.headers) {
    const std::size_t colon = header.find(':');
    if (colon == header.npos) {
      return fail(Code::invalid_argument, "header " + in_quotes(header) + " is not NAME: VALUE");
    }
    options.request.headers.emplace_back(header.substr(0, colon),
                                         trim(std::string_view(header).substr(colon + 1)));
  }
  options.source = flags.source;
  options.per_second = flags.rate;
  if (flags.duration_s > 0) options.duration = seconds(flags.duration_s);
  options.every_request = flags.every;
  return options;
}

Status run(const Flags& flags) {
  WEIR_ASSIGN(options, checked(flags));
  std::FILE* out = flags.out.empty() ? stdout : std::fopen(flags.out.c_str(), "ae");
  if (out == nullptr)
    return fail(Code::unavailable, "file " + in_quotes(flags.out) + " cannot be written");
  boost::asio::io_context context(1);
  SystemClock clock;
  LoadRun load(context.get_executor(), options, clock, out);
  boost::asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&load](const boost::system::error_code& error, int) {
    if (!error) load.stop();
  });
  TaskGroup tasks(context.get_executor());
  const auto whole = [](LoadRun& run,
                        boost::asio::signal_set& set) -> boost::asio::awaitable<void> {
    co_await run.run();
    set.cancel();
  };
  tasks.spawn("load", whole(load, signals));
  context.run();
  if (out != stdout) std::fclose(out);
  return {};
}

int main_of(int argc, char** argv) {
  CLI::App app("Open-loop HTTP/1.1 load at a fixed rate; writes what became of it as JSON lines");
  Flags flags;
  app.add_option("--target", flags.target, "IP:PORT")->required();
  app.add_option("--source", flags.source, "name in the lines")->capture_default_str();
  app.add_option("--rate", flags.rate, "requests per second")
      ->check(CLI::Range(0.01, 100000.0))
      ->capture_default_str();
  app.add_option("--deadline", flags.deadline_s, "seconds from the due time to the whole answer")
      ->check(CLI::Range(0.001, 3600.0))
      ->capture_default_str();
  app.add_option("--duration", flags.duration_s, "seconds; 0: until interrupted")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--host", flags.host, "Host header")->capture_default_str();
  app.add_option("--path", flags.path, "path")->capture_default_str();
  app.add_option("--header", flags.headers, "NAME: VALUE, any number of times");
  app.add_option("--out", flags.out, "file to append to; standard output when absent");
  app.add_flag("--every", flags.every, "a line for each request");
  CLI11_PARSE(app, argc, argv);
  const Status done = run(flags);
  if (done) return 0;
  fmt::print(stderr, "weir-load: {}\n", done.error().message());
  return 1;
}

}  // namespace
}  // namespace weir::load

int main(int argc, char** argv) { return weir::load::main_of(argc, argv); }
