#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cli/context/connection.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/rpc/method.h"

namespace weir {
class Clock;
}

namespace weir::cli {

enum class Output {
  table,
  wide,   // a table with more columns
  json,   // one document
  jsonl,  // one line a document
  yaml,
  name,  // the first column of a table
  csv,   // a table
  // Of a diagnosis alone:
  short_lines,  // a line a finding
  junit,        // XML for CI
};

/// What every command knows: the options given before it, the terminal, the time, and the
/// controller, which is called when a command first asks. One thread; calls block.
///
/// Messages cross to the connection as bytes, so that each command compiles its own types and not
/// the coroutines that carry them.
class AdminSession {
 public:
  AdminSession(Terminal terminal, Clock& clock);
  ~AdminSession();
  AdminSession(const AdminSession&) = delete;
  AdminSession& operator=(const AdminSession&) = delete;

  // Options, set while the command line is read.
  ConnectionWishes wishes;
  Output output = Output::table;
  bool utc = false;  // moments are told as such, not as time ago
  std::chrono::milliseconds deadline{10'000};

  void set_colour(bool colour) { terminal_.colour = colour; }

  const Terminal& terminal() const { return terminal_; }
  Time now() const;
  std::int64_t now_ms() const;
  /// A moment as tables have it: "4s ago", or with --utc "2026-11-23T07:03:29Z"; "-" for 0.
  std::string when(std::int64_t unix_ms) const;
  /// A document instead of text for people.
  bool json() const {
    return output == Output::json || output == Output::jsonl || output == Output::yaml;
  }
  /// Rows of a table alone.
  bool rows_only() const { return output == Output::name || output == Output::csv; }
  bool wide() const { return output == Output::wide || output == Output::csv; }

  /// The rows of the tables that were made for the last text, as `output` says; none: it had none.
  std::optional<std::string> rows;

  /// The controller to ask, found out once, when somebody first wants to know.
  /// Errors: those of `connection_of`.
  const Result<Connection>& connection();

  /// One call, within `deadline`. Errors: those of `call`.
  template <typename Request, typename Reply>
  Result<Reply> ask(const UnaryMethod<Request, Reply>& method, const Request& request) {
    const auto bytes = ask_bytes(method.path(), request.SerializeAsString());
    if (!bytes) return fail(bytes.error());
    return parsed<Reply>(*bytes);
  }

  /// Every message of a stream until it ends, with its status.
  template <typename Request, typename Reply>
  Status watch(const ServerStreamMethod<Request, Reply>& method, const Request& request,
               const std::function<void(const Reply&)>& each) {
    return watch_bytes(method.path(), request.SerializeAsString(),
                       [&each](const std::string& bytes) -> Status {
                         const Result<Reply> message = parsed<Reply>(bytes);
                         if (!message) return fail(message.error());
                         each(*message);
                         return {};
                       });
  }

  void sleep(Duration duration);

  /// Three lines on standard error: "weirctl: WHAT", why, what to do next. Returns the exit code.
  Exit fail_with(const std::string& what, const Error& why, const std::string& next = {}) const;
  Exit fail_with(Exit code, const std::string& what, const std::string& why,
                 const std::string& next) const;

  /// True when the operator agrees: `yes`, or an answer on a terminal. False and three lines on
  /// standard error otherwise.
  bool agree(const std::string& question, bool yes) const;

 private:
  struct Channel;  // and its executor

  template <typename Message>
  static Result<Message> parsed(const std::string& bytes) {
    Result<Message> message(std::in_place);
    if (!message->ParseFromString(bytes)) return fail(no_message(Message::descriptor()));
    return message;
  }
  static Error no_message(const google::protobuf::Descriptor* type);

  Result<std::string> ask_bytes(const std::string& path, std::string request);
  /// `each` ends the stream with the error it returns.
  Status watch_bytes(const std::string& path, std::string request,
                     const std::function<Status(const std::string&)>& each);
  Status connect();

  Terminal terminal_;
  Clock& clock_;
  std::unique_ptr<Channel> channel_;
  std::optional<Result<Connection>> connection_;
};

}  // namespace weir::cli
