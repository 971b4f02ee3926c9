#include "common/config/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <tuple>

#include "common/config/yaml_guard.h"

namespace weir {

struct Config::State {
  struct Complaint {
    int line = 0;
    std::string path;
    std::string what;
  };
  struct Asked {
    std::string path;
    std::string value;
    int line = 0;  // 0: the default
  };

  void complain(int line, std::string path, std::string what) {
    complaints.push_back({line, std::move(path), std::move(what)});
  }

  std::string name;
  YAML::Node document;
  std::vector<std::weak_ptr<ConfigSection::Place>> unused;
  std::vector<std::shared_ptr<ConfigSection::Place>> places;
  std::vector<Complaint> complaints;
  std::vector<Asked> asked;
  std::map<std::string, ConfigField> fields;  // by path
};

/// Where a section stands in the file, and which of its fields were asked for.
struct ConfigSection::Place {
  YAML::Node node;  // a map, or nothing
  int line = 1;
  std::string path;
  std::set<std::string> known;
  bool open_keys = false;  // its names are data

  /// The value of a field; an invalid node when it is missing.
  YAML::Node find(std::string_view name) const {
    if (node.IsMap()) {
      for (const auto& entry : node) {
        if (entry.first.IsScalar() && entry.first.Scalar() == name) return entry.second;
      }
    }
    return YAML::Node(YAML::NodeType::Undefined);
  }
  std::string path_of(std::string_view name) const {
    return path.empty() ? std::string(name) : path + "." + std::string(name);
  }
};

namespace {

int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

template <typename Words>
std::string did_you_mean(std::string_view word, const Words& known) {
  if (word.size() > 64) return "";
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& candidate : known) {
    const std::size_t apart = distance(word, candidate);
    if (apart < best_distance) {
      best_distance = apart;
      best = candidate;
    }
  }
  return best.empty() ? "" : "; did you mean " + best + "?";
}

template <typename Words>
std::string listed(const Words& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> units = {
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  const std::size_t end = text.find_first_not_of("0123456789");
  if (end == 0 || end == std::string_view::npos) return std::nullopt;
  const auto number = parse_number(text.substr(0, end), 1'000'000'000'000);
  if (!number) return std::nullopt;
  for (const auto& [unit, ms] : units) {
    if (text.substr(end) != unit) continue;
    return std::chrono::milliseconds(static_cast<std::int64_t>(*number) * ms);
  }
  return std::nullopt;
}

std::string spell(std::chrono::milliseconds duration) {
  const std::int64_t ms = duration.count();
  if (ms != 0 && ms % 3'600'000 == 0) return std::to_string(ms / 3'600'000) + "h";
  if (ms != 0 && ms % 1000 == 0) return std::to_string(ms / 1000) + "s";
  return std::to_string(ms) + "ms";
}

std::optional<double> parse_double(std::string_view text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_ratio(std::string_view text) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  const auto value = parse_double(text);
  if (!value) return std::nullopt;
  const double ratio = percent ? *value / 100 : *value;
  if (!(ratio >= 0 && ratio <= 1)) return std::nullopt;
  return ratio;
}

std::string spell(double ratio) {
  std::string text = std::to_string(ratio);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text += '0';
  return text;
}

}  // namespace

// ---- Config

Result<Config> Config::parse(std::string_view text, std::string name) {
  const auto refuse = [&name](int line, const std::string& what) {
    return fail(Code::invalid_argument, name + ":" + std::to_string(line) + ": " + what);
  };
  if (text.size() > k_config_bytes_max) return refuse(1, "larger than 1 MiB");
  const YamlProblem problem = check_yaml(text);
  if (!problem.what.empty()) return refuse(problem.line, problem.what);
  auto state = std::make_unique<State>();
  try {
    state->document = YAML::Load(std::string(text));
  } catch (const YAML::Exception& broken) {
    return refuse(broken.mark.line + 1, "not YAML: " + broken.msg);
  }
  if (!state->document.IsMap() && !state->document.IsNull()) {
    return refuse(line_of(state->document), "the file must be a map of fields (name: value)");
  }
  state->name = std::move(name);
  return Config(std::move(state));
}

Config::Config(std::unique_ptr<State> state) : state_(std::move(state)) {}
Config::Config(Config&&) noexcept = default;
Config& Config::operator=(Config&&) noexcept = default;
Config::~Config() = default;

ConfigSection Config::root() {
  auto place = std::make_shared<ConfigSection::Place>();
  place->node = state_->document;
  state_->places.push_back(place);
  return {state_.get(), std::move(place)};
}

Status Config::finish() {
  for (const auto& place : state_->places) {
    if (!place->node.IsMap()) continue;
    std::set<std::string> seen;
    for (const auto& entry : place->node) {
      const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "?";
      const int line = line_of(entry.first);
      if (!seen.insert(name).second) {
        state_->complain(line, place->path_of(name), "stands twice; keep one");
      } else if (!place->open_keys && !place->known.contains(name)) {
        state_->complain(line, place->path_of(name),
                         "unknown field" + did_you_mean(name, place->known));
      }
    }
  }
  if (state_->complaints.empty()) return {};
  std::ranges::sort(state_->complaints, {}, [](const State::Complaint& complaint) {
    return std::tie(complaint.line, complaint.path);
  });
  std::string all;
  for (const auto& complaint : state_->complaints) {
    if (!all.empty()) all += '\n';
    all += state_->name + ":" + std::to_string(complaint.line) + ": ";
    if (!complaint.path.empty()) all += complaint.path + ": ";
    all += complaint.what;
  }
  return fail(Code::invalid_argument, std::move(all));
}

std::string Config::effective() const {
  std::size_t widest = 0;
  for (const auto& asked : state_->asked) {
    widest = std::max(widest, asked.path.size() + asked.value.size() + 2);
  }
  std::string text;
  for (const auto& asked : state_->asked) {
    std::string line = asked.path + ": " + asked.value;
    line.resize(std::max(widest, line.size()), ' ');
    text +=
        line + "  # " + (asked.line == 0 ? "default" : "line " + std::to_string(asked.line)) + "\n";
  }
  return text;
}

std::vector<ConfigField> Config::fields() const {
  std::vector<ConfigField> all;
  for (const auto& [path, field] : state_->fields) all.push_back(field);
  return all;
}

// ---- ConfigSection

ConfigSection::ConfigSection(Config::State* state, std::shared_ptr<Place> place)
    : state_(state), place_(std::move(place)) {}

bool ConfigSection::present() const { return place_->node.IsMap(); }

bool ConfigSection::has(std::string_view name) const {
  const YAML::Node node = place_->find(name);
  return node.IsDefined() && !node.IsNull();
}

const std::string& ConfigSection::path() const { return place_->path; }

void ConfigSection::complain(std::string_view name, std::string what) {
  if (name.empty()) return state_->complain(place_->line, place_->path, std::move(what));
  const YAML::Node node = place_->find(name);
  state_->complain(node.IsDefined() ? line_of(node) : place_->line, place_->path_of(name),
                   std::move(what));
}

/// For the reference: entries of a list are one field.
void ConfigSection::note(std::string_view name, std::string takes,
                         std::optional<std::string> fallback) {
  std::string path;
  bool in_brackets = false;
  for (const char letter : place_->path_of(name)) {
    in_brackets = letter == '[' || (in_brackets && letter != ']');
    if (!in_brackets || letter == '[') path += letter;
  }
  ConfigField field{path, std::move(takes), std::move(fallback)};
  state_->fields.emplace(std::move(path), std::move(field));
}

/// The text of a field, noted as asked for; nullopt when it is missing or no scalar.
std::optional<std::string> ConfigSection::scalar(std::string_view name, bool required,
                                                 const std::string& fallback) {
  place_->known.emplace(name);
  const YAML::Node node = place_->find(name);
  if (!node.IsDefined() || node.IsNull()) {
    if (required) {
      complain(name, "is required");
    } else {
      state_->asked.push_back({place_->path_of(name), fallback, 0});
    }
    return std::nullopt;
  }
  if (!node.IsScalar()) {
    complain(name, "must be a single value");
    return std::nullopt;
  }
  state_->asked.push_back({place_->path_of(name), node.Scalar(), line_of(node)});
  return node.Scalar();
}

std::string ConfigSection::text(std::string_view name, std::optional<std::string> fallback) {
  note(name, "text", fallback);
  const auto read = scalar(name, !fallback, fallback.value_or(""));
  if (read && read->empty() && !fallback) complain(name, "must not be empty");
  return read ? *read : fallback.value_or("");
}

bool ConfigSection::boolean(std::string_view name, std::optional<bool> fallback) {
  return choice<bool>(name, {{"true", true}, {"false", false}}, fallback);
}

std::int64_t ConfigSection::integer(std::string_view name, const IntegerRule& rule) {
  const std::string bounds = std::to_string(rule.min) + " to " + std::to_string(rule.max);
  const std::string shown = std::to_string(rule.fallback.value_or(0));
  note(name, bounds, rule.fallback ? std::optional(shown) : std::nullopt);
  const auto read = scalar(name, !rule.fallback, shown);
  if (!read) return rule.fallback.value_or(rule.min);
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(read->data(), read->data() + read->size(), value);
  if (problem == std::errc() && end == read->data() + read->size() && value >= rule.min &&
      value <= rule.max) {
    return value;
  }
  complain(name, in_quotes(*read) + " must be a whole number from " + bounds);
  return rule.fallback.value_or(rule.min);
}

double ConfigSection::number(std::string_view name, const NumberRule& rule) {
  const std::string bounds = spell(rule.min) + " to " + spell(rule.max);
  const std::string shown = spell(rule.fallback.value_or(0));
  note(name, bounds, rule.fallback ? std::optional(shown) : std::nullopt);
  const auto read = scalar(name, !rule.fallback, shown);
  if (!read) return rule.fallback.value_or(rule.min);
  const auto value = parse_double(*read);
  if (value && *value >= rule.min && *value <= rule.max) return *value;
  complain(name, in_quotes(*read) + " must be a number from " + bounds);
  return rule.fallback.value_or(rule.min);
}

std::vector<double> ConfigSection::numbers(std::string_view name, const NumberRule& rule,
                                           std::size_t most) {
  std::vector<double> values;
  for (const std::string& text : texts(name, most)) {
    const auto value = parse_double(text);
    if (value && *value >= rule.min && *value <= rule.max) {
      values.push_back(*value);
    } else {
      complain(name, in_quotes(text) + " must be a number from " + spell(rule.min) + " to " +
                         spell(rule.max));
    }
  }
  return values;
}

std::chrono::milliseconds ConfigSection::duration(std::string_view name, const DurationRule& rule) {
  const auto fallback = rule.fallback.value_or(rule.min);
  note(name, spell(rule.min) + " to " + spell(rule.max),
       rule.fallback ? std::optional(spell(fallback)) : std::nullopt);
  const auto read = scalar(name, !rule.fallback, spell(fallback));
  if (!read) return fallback;
  const auto value = parse_duration(*read);
  if (!value) {
    complain(name, in_quotes(*read) + " must be a duration such as 250ms, 5s, 10m or 24h");
  } else if (*value < rule.min || *value > rule.max) {
    complain(name,
             in_quotes(*read) + " must be from " + spell(rule.min) + " to " + spell(rule.max));
  } else {
    return *value;
  }
  return fallback;
}

double ConfigSection::ratio(std::string_view name, std::optional<double> fallback) {
  note(name, "0 to 1, or a percentage", fallback ? std::optional(spell(*fallback)) : std::nullopt);
  const auto read = scalar(name, !fallback, spell(fallback.value_or(0)));
  if (!read) return fallback.value_or(0);
  if (const auto value = parse_ratio(*read)) return *value;
  complain(name, in_quotes(*read) + " must be a share from 0 to 1, or a percentage such as 5%");
  return fallback.value_or(0);
}

IpAddress ConfigSection::address(std::string_view name, std::optional<IpAddress> fallback) {
  note(name, "address", fallback ? std::optional(fallback->to_string()) : std::nullopt);
  const auto read = scalar(name, !fallback, fallback.value_or(IpAddress()).to_string());
  if (!read) return fallback.value_or(IpAddress());
  if (const auto value = IpAddress::parse(*read)) return *value;
  complain(name, in_quotes(*read) + " must be an IP address such as 10.0.0.1");
  return fallback.value_or(IpAddress());
}

IpPrefix ConfigSection::prefix(std::string_view name, std::optional<IpPrefix> fallback) {
  note(name, "prefix", fallback ? std::optional(fallback->to_string()) : std::nullopt);
  const auto read = scalar(name, !fallback, fallback.value_or(IpPrefix()).to_string());
  if (!read) return fallback.value_or(IpPrefix());
  if (const auto value = IpPrefix::parse(*read)) return *value;
  complain(name, in_quotes(*read) + " must be a prefix such as 10.90.0.0/16");
  return fallback.value_or(IpPrefix());
}

Endpoint ConfigSection::endpoint(std::string_view name, std::optional<Endpoint> fallback) {
  note(name, "address:port", fallback ? std::optional(fallback->to_string()) : std::nullopt);
  const auto read = scalar(name, !fallback, fallback.value_or(Endpoint()).to_string());
  if (!read) return fallback.value_or(Endpoint());
  if (const auto value = Endpoint::parse(*read)) return *value;
  complain(name, in_quotes(*read) + " must be ADDRESS:PORT such as 10.0.0.1:80 or [::1]:80");
  return fallback.value_or(Endpoint());
}

std::optional<Endpoint> ConfigSection::optional_endpoint(std::string_view name) {
  place_->known.emplace(name);
  note(name, "address:port", "none");
  if (!has(name)) return std::nullopt;
  return endpoint(name);
}

std::vector<std::string> ConfigSection::texts(std::string_view name, std::size_t most) {
  place_->known.emplace(name);
  note(name, "list of at most " + std::to_string(most), "[]");
  const YAML::Node node = place_->find(name);
  std::vector<std::string> values;
  if (!node.IsDefined() || node.IsNull()) return values;
  if (!node.IsSequence() || node.size() > most) {
    complain(name, "must be a list of at most " + std::to_string(most) + " values");
    return values;
  }
  for (const auto& entry : node) {
    if (!entry.IsScalar()) {
      state_->complain(line_of(entry), place_->path_of(name), "each entry must be a single value");
      continue;
    }
    values.push_back(entry.Scalar());
  }
  state_->asked.push_back({place_->path_of(name), "[" + listed(values) + "]", line_of(node)});
  return values;
}

std::vector<std::vector<std::string>> ConfigSection::text_lists(std::string_view name,
                                                                std::size_t most) {
  place_->known.emplace(name);
  note(name, "list of at most " + std::to_string(most) + " lists", "[]");
  const YAML::Node node = place_->find(name);
  std::vector<std::vector<std::string>> lists;
  if (!node.IsDefined() || node.IsNull()) return lists;
  if (!node.IsSequence() || node.size() > most) {
    complain(name, "must be a list of at most " + std::to_string(most) + " lists");
    return lists;
  }
  std::string shown;
  for (const auto& entry : node) {
    std::vector<std::string> values;
    const bool plain = entry.IsSequence() && std::ranges::all_of(entry, [](const auto& value) {
                         return value.IsScalar();
                       });
    if (!plain) {
      state_->complain(line_of(entry), place_->path_of(name),
                       "each entry must be a list of single values: [[a, b], [c]]");
      continue;
    }
    for (const auto& value : entry) values.push_back(value.Scalar());
    shown += (shown.empty() ? "[" : ", [") + listed(values) + "]";
    lists.push_back(std::move(values));
  }
  state_->asked.push_back({place_->path_of(name), "[" + shown + "]", line_of(node)});
  return lists;
}

std::string ConfigSection::word(std::string_view name, const std::vector<std::string_view>& known,
                                std::optional<std::string> fallback) {
  note(name, listed(known), fallback);
  const auto read = scalar(name, !fallback, fallback.value_or(""));
  if (!read) return fallback.value_or("");
  if (std::ranges::find(known, *read) != known.end()) return *read;
  complain(name,
           in_quotes(*read) + " must be one of " + listed(known) + did_you_mean(*read, known));
  return fallback.value_or("");
}

ConfigSection ConfigSection::section(std::string_view name) {
  place_->known.emplace(name);
  auto place = std::make_shared<Place>();
  place->path = place_->path_of(name);
  const YAML::Node node = place_->find(name);
  place->line = node.IsDefined() ? line_of(node) : place_->line;
  if (node.IsDefined() && !node.IsNull()) {
    if (node.IsMap()) {
      place->node = node;
    } else {
      complain(name, "must be a map of fields (name: value)");
    }
  }
  state_->places.push_back(place);
  return {state_, std::move(place)};
}

std::vector<ConfigSection> ConfigSection::sections(std::string_view name, std::size_t most) {
  place_->known.emplace(name);
  const YAML::Node node = place_->find(name);
  std::vector<ConfigSection> found;
  if (!node.IsDefined() || node.IsNull()) return found;
  if (!node.IsSequence() || node.size() > most) {
    complain(name,
             "must be a list of at most " + std::to_string(most) + " entries (- name: value)");
    return found;
  }
  for (const auto& entry : node) {
    auto place = std::make_shared<Place>();
    place->path = place_->path_of(name) + "[" + std::to_string(found.size()) + "]";
    place->line = line_of(entry);
    if (entry.IsMap()) {
      place->node = static_cast<const YAML::Node&>(entry);
    } else {
      state_->complain(place->line, place->path, "must be a map of fields (name: value)");
    }
    state_->places.push_back(place);
    found.push_back({state_, std::move(place)});
  }
  return found;
}

std::vector<std::string> ConfigSection::keys() {
  place_->open_keys = true;
  std::vector<std::string> names;
  if (!place_->node.IsMap()) return names;
  for (const auto& entry : place_->node) {
    if (entry.first.IsScalar()) {
      names.push_back(entry.first.Scalar());
    } else {
      state_->complain(line_of(entry.first), place_->path, "a name must be a single value");
    }
  }
  return names;
}

}  // namespace weir
