#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/time.h"

namespace spdlog {
class logger;
}

namespace weir {

enum class LogLevel { debug, info, warn, error };
enum class LogFormat { text, json };

/// "debug", "info", "warn", "error".
std::string_view log_level_name(LogLevel level);
/// None: it is none of these names.
std::optional<LogLevel> parse_log_level(std::string_view name);

/// One `key=value` of a line. Values from outside are escaped when they are written.
struct LogField {
  LogField(std::string_view name, std::string text) : key(name), value(std::move(text)) {}
  LogField(std::string_view name, std::string_view text) : key(name), value(text) {}
  LogField(std::string_view name, const char* text) : key(name), value(text) {}
  LogField(std::string_view name, std::uint64_t number)
      : key(name), value(std::to_string(number)) {}
  LogField(std::string_view name, std::int64_t number) : key(name), value(std::to_string(number)) {}
  LogField(std::string_view name, int number) : key(name), value(std::to_string(number)) {}
  LogField(std::string_view name, unsigned number) : key(name), value(std::to_string(number)) {}

  std::string_view key;
  std::string value;
};

/// Writes lines of a level and above to standard error. Any thread; a line is written whole.
class Log {
 public:
  explicit Log(LogLevel level = LogLevel::info, LogFormat format = LogFormat::text);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) const;
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) const;
  void warn(std::string_view event, std::initializer_list<LogField> fields = {}) const;
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) const;

  LogLevel level() const;
  /// Of the lines from now on.
  void set_level(LogLevel level);

  /// The part of a line after time and level; exposed for its tests.
  static std::string format_line(LogFormat format, std::string_view event,
                                 std::initializer_list<LogField> fields);

 private:
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) const;

  const LogFormat format_;
  std::unique_ptr<spdlog::logger> logger_;
};

/// At most `burst` lines at once and `per_second` in the long run, for what a peer can trigger.
class LogLimit {
 public:
  explicit LogLimit(double per_second = 1, double burst = 5)
      : per_second_(per_second), burst_(burst), tokens_(burst) {}

  /// Whether to write this one. One thread.
  bool allow(Time now);
  /// Lines not written since the last one that was.
  std::uint64_t suppressed() const { return suppressed_; }

 private:
  const double per_second_;
  const double burst_;
  double tokens_;
  Time last_{};
  bool limited_ = false;
  std::uint64_t suppressed_ = 0;
};

}  // namespace weir
