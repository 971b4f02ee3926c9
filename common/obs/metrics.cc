#include "common/obs/metrics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <functional>

#include "common/base/text.h"

namespace weir {
namespace {

constexpr std::array<double, 12> k_latency_bounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                     0.1,   0.25,   0.5,   1,    2.5,   10};

/// FNV-1a: two long names that begin alike stay two.
std::uint32_t digest_of(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

void add_number(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), value);
    out.append(digits.data(), end.ptr);
  }
}

/// `from="us",to="eu"`
std::string in_text(const MetricWriter::Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!out.empty()) out += ',';
    out += name;
    out += "=\"";
    for (const char c : MetricWriter::label_value(value)) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out;
}

void add_line(std::string_view name, std::string_view suffix, std::string_view labels, double value,
              std::string& out) {
  out += name;
  out += suffix;
  if (!labels.empty()) {
    out += '{';
    out += labels;
    out += '}';
  }
  out += ' ';
  add_number(value, out);
  out += '\n';
}

}  // namespace

std::string MetricWriter::label_value(std::string_view text) {
  const auto plain = [](char c) { return c >= ' ' && c <= '~'; };
  std::string value = std::ranges::all_of(text, plain) ? std::string(text) : escape_controls(text);
  if (value.size() <= k_label_bytes_max) return value;
  std::array<char, 10> tail{};
  static_cast<void>(std::snprintf(tail.data(), tail.size(), "~%08x", digest_of(text)));
  return cut_text(value, k_label_bytes_max - 9) + tail.data();
}

std::string* MetricWriter::place_for(const std::string& name, const std::string& help,
                                     const char* type, const std::string& labels,
                                     std::size_t lines) {
  const auto [found, is_new] = families_.try_emplace(name);
  Family& family = found->second;
  if (is_new) {
    family.text = "# HELP " + name + ' ' + help + "\n# TYPE " + name + ' ' + type + '\n';
  }
  if (family.lines + lines > series_max_ ||
      !family.written.insert(std::hash<std::string>()(labels)).second) {
    dropped_ += lines;
    return nullptr;
  }
  family.lines += lines;
  return &family.text;
}

void MetricWriter::write(const std::string& name, const std::string& help, const char* type,
                         double value, const Labels& labels) {
  const std::string text = in_text(labels);
  std::string* out = place_for(name, help, type, text, 1);
  if (out != nullptr) add_line(name, "", text, value, *out);
}

void MetricWriter::counter(const std::string& name, const std::string& help, double value,
                           const Labels& labels) {
  write(name, help, "counter", value, labels);
}

void MetricWriter::gauge(const std::string& name, const std::string& help, double value,
                         const Labels& labels) {
  write(name, help, "gauge", value, labels);
}

void MetricWriter::histogram(const std::string& name, const std::string& help,
                             const LatencyHistogram& latency, const Labels& labels) {
  std::array<std::uint64_t, k_latency_bounds.size() + 1> counts{};
  std::size_t step = 0;
  for (std::size_t bucket = 0; bucket < LatencyHistogram::k_buckets; ++bucket) {
    const double seconds = static_cast<double>(LatencyHistogram::lower_bound_us(bucket)) * 1e-6;
    while (step < k_latency_bounds.size() && seconds > k_latency_bounds[step]) ++step;
    counts[step] += latency.count(bucket);
  }
  const double sum = latency.mean_us() * 1e-6 * static_cast<double>(latency.total());
  histogram(name, help, k_latency_bounds, counts, sum, labels);
}

void MetricWriter::histogram(const std::string& name, const std::string& help,
                             std::span<const double> bounds, std::span<const std::uint64_t> counts,
                             double sum, const Labels& labels) {
  const std::string text = in_text(labels);
  std::string* out = place_for(name, help, "histogram", text, bounds.size() + 3);
  if (out == nullptr) return;
  std::uint64_t upto = 0;
  for (std::size_t i = 0; i <= bounds.size(); ++i) {
    upto += counts[i];
    std::string with_bound = text + (text.empty() ? "le=\"" : ",le=\"");
    add_number(i < bounds.size() ? bounds[i] : INFINITY, with_bound);
    add_line(name, "_bucket", with_bound + '"', static_cast<double>(upto), *out);
  }
  add_line(name, "_sum", text, sum, *out);
  add_line(name, "_count", text, static_cast<double>(upto), *out);
}

std::string MetricWriter::text() const {
  std::size_t size = 0;
  for (const auto& [name, family] : families_) size += family.text.size();
  std::string page;
  page.reserve(size);
  for (const auto& [name, family] : families_) page += family.text;
  return page;
}

std::string Metrics::scrape(std::size_t series_max) {
  MetricWriter writer(series_max);
  for (const Source& source : sources_) source(writer);
  dropped_ += writer.dropped();
  writer.counter("weir_metrics_series_dropped_total",
                 "Lines left out of this page because their metric had too many.",
                 static_cast<double>(dropped_));
  return writer.text();
}

}  // namespace weir
