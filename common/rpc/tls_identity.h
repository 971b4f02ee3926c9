#pragma once

#include <string>

namespace weir {

/// One end's side of mutual TLS, in PEM. TLS 1.2 or newer; the peer must show a certificate signed
/// by `ca_pem`. A renewed certificate is a new channel, or a new server.
struct TlsIdentity {
  std::string certificate_pem;  // ours, with intermediates
  std::string key_pem;
  std::string ca_pem;  // who may sign the peer
};

}  // namespace weir
