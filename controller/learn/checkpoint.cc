#include "controller/learn/checkpoint.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace weir::controller {
namespace {

constexpr std::string_view k_magic = "weir-checkpoint ";
constexpr std::uint64_t k_version = 1;
constexpr std::size_t k_most_bytes = 8U << 20U;
constexpr std::uint64_t k_most_numbers = 100'000;
constexpr std::uint64_t k_most_settings = 1000;
constexpr std::size_t k_most_name = 64;
constexpr std::size_t k_most_recipe = 400;
constexpr std::size_t k_numbers_a_line = 8;

std::uint64_t digest_of(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return hash;
}

std::string hex_of(std::uint64_t value) {
  std::string text(16, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, value >>= 4U) {
    *digit = "0123456789abcdef"[value & 15U];
  }
  return text;
}

std::string text_of(double value) {
  if (std::isnan(value)) return "-";
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

void write_numbers(std::string& out, const std::vector<double>& numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const bool last = i + 1 == numbers.size() || (i + 1) % k_numbers_a_line == 0;
    out += text_of(numbers[i]) + (last ? "\n" : " ");
  }
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= k_most_name && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

/// Takes the text apart line by line and word by word.
class Reader {
 public:
  explicit Reader(std::string_view text) : left_(text) {}

  bool done() const { return left_.empty(); }
  std::string_view line() {
    const std::size_t end = left_.find('\n');
    const std::string_view line = left_.substr(0, end);
    left_ = end == std::string_view::npos ? std::string_view() : left_.substr(end + 1);
    ++number_;
    return line;
  }
  std::unexpected<Error> complain(std::string_view rule) const {
    return fail(Code::invalid_argument,
                "checkpoint line " + std::to_string(number_) + ": " + std::string(rule));
  }

  /// "`word` N" with N up to `most`.
  Result<std::uint64_t> count(std::string_view word, std::uint64_t most) {
    const std::string_view text = line();
    std::uint64_t value = 0;
    if (!text.starts_with(word) || text.size() <= word.size() || text[word.size()] != ' ') {
      return complain("needs \"" + std::string(word) + " N\"");
    }
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + word.size() + 1, end, value);
    if (read.ec != std::errc() || read.ptr != end) return complain("needs a whole number");
    if (value > most) return complain("at most " + std::to_string(most));
    return value;
  }

  static bool number(std::string_view word, double& value, bool may_be_unknown = false) {
    if (may_be_unknown && word == "-") {
      value = std::numeric_limits<double>::quiet_NaN();
      return true;
    }
    const char* end = word.data() + word.size();
    const auto read = std::from_chars(word.data(), end, value);
    return read.ec == std::errc() && read.ptr == end && std::isfinite(value);
  }

  Result<std::vector<double>> numbers(std::uint64_t count) {
    std::vector<double> values;
    while (values.size() < count) {
      if (done()) return complain("ends before its numbers");
      std::string_view text = line();
      const std::size_t wanted = std::min<std::size_t>(k_numbers_a_line, count - values.size());
      for (std::size_t i = 0; i < wanted; ++i) {
        const std::size_t end = text.find(' ');
        double value = 0;
        if (!number(text.substr(0, end), value)) return complain("needs finite numbers");
        values.push_back(value);
        if ((end == std::string_view::npos) != (i + 1 == wanted)) {
          return complain("needs " + std::to_string(wanted) + " numbers");
        }
        if (end != std::string_view::npos) text.remove_prefix(end + 1);
      }
    }
    return values;
  }

 private:
  std::string_view left_;
  std::size_t number_ = 0;
};

Status read_settings(Reader& reader, Checkpoint& checkpoint) {
  const auto count = reader.count("settings", k_most_settings);
  if (!count) return fail(count.error());
  for (std::uint64_t i = 0; i < *count; ++i) {
    const std::string_view line = reader.line();
    const std::size_t space = line.find(' ');
    double value = 0;
    if (space == std::string_view::npos || !is_name(line.substr(0, space)) ||
        !Reader::number(line.substr(space + 1), value)) {
      return reader.complain("needs a name and a finite number");
    }
    checkpoint.settings.emplace_back(line.substr(0, space), value);
  }
  return {};
}

Status read_search(Reader& reader, Checkpoint& checkpoint) {
  const auto generation = reader.count("generation", UINT64_MAX);
  if (!generation) return fail(generation.error());
  const auto sigma = reader.numbers(1);
  if (!sigma) return fail(sigma.error());
  const auto size = reader.count("dimension", k_most_numbers);
  if (!size) return fail(size.error());
  if (*size == 0) return reader.complain("a search has at least one dimension");
  EvolutionState state{.generation = *generation, .sigma = sigma->front()};
  for (auto* part : {&state.mean, &state.scale, &state.sigma_path, &state.scale_path}) {
    auto values = reader.numbers(*size);
    if (!values) return fail(values.error());
    *part = *std::move(values);
  }
  const auto positive = [](double value) { return value > 0; };
  if (!positive(state.sigma) || !std::ranges::all_of(state.scale, positive)) {
    return reader.complain("steps are above 0");
  }
  checkpoint.search = std::move(state);
  const auto best_size = reader.count("best", k_most_numbers);
  if (!best_size) return fail(best_size.error());
  if (*best_size != 0 && *best_size != *size) return reader.complain("best is a candidate");
  auto best = reader.numbers(*best_size);
  if (!best) return fail(best.error());
  checkpoint.best = *std::move(best);
  const auto loss = reader.numbers(1);
  if (!loss) return fail(loss.error());
  checkpoint.best_loss = loss->front();
  return {};
}

Status read_curve(Reader& reader, Checkpoint& checkpoint) {
  const auto count = reader.count("curve", k_most_numbers);
  if (!count) return fail(count.error());
  for (std::uint64_t i = 0; i < *count; ++i) {
    const std::string_view line = reader.line();
    const std::size_t first = line.find(' ');
    const std::size_t second = line.find(' ', first == std::string_view::npos ? 0 : first + 1);
    CurvePoint point;
    if (first == std::string_view::npos || second == std::string_view::npos) {
      return reader.complain("needs generation, loss and validation");
    }
    const char* end = line.data() + first;
    const auto read = std::from_chars(line.data(), end, point.generation);
    if (read.ec != std::errc() || read.ptr != end ||
        !Reader::number(line.substr(first + 1, second - first - 1), point.loss, true) ||
        !Reader::number(line.substr(second + 1), point.validation, true)) {
      return reader.complain("needs generation, loss and validation");
    }
    checkpoint.curve.push_back(point);
  }
  return {};
}

Result<std::string_view> checked_body(std::string_view text) {
  if (text.size() > k_most_bytes) {
    return fail(Code::invalid_argument, "checkpoint of " + std::to_string(text.size()) +
                                            " bytes; at most " + std::to_string(k_most_bytes));
  }
  if (!text.starts_with(k_magic)) {
    return fail(Code::invalid_argument, "no checkpoint: needs \"weir-checkpoint 1\" first");
  }
  if (!text.starts_with("weir-checkpoint 1\n")) {
    return fail(Code::unimplemented, "checkpoint of another version than " +
                                         std::to_string(k_version) + "; use a newer program");
  }
  constexpr std::size_t k_tail = std::string_view("digest 0123456789abcdef\n").size();
  if (text.size() < k_tail) return fail(Code::data_loss, "checkpoint without its digest");
  const std::string_view body = text.substr(0, text.size() - k_tail);
  if (text.substr(body.size()) != "digest " + hex_of(digest_of(body)) + "\n") {
    return fail(Code::data_loss, "checkpoint whose digest does not fit: cut off or changed");
  }
  return body;
}

}  // namespace

