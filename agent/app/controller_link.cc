#include "agent/app/controller_link.h"

#include <utility>

#include "common/crypto/x509.h"
#include "common/model/ports.h"
#include "common/rpc/method.h"

namespace weir::agent {

namespace asio = boost::asio;

ControllerLink::ControllerLink(asio::any_io_executor executor, Clock& clock,
                               const Identity& identity)
    : executor_(std::move(executor)),
      clock_(clock),
      target_{identity.controller.overlay, k_port_session},
      tls_{identity.certificate_pem, identity.certificate_key_pem.reveal(), identity.ca_pem} {
  // A certificate that does not parse makes every connect fail with the reason; the data plane
  // does not need it.
  (void)read_dates();
}

Status ControllerLink::read_dates() {
  WEIR_ASSIGN(certificate, Certificate::from_pem(tls_.certificate_pem));
  not_before_unix_ms_ = certificate.not_before_unix_ms();
  not_after_unix_ms_ = certificate.not_after_unix_ms();
  return {};
}

asio::awaitable<Result<std::unique_ptr<ControlStream>>> ControllerLink::connect() {
  static const BidiMethod<control::v1::AgentMessage, control::v1::ControllerMessage> method(
      "weir.control.v1.Session.Connect");
  co_await stop();
  RpcChannelOptions options;
  options.target = target_.to_string();
  options.tls = tls_;
  auto channel = RpcChannel::create(executor_, std::move(options));
  if (!channel) co_return fail(std::move(channel).error());
  channel_ = *std::move(channel);
  co_return channel_->open(method.path(), std::chrono::milliseconds(0));
}

asio::awaitable<void> ControllerLink::stop() {
  if (!channel_) co_return;
  co_await channel_->stop();
  channel_.reset();
}

std::optional<std::string> ControllerLink::renewal_csr() {
  const std::int64_t half = not_before_unix_ms_ + (not_after_unix_ms_ - not_before_unix_ms_) / 2;
  if (to_unix_ms(clock_.wall_now()) < half) return std::nullopt;
  if (!pending_key_) {
    pending_key_ = P256Key::generate();
    const ByteVector csr = make_csr(*pending_key_);
    pending_csr_ = as_text(csr);
  }
  return pending_csr_;
}

Result<ControllerLink::Renewed> ControllerLink::take_certificate(ByteView certificate_der,
                                                                 ByteView ca_der) {
  if (!pending_key_) return fail(Code::failed_precondition, "no certificate was asked for");
  WEIR_ASSIGN(certificate, Certificate::from_der(certificate_der));
  WEIR_ASSIGN(ca, Certificate::from_der(ca_der));
  WEIR_ASSIGN(trusted, Certificate::from_pem(tls_.ca_pem));
  if (!certificate.issued_by(trusted)) {
    return fail(Code::failed_precondition, "the certificate is not of the mesh's CA");
  }
  if (certificate.public_key_der() != pending_key_->public_key_der()) {
    return fail(Code::failed_precondition, "the certificate is for another key");
  }
  SecretText key = pending_key_->to_pem();
  tls_ = {certificate.to_pem(), key.reveal(), ca.to_pem()};
  WEIR_TRY(read_dates());
  pending_key_.reset();
  pending_csr_.clear();
  return Renewed{tls_.certificate_pem, std::move(key), tls_.ca_pem};
}

}  // namespace weir::agent
