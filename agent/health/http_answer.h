#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/model/service.h"
#include "common/net/ip.h"

namespace weir::agent {

/// The request an HTTP check sends: GET, HTTP/1.1, the connection ends with it.
std::string http_check_request(const HealthCheckSpec& spec, const Endpoint& endpoint);

/// Reads the answer to it, piece by piece, as it comes from a server that may be hostile, and says
/// whether it is the one the check asks for. At most 64 KiB, headers 16 KiB of it; the body is only
/// read when the check looks into it. How the bytes are cut makes no difference.
class HttpAnswer {
 public:
  explicit HttpAnswer(const HealthCheckSpec& spec) : spec_(spec) {}

  /// True once enough was read. Errors: failed_precondition (not HTTP/1, ambiguous, too long).
  Result<bool> feed(ByteView bytes);
  /// The server closed the connection. Errors: failed_precondition (in the middle of the answer).
  Status end();

  /// After `feed` gave true or `end` success: errors: failed_precondition (what was wanted and what
  /// came).
  Status verdict() const;

 private:
  enum class Reading { head, counted_body, chunks, trailers, body_until_end, nothing };

  /// One step of reading; false when more bytes are needed.
  Result<bool> step();
  Result<bool> read_head();
  Status read_status_line(std::string_view line);
  Status read_header(std::string_view line);
  Status choose_body();
  Result<bool> read_counted_body();
  Result<bool> read_chunk();
  Result<bool> read_trailer();
  /// The next line without its end, and moves behind it; none when it is not complete yet.
  std::optional<std::string_view> take_line();
  const std::string* header(std::string_view name) const;

  const HealthCheckSpec spec_;
  Reading reading_ = Reading::head;
  std::string text_;    // all that came
  std::size_t at_ = 0;  // read up to here
  bool status_seen_ = false;
  int status_ = 0;
  std::vector<std::pair<std::string, std::string>> headers_;  // names in lower case
  std::uint64_t length_ = 0;
  std::string body_;
};

}  // namespace weir::agent
