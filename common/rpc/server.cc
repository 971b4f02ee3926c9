#include "common/rpc/server.h"

#include <grpc/support/time.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <boost/asio/thread_pool.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "common/async/on_blocking.h"
#include "common/base/assert.h"
#include "common/rpc/device_listener.h"
#include "common/rpc/grpc_convert.h"
#include "common/rpc/server_call.h"
#include "common/rpc/unix_socket.h"

namespace weir {

namespace asio = boost::asio;

namespace {

/// Refuses a call without taking part in it.
class Refusal final : public grpc::ServerGenericBidiReactor {
 public:
  Refusal() { Finish(to_grpc(fail(Code::resource_exhausted, "too many calls in progress"))); }
  void OnDone() override { delete this; }
};

/// Every call of every method comes through here, on gRPC's threads.
class Service final : public grpc::CallbackGenericService {
 public:
  Service(std::shared_ptr<ServerShared> shared, std::size_t calls_max)
      : shared_(std::move(shared)), calls_max_(calls_max) {}

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    if (shared_->calls.load() >= calls_max_) return new Refusal;
    return ServerCall::start(shared_, *context);
  }

 private:
  const std::shared_ptr<ServerShared> shared_;
  const std::size_t calls_max_;
};

void set_limits(grpc::ServerBuilder& builder, const RpcServerOptions& options) {
  const auto ms = [](std::chrono::milliseconds span) { return static_cast<int>(span.count()); };
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.message_bytes_max));
  builder.SetResourceQuota(grpc::ResourceQuota("weir").Resize(options.memory_bytes_max));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.streams_per_connection_max);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, ms(options.keepalive_interval));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, ms(options.keepalive_timeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // no limit
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             ms(options.ping_interval_min));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // two servers on one port is a mistake
}

std::shared_ptr<grpc::ServerCredentials> tls_credentials(const TlsIdentity& identity) {
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = identity.ca_pem;
  options.pem_key_cert_pairs.push_back({identity.key_pem, identity.certificate_pem});
  return grpc::SslServerCredentials(options);
}

}  // namespace

struct RpcServer::Impl {
  struct Listener {
    std::string address;
    std::shared_ptr<grpc::ServerCredentials> credentials;
    std::optional<unsigned> unix_mode;  // of a unix socket
    int port = 0;                       // bound
    std::optional<Endpoint> endpoint;   // of one that accepts through `device` alone
    std::string device;
    std::unique_ptr<DeviceListener> accepts;
    std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> takes;
  };

  Impl(asio::any_io_executor executor, const RpcRouter& router, RpcServerOptions with)
      : options(with),
        shared(std::make_shared<ServerShared>(std::move(executor), router, with.queue_bytes_max,
                                              with.drain)),
        service(shared, static_cast<std::size_t>(with.calls_max)),
        stopped(shared->executor) {}

  void add(const Endpoint& endpoint, std::shared_ptr<grpc::ServerCredentials> credentials,
           std::string device) {
    Listener& listener = listeners.emplace_back();
    listener.address = endpoint.to_string();
    listener.credentials = std::move(credentials);
    if (!device.empty()) listener.endpoint = endpoint;
    listener.device = std::move(device);
  }

  /// gRPC binds an address only; a socket bound to a device is ours, and gRPC is handed what it
  /// accepts.
  Status listen_on_device(Listener& listener, grpc::ServerBuilder& builder) const {
    WEIR_ASSIGN(opened,
                DeviceListener::open(shared->executor, *listener.endpoint, listener.device));
    listener.accepts = std::move(opened);
    listener.port = listener.accepts->port();
    listener.takes = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        listener.credentials);
    return {};
  }

  void start_accepting() {
    for (Listener& listener : listeners) {
      if (!listener.accepts) continue;
      listener.accepts->start([takes = listener.takes.get()](int fd) {
        grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
        connection.fd = fd;
        takes->HandleNewConnection(&connection);
      });
    }
  }

  std::string addresses() const {
    std::string all;
    for (const Listener& listener : listeners) all += (all.empty() ? "" : ", ") + listener.address;
    return all;
  }

  Status set_socket_modes() const {
    for (const Listener& listener : listeners) {
      if (!listener.unix_mode) continue;
      WEIR_TRY(set_unix_socket_mode(path_of(listener), *listener.unix_mode));
    }
    return {};
  }

  static std::string path_of(const Listener& unix_listener) {
    return unix_listener.address.substr(std::string_view("unix:").size());
  }

  const RpcServerOptions options;
  const std::shared_ptr<ServerShared> shared;
  Service service;
  std::vector<Listener> listeners;
  Status complaint;  // about a listener, told by `start`
  std::unique_ptr<grpc::Server> server;
  bool stopping = false;
  Wakeup stopped;
};

