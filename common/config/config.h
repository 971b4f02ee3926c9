#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/base/text.h"
#include "common/net/ip.h"

namespace weir {

class ConfigSection;

inline constexpr std::size_t k_config_bytes_max = 1U << 20U;

/// Bounds of a whole number; without `fallback` the field is required.
struct IntegerRule {
  std::int64_t min = 0;
  std::int64_t max = INT64_MAX;
  std::optional<std::int64_t> fallback = std::nullopt;
};

/// Bounds of a number that may have a fraction; without `fallback` the field is required.
struct NumberRule {
  double min = 0;
  double max = 1e15;
  std::optional<double> fallback = std::nullopt;
};

/// Bounds of a duration ("250ms", "5s", "10m", "24h"); without `fallback` it is required.
struct DurationRule {
  std::chrono::milliseconds min{0};
  std::chrono::milliseconds max{std::chrono::hours(24 * 365 * 10)};
  std::optional<std::chrono::milliseconds> fallback = std::nullopt;
};

/// A field that a reader asked for, as the reference page lists it.
struct ConfigField {
  std::string path;                     // "services[].health.rise"
  std::string takes;                    // "1 to 100", "debug, info, warn, error"
  std::optional<std::string> fallback;  // nullopt: it is required

  friend bool operator==(const ConfigField&, const ConfigField&) = default;
};

/// One configuration file, being read. Not copied; sections stay valid as long as it lives.
class Config {
 public:
  /// Errors: not_found, permission_denied, resource_exhausted (over 1 MiB), and as `parse`.
  static Result<Config> load(const std::filesystem::path& file);

  /// `name` stands for the file in complaints.
  /// Errors: invalid_argument (no YAML, several documents, anchors, nesting): FILE:LINE: why.
  static Result<Config> parse(std::string_view text, std::string name);

  Config(Config&&) noexcept;
  Config& operator=(Config&&) noexcept;
  ~Config();

  ConfigSection root();

  /// After every field has been asked for.
  /// Errors: invalid_argument with all complaints, one a line, by line and path.
  Status finish();

  /// Every field that was asked for with its value and where it came from, one a line.
  std::string effective() const;

  /// Every field that was asked for, present or not, sorted by path.
  std::vector<ConfigField> fields() const;

 private:
  friend class ConfigSection;
  struct State;
  explicit Config(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A map of the file, or the place where one could stand: a missing section gives fallbacks.
class ConfigSection {
 public:
  /// Whether the file has this section, or this field in it.
  bool present() const;
  bool has(std::string_view name) const;
  /// "services[0].health", for complaints of the caller's own.
  const std::string& path() const;

  std::string text(std::string_view name, std::optional<std::string> fallback = std::nullopt);
  bool boolean(std::string_view name, std::optional<bool> fallback = std::nullopt);
  std::int64_t integer(std::string_view name, const IntegerRule& rule);
  double number(std::string_view name, const NumberRule& rule);
  std::chrono::milliseconds duration(std::string_view name, const DurationRule& rule);
  /// 0 to 1, or a percentage: 0.05 or 5%.
  double ratio(std::string_view name, std::optional<double> fallback = std::nullopt);
  IpAddress address(std::string_view name, std::optional<IpAddress> fallback = std::nullopt);
  IpPrefix prefix(std::string_view name, std::optional<IpPrefix> fallback = std::nullopt);
  Endpoint endpoint(std::string_view name, std::optional<Endpoint> fallback = std::nullopt);
  /// No complaint when it is missing.
  std::optional<Endpoint> optional_endpoint(std::string_view name);
  /// Missing: an empty list. At most `most` entries.
  std::vector<std::string> texts(std::string_view name, std::size_t most = 10000);
  /// Such a list of numbers, each from `rule.min` to `rule.max`.
  std::vector<double> numbers(std::string_view name, const NumberRule& rule,
                              std::size_t most = 10000);
  /// A list of such lists: [[a, b], [c]]. Missing: empty.
  std::vector<std::vector<std::string>> text_lists(std::string_view name, std::size_t most = 10000);

  /// One of the words. `fallback` none: required.
  template <typename T>
  T choice(std::string_view name, std::initializer_list<std::pair<std::string_view, T>> words,
           std::optional<std::type_identity_t<T>> fallback = std::nullopt) {
    std::vector<std::string_view> known;
    for (const auto& [word, value] : words) known.push_back(word);
    std::optional<std::string> default_word;
    for (const auto& [word, value] : words) {
      if (fallback && value == *fallback) default_word = std::string(word);
    }
    const std::string read = word(name, known, std::move(default_word));
    for (const auto& [spelled, value] : words) {
      if (spelled == read) return value;
    }
    return fallback.value_or(words.begin()->second);
  }

  ConfigSection section(std::string_view name);
  /// A list of maps; missing: empty. At most `most` entries.
  std::vector<ConfigSection> sections(std::string_view name, std::size_t most = 10000);
  /// The names in a map whose names are data (regions, services); they count as asked for.
  std::vector<std::string> keys();

  /// A rule of the caller's own that this field (or, with an empty name, this section) breaks.
  void complain(std::string_view name, std::string what);

 private:
  friend class Config;
  struct Place;
  ConfigSection(Config::State* state, std::shared_ptr<Place> place);

  void note(std::string_view name, std::string takes, std::optional<std::string> fallback);
  std::string word(std::string_view name, const std::vector<std::string_view>& known,
                   std::optional<std::string> fallback);
  std::optional<std::string> scalar(std::string_view name, bool required,
                                    const std::string& fallback);

  Config::State* state_;
  std::shared_ptr<Place> place_;
};

}  // namespace weir
