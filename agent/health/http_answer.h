#pragma once

#include <memory>
#include <string>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/model/service.h"
#include "common/net/ip.h"

namespace weir::agent {

/// The request an HTTP check sends: GET, HTTP/1.1, the connection ends with it.
std::string http_check_request(const HealthCheckSpec& spec, const Endpoint& endpoint);

/// Reads the answer to it, piece by piece, as it comes from a server that may be hostile, and says
/// whether it is the one the check asks for. At most 64 KiB, headers 16 KiB of it; the body is only
/// read when the check looks into it.
class HttpAnswer {
 public:
  explicit HttpAnswer(const HealthCheckSpec& spec);
  ~HttpAnswer();

  /// True once enough was read. Errors: failed_precondition (not HTTP, too long).
  Result<bool> feed(ByteView bytes);
  /// The server closed the connection. Errors: failed_precondition (in the middle of the answer).
  Status end();

  /// After `feed` gave true or `end` success: errors: failed_precondition (what was wanted and what
  /// came).
  Status verdict() const;

 private:
  struct Parser;
  const HealthCheckSpec spec_;
  std::unique_ptr<Parser> parser_;
};

}  // namespace weir::agent
