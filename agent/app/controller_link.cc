#include "agent/app/controller_link.h"

#include <utility>

#include "common/crypto/x509.h"
#include "common/join/enrol_proof.h"
#include "common/model/ports.h"
#include "common/rpc/call.h"
#include "common/rpc/method.h"
#include "weir/control/v1/enrol.pb.h"

namespace weir::agent {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds k_renewal_timeout{5};

}  // namespace

ControllerLink::ControllerLink(asio::any_io_executor executor, Clock& clock,
                               const Identity& identity, OnRenewed on_renewed)
    : executor_(std::move(executor)),
      clock_(clock),
      controller_(identity.controller.overlay),
      controller_key_(identity.controller.public_key),
      tunnel_key_(identity.private_key),
      on_renewed_(std::move(on_renewed)),
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
  if (to_unix_ms(clock_.wall_now()) >= not_after_unix_ms_) {
    auto renewed = co_await renew_lapsed();
    const Status outcome = renewed ? Status() : fail(renewed.error());
    on_renewed_(std::move(renewed));
    if (!outcome) co_return fail(outcome.error());
  }
  RpcChannelOptions options;
  options.target = Endpoint{controller_, k_port_session}.to_string();
  options.tls = tls_;
  auto channel = RpcChannel::create(executor_, std::move(options));
  if (!channel) co_return fail(std::move(channel).error());
  channel_ = *std::move(channel);
  co_return channel_->open(method.path(), std::chrono::milliseconds(0));
}

/// Plain inside WireGuard, as enrolment is: the tunnel says which agent calls, the proof that it is
/// the agent.
asio::awaitable<Result<ControllerLink::Renewed>> ControllerLink::renew_lapsed() {
  static const UnaryMethod<control::v1::RenewLapsedRequest, control::v1::RenewLapsedReply> method(
      "weir.control.v1.Enrolment.RenewLapsed");
  make_pending();
  const auto proof = renewal_proof(tunnel_key_, controller_key_, as_bytes(pending_csr_));
  if (!proof) co_return fail(proof.error());
  control::v1::RenewLapsedRequest request;
  request.set_csr_der(pending_csr_);
  request.set_key_proof(proof->data(), proof->size());
  RpcChannelOptions options;
  options.target = Endpoint{controller_, k_port_enrolment}.to_string();
  auto channel = RpcChannel::create(executor_, std::move(options));
  if (!channel) co_return fail(std::move(channel).error());
  channel_ = *std::move(channel);
  const auto reply = co_await call(*channel_, method, request, k_renewal_timeout);
  co_await stop();
  if (!reply) co_return fail(reply.error().within("renew a certificate that has run out"));
  co_return take_certificate(as_bytes(reply->certificate_der()), as_bytes(reply->ca_der()));
}

asio::awaitable<void> ControllerLink::stop() {
  if (!channel_) co_return;
  co_await channel_->stop();
  channel_.reset();
}

std::optional<std::string> ControllerLink::renewal_csr() {
  // Its life began when it was made, not at the date that makes up for clocks running apart.
  const std::int64_t made = not_before_unix_ms_ + CertificateAuthority::k_not_before_slack_ms;
  const std::int64_t half = not_after_unix_ms_ - (not_after_unix_ms_ - made) / 2;
  if (to_unix_ms(clock_.wall_now()) < half) return std::nullopt;
  make_pending();
  return pending_csr_;
}

void ControllerLink::make_pending() {
  if (pending_key_) return;
  pending_key_ = P256Key::generate();
  const ByteVector csr = make_csr(*pending_key_);
  pending_csr_ = as_text(csr);
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
