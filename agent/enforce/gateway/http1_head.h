#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weir::agent {

/// What a head may measure at most.
struct HeadLimits {
  std::size_t head = 0;  // bytes of it all
  std::size_t line = 0;
  std::size_t fields = 0;
};
/// From a client or a server.
inline constexpr HeadLimits k_head_limits{64 * 1024, 16 * 1024, 100};
/// From another agent: what it took within the limits above, and what it says itself.
inline constexpr HeadLimits k_head_limits_inside{66 * 1024, 17 * 1024, 108};

struct HeaderField {
  std::string_view name;
  std::string_view value;
};

/// How a body's end is known.
struct BodyFraming {
  enum class Kind { none, length, chunked, until_close };
  Kind kind = Kind::none;
  std::uint64_t length = 0;
  friend bool operator==(const BodyFraming&, const BodyFraming&) = default;
};

/// What both kinds of head share. Every view points into the parsed bytes.
struct MessageHead {
  std::size_t size = 0;  // bytes of the head, the empty line included
  int minor = 1;         // of HTTP/1.x
  std::array<HeaderField, k_head_limits_inside.fields> storage;
  std::size_t field_count = 0;
  BodyFraming framing;
  bool keep_alive = true;    // what the sender wants, or its version's rule
  std::string_view upgrade;  // value of Upgrade when Connection names it, else empty

  std::span<const HeaderField> fields() const { return {storage.data(), field_count}; }
  /// First value of a field, by a name in lower case.
  std::optional<std::string_view> find(std::string_view lower_name) const;
};

struct RequestHead : MessageHead {
  std::string_view method;
  std::string_view target;
  bool expect_continue = false;
};

struct ResponseHead : MessageHead {
  int status = 0;
  std::string_view reason;
};

/// Why a head was refused: a status for the client and a word for `weir-error` and counters.
struct HeadProblem {
  int status = 400;
  const char* reason = "";
};

enum class HeadProgress { incomplete, complete, bad };

/// Finds the end of a head while its bytes arrive and refuses at once what can never become one.
/// Zero copy: it only remembers how far it has looked.
class HeadScanner {
 public:
  explicit HeadScanner(const HeadLimits& limits = k_head_limits) : limits_(limits) {}

  /// `bytes` are all bytes of the head so far; it may only grow between calls.
  /// Bad: a line feed without a carriage return before it, a line or head above the limits, more
  /// fields than allowed, an empty first line.
  HeadProgress scan(std::string_view bytes);
  /// Bytes of the complete head.
  std::size_t size() const { return size_; }
  const HeadProblem& problem() const { return problem_; }
  /// For the next head, of the same sender or another one.
  void reset() { *this = HeadScanner(limits_); }
  void reset(const HeadLimits& limits) { *this = HeadScanner(limits); }
  const HeadLimits& limits() const { return limits_; }

 private:
  HeadLimits limits_;
  std::size_t seen_ = 0;        // looked at so far
  std::size_t line_begin_ = 0;  // of the line at `seen_`
  std::size_t lines_ = 0;
  std::size_t size_ = 0;
  HeadProblem problem_;
};

/// Parses a complete head, strictly: a message that two programs could read differently is refused
/// (Content-Length twice or beside Transfer-Encoding, any coding but a single "chunked", folded
/// lines, blanks around names, control characters, no or two Hosts, absolute targets that differ
/// from the Host). Nothing on success. No allocation.
std::optional<HeadProblem> parse_request(std::string_view head, RequestHead& out);

/// The same for an answer to a request with this method: HEAD, 1xx, 204 and 304 have no body.
std::optional<HeadProblem> parse_response(std::string_view head, std::string_view request_method,
                                          ResponseHead& out);

/// ASCII only.
bool equal_ignoring_case(std::string_view one, std::string_view other);
/// Whether a comma-separated list holds this word, whatever its case.
bool list_holds(std::string_view list, std::string_view word);
/// Of RFC 9110: letters, digits and !#$%&'*+-.^_`|~, at least one.
bool is_token(std::string_view text);

}  // namespace weir::agent