RpcServer::RpcServer(asio::any_io_executor executor, const RpcRouter& router,
                     RpcServerOptions options)
    : impl_(std::make_unique<Impl>(std::move(executor), router, options)) {}

RpcServer::~RpcServer() { WEIR_ASSERT(!impl_->server, "an RpcServer is stopped before it dies"); }

void RpcServer::listen_unix(std::string path, unsigned mode) {
  Impl::Listener& listener = impl_->listeners.emplace_back();
  listener.address = "unix:" + std::move(path);
  listener.credentials = grpc::InsecureServerCredentials();
  listener.unix_mode = mode;
}

void RpcServer::listen_insecure(Endpoint endpoint, std::string device) {
  impl_->add(endpoint, grpc::InsecureServerCredentials(), std::move(device));
}

void RpcServer::listen_tls(Endpoint endpoint, TlsIdentity identity, std::string device) {
  if (identity.certificate_pem.empty() || identity.key_pem.empty() || identity.ca_pem.empty()) {
    impl_->complaint =
        fail(Code::invalid_argument, "TLS on " + endpoint.to_string() +
                                         " needs a certificate, its key and the CA's certificate");
    return;
  }
  impl_->add(endpoint, tls_credentials(identity), std::move(device));
}

Status RpcServer::start() {
  WEIR_TRY(impl_->complaint);
  grpc::ServerBuilder builder;
  set_limits(builder, impl_->options);
  for (Impl::Listener& listener : impl_->listeners) {
    if (listener.endpoint) {
      WEIR_TRY(impl_->listen_on_device(listener, builder));
      continue;
    }
    if (listener.unix_mode) WEIR_TRY(make_room_for_unix_socket(Impl::path_of(listener)));
    builder.AddListeningPort(listener.address, listener.credentials, &listener.port);
  }
  builder.RegisterCallbackGenericService(&impl_->service);
  impl_->server = builder.BuildAndStart();
  if (!impl_->server) {
    return fail(Code::unavailable, "cannot listen on " + impl_->addresses() +
                                       ": an address is in use, is not one of this machine, or "
                                       "its certificate and key do not belong together");
  }
  Status modes = impl_->set_socket_modes();
  if (!modes) {
    impl_->server->Shutdown(gpr_time_0(GPR_CLOCK_MONOTONIC));
    impl_->server.reset();
    return modes;
  }
  impl_->start_accepting();
  return {};
}

std::uint16_t RpcServer::port(std::size_t index) const {
  for (const Impl::Listener& listener : impl_->listeners) {
    if (!listener.unix_mode && index-- == 0) return static_cast<std::uint16_t>(listener.port);
  }
  return 0;
}

std::size_t RpcServer::calls() const { return impl_->shared->calls.load(); }

asio::awaitable<void> RpcServer::stop(std::chrono::milliseconds grace) {
  while (impl_->stopping) co_await impl_->stopped.wait_to_the_end();
  if (!impl_->server) co_return;
  impl_->stopping = true;
  for (Impl::Listener& listener : impl_->listeners) listener.accepts.reset();
  // Shutdown blocks until every call has ended, which needs this executor: so not on it.
  asio::thread_pool blocking(1);
  grpc::Server* server = impl_->server.get();
  const std::function<bool()> shut_down = [server, grace] {
    server->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                  gpr_time_from_millis(grace.count(), GPR_TIMESPAN)));
    return true;
  };
  co_await on_blocking(blocking, shut_down);
  // Handlers may need a moment longer than gRPC to see that they are cancelled.
  while (calls() > 0) co_await impl_->shared->ended.wait_to_the_end();
  const std::function<bool()> destroy = [this] {
    impl_->server.reset();
    return true;
  };
  co_await on_blocking(blocking, destroy);
  impl_->stopping = false;
  impl_->stopped.notify();
}

}  // namespace weir
