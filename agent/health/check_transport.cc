#include "agent/health/check_transport.h"

#include <utility>

#include "agent/health/exec_check.h"
#include "agent/health/http_check.h"
#include "agent/health/tcp_check.h"

namespace weir::agent {

namespace {

/// Fails every check with the reason it was not allowed for.
class RefusedCheck final : public CheckTransport {
 public:
  explicit RefusedCheck(Error why) : why_(std::move(why)) {}
  boost::asio::awaitable<Status> check(const Endpoint&, std::chrono::milliseconds) override {
    co_return fail(why_);
  }

 private:
  const Error why_;
};

std::unique_ptr<CheckTransport> make_exec_check(const HealthCheckSpec& spec, Clock& clock,
                                                const std::filesystem::path& exec_dir) {
  auto program = find_program(spec.exec_argv, exec_dir);
  if (!program) return std::make_unique<RefusedCheck>(std::move(program).error());
  std::vector<std::string> argv = spec.exec_argv;
  argv.front() = program->string();
  return std::make_unique<ExecCheck>(std::move(argv), clock);
}

}  // namespace

std::unique_ptr<CheckTransport> make_check_transport(const HealthCheckSpec& spec, Clock& clock,
                                                     const std::filesystem::path& exec_dir) {
  switch (spec.kind) {
    case HealthCheckSpec::Kind::tcp:
      return std::make_unique<TcpCheck>(clock);
    case HealthCheckSpec::Kind::http:
      return std::make_unique<HttpCheck>(spec, clock);
    case HealthCheckSpec::Kind::exec:
      return make_exec_check(spec, clock, exec_dir);
    case HealthCheckSpec::Kind::none:
    case HealthCheckSpec::Kind::grpc:
      break;
  }
  return nullptr;
}

}  // namespace weir::agent
