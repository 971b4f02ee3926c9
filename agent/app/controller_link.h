#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/session/session_client.h"
#include "agent/state/identity.h"
#include "common/async/clock.h"
#include "common/crypto/p256.h"
#include "common/rpc/channel.h"

namespace weir::agent {

/// The way to the controller: a gRPC channel over mTLS inside the mesh, and the certificate it
/// shows. A certificate that has run out, because this machine or the controller was away for
/// longer than it lives, is renewed first, outside the session it can no longer open.
/// Core executor only.
class ControllerLink final : public Connector {
 public:
  struct Renewed {
    std::string certificate_pem;
    SecretText key_pem;
    std::string ca_pem;
  };
  /// A certificate that came from elsewhere than the session, or why it did not.
  using OnRenewed = std::function<void(Result<Renewed>)>;

  ControllerLink(boost::asio::any_io_executor executor, Clock& clock, const Identity& identity,
                 OnRenewed on_renewed);

  /// One channel per stream, so that each connection shows the newest certificate.
  boost::asio::awaitable<Result<std::unique_ptr<ControlStream>>> connect() override;

  /// Ends the channel; to be awaited before the object goes.
  boost::asio::awaitable<void> stop();

  /// A CSR for a new key when the certificate is past half its life, else nothing. Asked again
  /// while a request is under way it gives the same CSR.
  std::optional<std::string> renewal_csr();

  /// Takes a certificate for the pending key; the next connection shows it.
  /// Errors: failed_precondition (none was asked for, or it is for another key), invalid_argument.
  Result<Renewed> take_certificate(ByteView certificate_der, ByteView ca_der);

  std::int64_t certificate_expires_unix_ms() const { return not_after_unix_ms_; }

 private:
  Status read_dates();
  void make_pending();
  boost::asio::awaitable<Result<Renewed>> renew_lapsed();

  // constant after construction
  const boost::asio::any_io_executor executor_;
  Clock& clock_;
  const IpAddress controller_;
  const PublicKey controller_key_;
  const PrivateKey tunnel_key_;
  const OnRenewed on_renewed_;

  TlsIdentity tls_;
  std::int64_t not_before_unix_ms_ = 0;
  std::int64_t not_after_unix_ms_ = 0;
  std::optional<P256Key> pending_key_;
  std::string pending_csr_;
  std::unique_ptr<RpcChannel> channel_;
};

}  // namespace weir::agent