std::string write_checkpoint(const Checkpoint& checkpoint) {
  std::string recipe = checkpoint.recipe.substr(0, k_most_recipe);
  std::ranges::replace_if(recipe, [](char c) { return c < ' ' || c > '~'; }, ' ');
  std::string out = std::string(k_magic) + std::to_string(k_version) + "\n";
  out += "recipe " + recipe + "\n";
  out += "seed " + std::to_string(checkpoint.seed) + "\n";
  out += "settings " + std::to_string(checkpoint.settings.size()) + "\n";
  for (const auto& [name, value] : checkpoint.settings) out += name + " " + text_of(value) + "\n";
  out += "weights " + std::to_string(checkpoint.weights.size()) + "\n";
  write_numbers(out, checkpoint.weights);
  out += "searching " + std::to_string(checkpoint.search ? 1 : 0) + "\n";
  if (checkpoint.search) {
    const EvolutionState& state = *checkpoint.search;
    out += "generation " + std::to_string(state.generation) + "\n" + text_of(state.sigma) + "\n";
    out += "dimension " + std::to_string(state.mean.size()) + "\n";
    for (const auto* part : {&state.mean, &state.scale, &state.sigma_path, &state.scale_path}) {
      write_numbers(out, *part);
    }
    out += "best " + std::to_string(checkpoint.best.size()) + "\n";
    write_numbers(out, checkpoint.best);
    out += text_of(checkpoint.best_loss) + "\n";
  }
  out += "curve " + std::to_string(checkpoint.curve.size()) + "\n";
  for (const CurvePoint& point : checkpoint.curve) {
    out += std::to_string(point.generation) + " " + text_of(point.loss) + " " +
           text_of(point.validation) + "\n";
  }
  return out + "digest " + hex_of(digest_of(out)) + "\n";
}

Result<Checkpoint> read_checkpoint(std::string_view text) {
  const auto body = checked_body(text);
  if (!body) return fail(body.error());
  Reader reader(*body);
  reader.line();
  Checkpoint checkpoint;
  const std::string_view recipe = reader.line();
  if (!recipe.starts_with("recipe ") || recipe.size() > k_most_recipe + 7) {
    return reader.complain("needs \"recipe ...\"");
  }
  checkpoint.recipe = recipe.substr(7);
  const auto seed = reader.count("seed", UINT64_MAX);
  if (!seed) return fail(seed.error());
  checkpoint.seed = *seed;
  WEIR_TRY(read_settings(reader, checkpoint));
  const auto count = reader.count("weights", k_most_numbers);
  if (!count) return fail(count.error());
  auto weights = reader.numbers(*count);
  if (!weights) return fail(weights.error());
  checkpoint.weights = *std::move(weights);
  const auto searching = reader.count("searching", 1);
  if (!searching) return fail(searching.error());
  if (*searching == 1) WEIR_TRY(read_search(reader, checkpoint));
  WEIR_TRY(read_curve(reader, checkpoint));
  if (!reader.done()) return reader.complain("nothing may follow the curve");
  return checkpoint;
}

}  // namespace weir::controller
