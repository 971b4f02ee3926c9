#include "common/obs/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "common/base/text.h"

namespace weir {
namespace {

struct NamedLevel {
  LogLevel level;
  std::string_view name;
};
constexpr NamedLevel k_levels[] = {{LogLevel::debug, "debug"},
                                   {LogLevel::info, "info"},
                                   {LogLevel::warn, "warn"},
                                   {LogLevel::error, "error"}};

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

void append_escaped(std::string& line, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  while (!text.empty()) {
    const std::size_t size = letter_size(text);
    const std::string_view letter = text.substr(0, std::max<std::size_t>(size, 1));
    text.remove_prefix(letter.size());
    const auto first = static_cast<unsigned char>(letter[0]);
    const auto last = static_cast<unsigned char>(letter.back());
    const bool upper_control = first == 0xc2 && last < 0xa0;  // U+0080 to 9F
    if (size == 0) {
      line += "\\ufffd";
    } else if (first == '"' || first == '\\') {
      line += '\\';
      line += letter;
    } else if (first < 0x20 || first == 0x7f || upper_control) {
      line += "\\u00";
      line += digits[last >> 4];
      line += digits[last & 15];
    } else {
      line += letter;
    }
  }
}

bool needs_quotes(std::string_view text) {
  return text.empty() || std::ranges::any_of(text, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte <= 0x20 || byte >= 0x7f || c == '"' || c == '=' || c == '\\';
         });
}

void append_quoted(std::string& line, std::string_view text) {
  line += '"';
  append_escaped(line, text);
  line += '"';
}

}  // namespace

std::string_view log_level_name(LogLevel level) {
  return std::ranges::find(k_levels, level, &NamedLevel::level)->name;
}

std::optional<LogLevel> parse_log_level(std::string_view name) {
  const auto* const found = std::ranges::find(k_levels, name, &NamedLevel::name);
  if (found == std::end(k_levels)) return std::nullopt;
  return found->level;
}

Log::Log(LogLevel level, LogFormat format) : format_(format) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  logger_ = std::make_unique<spdlog::logger>("weir", std::move(sink));
  logger_->set_level(to_spdlog(level));
  const char* pattern = format == LogFormat::text
                            ? "%Y-%m-%dT%H:%M:%S.%eZ %l %v"
                            : R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";
  logger_->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
  logger_->flush_on(spdlog::level::debug);
}

Log::~Log() = default;

LogLevel Log::level() const {
  const spdlog::level::level_enum now = logger_->level();
  const auto* const found =
      std::ranges::find(k_levels, now, [](const NamedLevel& one) { return to_spdlog(one.level); });
  return found == std::end(k_levels) ? LogLevel::info : found->level;
}

void Log::set_level(LogLevel level) { logger_->set_level(to_spdlog(level)); }

std::string Log::format_line(LogFormat format, std::string_view event,
                             std::initializer_list<LogField> fields) {
  std::string line;
  if (format == LogFormat::json) {
    line += R"("event":)";
    append_quoted(line, event);
    for (const LogField& field : fields) {
      line += ',';
      append_quoted(line, field.key);
      line += ':';
      append_quoted(line, field.value);
    }
    return line;
  }
  line += event;
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    if (needs_quotes(field.value)) {
      append_quoted(line, field.value);
    } else {
      line += field.value;
    }
  }
  return line;
}

void Log::write(LogLevel level, std::string_view event,
                std::initializer_list<LogField> fields) const {
  if (!logger_->should_log(to_spdlog(level))) return;
  // As an argument, never as the format: the text holds what came from outside.
  logger_->log(to_spdlog(level), "{}", format_line(format_, event, fields));
}

void Log::debug(std::string_view event, std::initializer_list<LogField> fields) const {
  write(LogLevel::debug, event, fields);
}
void Log::info(std::string_view event, std::initializer_list<LogField> fields) const {
  write(LogLevel::info, event, fields);
}
void Log::warn(std::string_view event, std::initializer_list<LogField> fields) const {
  write(LogLevel::warn, event, fields);
}
void Log::error(std::string_view event, std::initializer_list<LogField> fields) const {
  write(LogLevel::error, event, fields);
}

bool LogLimit::allow(Time now) {
  if (limited_) {
    const double seconds = std::chrono::duration<double>(now - last_).count();
    tokens_ = std::min(burst_, tokens_ + seconds * per_second_);
  }
  last_ = now;
  limited_ = true;
  if (tokens_ < 1) {
    ++suppressed_;
    return false;
  }
  tokens_ -= 1;
  suppressed_ = 0;
  return true;
}

}  // namespace weir
