#include "common/rpc/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <utility>
#include <vector>

#include "common/base/assert.h"
#include "common/rpc/client_call.h"

namespace weir {

namespace asio = boost::asio;

namespace {

int milliseconds(std::chrono::milliseconds span) { return static_cast<int>(span.count()); }

grpc::ChannelArguments arguments_of(const RpcChannelOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(options.message_bytes_max));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, milliseconds(options.keepalive_interval));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, milliseconds(options.keepalive_timeout));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // no limit
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, milliseconds(options.reconnect_first));
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, milliseconds(options.connect_timeout));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, milliseconds(options.reconnect_max));
  // Nothing from the environment or from DNS decides where or how we call.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // our callers know what may be repeated
  if (!options.server_name.empty()) arguments.SetSslTargetNameOverride(options.server_name);
  return arguments;
}

std::shared_ptr<grpc::ChannelCredentials> credentials_of(const RpcChannelOptions& options) {
  if (!options.tls) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions pem;
  pem.pem_root_certs = options.tls->ca_pem;
  pem.pem_cert_chain = options.tls->certificate_pem;
  pem.pem_private_key = options.tls->key_pem;
  return grpc::SslCredentials(pem);
}

}  // namespace

struct RpcChannel::Impl {
  std::shared_ptr<ClientShared> shared;
  std::shared_ptr<grpc::Channel> channel;
  grpc::GenericStub stub;
};

Result<std::unique_ptr<RpcChannel>> RpcChannel::create(asio::any_io_executor executor,
                                                       RpcChannelOptions options) {
  if (options.target.empty()) return fail(Code::invalid_argument, "no address to call");
  if (options.tls && (options.tls->certificate_pem.empty() || options.tls->key_pem.empty() ||
                      options.tls->ca_pem.empty())) {
    return fail(Code::invalid_argument,
                "TLS needs a certificate, its key and the CA's certificate");
  }
  auto channel =
      grpc::CreateCustomChannel(options.target, credentials_of(options), arguments_of(options));
  auto shared = std::make_shared<ClientShared>(std::move(executor), options.queue_bytes_max);
  return std::unique_ptr<RpcChannel>(new RpcChannel(
      std::make_unique<Impl>(std::move(shared), channel, grpc::GenericStub(channel))));
}

RpcChannel::RpcChannel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RpcChannel::~RpcChannel() = default;

std::unique_ptr<ControlStream> RpcChannel::open(const std::string& path,
                                                std::chrono::milliseconds timeout) {
  return std::make_unique<CallHandle>(ClientCall::start(impl_->shared, impl_->stub, path, timeout));
}

std::size_t RpcChannel::calls() const { return impl_->shared->calls.size(); }

asio::awaitable<void> RpcChannel::stop() {
  const auto shared = impl_->shared;
  const std::vector<ClientCall*> calls(shared->calls.begin(), shared->calls.end());
  for (ClientCall* call : calls) call->cancel();
  while (!shared->calls.empty()) co_await shared->ended.wait_to_the_end();
}

}  // namespace weir
