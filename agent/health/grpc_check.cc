#include "agent/health/grpc_check.h"

#include <boost/asio/this_coro.hpp>
#include <map>
#include <utility>

#include "common/base/text.h"
#include "common/rpc/call.h"
#include "common/rpc/channel.h"
#include "grpc/health/v1/health.pb.h"

namespace weir::agent {

namespace asio = boost::asio;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

namespace {

constexpr Duration k_unused_for = std::chrono::minutes(5);

Status judge(const Result<HealthCheckResponse>& answer, const std::string& service,
             std::chrono::milliseconds timeout) {
  if (answer && answer->status() == HealthCheckResponse::SERVING) return {};
  if (answer) {
    const auto status = answer->status();
    const std::string name = HealthCheckResponse::ServingStatus_IsValid(status)
                                 ? HealthCheckResponse::ServingStatus_Name(status)
                                 : std::to_string(static_cast<int>(status));
    return fail(Code::failed_precondition, "the server answers " + name);
  }
  switch (answer.error().code()) {
    case Code::deadline_exceeded:
      return fail(Code::deadline_exceeded,
                  "no answer within " + std::to_string(timeout.count()) + " ms");
    case Code::not_found:
      return fail(Code::failed_precondition,
                  "the server does not know the service " + in_quotes(service));
    case Code::unimplemented:
      return fail(Code::failed_precondition, "the server does not speak grpc.health.v1");
    case Code::cancelled:
      return fail(answer.error());
    default:
      return fail(Code::unavailable, in_quotes(answer.error().message()));
  }
}

class GrpcCheck final : public CheckTransport {
 public:
  GrpcCheck(const HealthCheckSpec& spec, asio::any_io_executor executor, Clock& clock)
      : service_(spec.grpc_service), executor_(std::move(executor)), clock_(clock) {}

  asio::awaitable<Status> check(const Endpoint& endpoint,
                                std::chrono::milliseconds timeout) override {
    co_await asio::this_coro::throw_if_cancelled(false);
    WEIR_CO_TRY(connect(endpoint));
    RpcChannel& channel = *channels_.at(endpoint).channel;
    HealthCheckRequest request;
    request.set_service(service_);
    const auto answer = co_await call(channel, method_, std::move(request), timeout);
    co_return judge(answer, service_, timeout);
  }

  asio::awaitable<void> stop() override {
    for (auto& [endpoint, used] : channels_) co_await used.channel->stop();
  }

 private:
  struct Used {
    std::unique_ptr<RpcChannel> channel;
    Time at{};
  };

  /// Makes sure that there is a channel, and drops those of endpoints that have gone.
  Status connect(const Endpoint& endpoint) {
    const Time now = clock_.now();
    std::erase_if(channels_, [&](const auto& entry) {
      return now - entry.second.at > k_unused_for && entry.second.channel->calls() == 0;
    });
    Used& used = channels_[endpoint];
    used.at = now;
    if (used.channel) return {};
    RpcChannelOptions options;
    options.target = (endpoint.address.is_v4() ? "ipv4:" : "ipv6:") + endpoint.to_string();
    options.message_bytes_max = 64 * 1024;
    // The checks are the traffic; a server that counts pings must not be annoyed by ours.
    options.keepalive_interval = std::chrono::hours(1);
    options.reconnect_first = std::chrono::milliseconds(100);
    options.reconnect_max = std::chrono::milliseconds(500);
    auto channel = RpcChannel::create(executor_, std::move(options));
    if (!channel) {
      channels_.erase(endpoint);
      return fail(std::move(channel).error());
    }
    used.channel = *std::move(channel);
    return {};
  }

  const std::string service_;
  const asio::any_io_executor executor_;
  Clock& clock_;
  const UnaryMethod<HealthCheckRequest, HealthCheckResponse> method_{"grpc.health.v1.Health.Check"};
  std::map<Endpoint, Used> channels_;
};

}  // namespace

std::unique_ptr<CheckTransport> make_grpc_check(const HealthCheckSpec& spec,
                                                asio::any_io_executor executor, Clock& clock) {
  return std::make_unique<GrpcCheck>(spec, std::move(executor), clock);
}

}  // namespace weir::agent
