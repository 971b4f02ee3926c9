#include "common/obs/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <cstdio>
#include <limits>
#include <set>
#include <sstream>
#include <utility>

#include "common/base/text.h"

namespace weir {

struct MetricWriter::Families {
  std::vector<prometheus::MetricFamily> all;
  struct Place {
    std::size_t index = 0;
    std::size_t lines = 0;
    std::set<Labels> written;
  };
  std::map<std::string, Place> places;
};

struct MetricWriter::Sample {
  prometheus::MetricType type;
  std::size_t lines = 1;
  Labels labels;
  prometheus::ClientMetric metric;
};

namespace {

constexpr std::array<double, 12> k_latency_bounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                     0.1,   0.25,   0.5,   1,    2.5,   10};

MetricWriter::Labels bounded(const MetricWriter::Labels& labels) {
  MetricWriter::Labels made;
  for (const auto& [name, value] : labels) made.emplace(name, MetricWriter::label_value(value));
  return made;
}

/// FNV-1a: two long names that begin alike stay two.
std::uint32_t digest_of(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

}  // namespace

MetricWriter::MetricWriter(std::size_t series_max)
    : series_max_(series_max), families_(std::make_unique<Families>()) {}

MetricWriter::~MetricWriter() = default;

std::string MetricWriter::label_value(std::string_view text) {
  std::string value = escape_controls(text);
  if (value.size() <= k_label_bytes_max) return value;
  std::array<char, 10> tail{};
  static_cast<void>(std::snprintf(tail.data(), tail.size(), "~%08x", digest_of(text)));
  return cut_text(value, k_label_bytes_max - 9) + tail.data();
}

void MetricWriter::write(const std::string& name, const std::string& help, Sample sample) {
  const auto [found, is_new] = families_->places.try_emplace(name);
  Families::Place& place = found->second;
  if (is_new) {
    place.index = families_->all.size();
    families_->all.push_back({name, help, sample.type, {}});
  }
  if (place.lines + sample.lines > series_max_ || !place.written.insert(sample.labels).second) {
    dropped_ += sample.lines;
    return;
  }
  place.lines += sample.lines;
  for (auto& [label, value] : sample.labels) sample.metric.label.push_back({label, value});
  families_->all[place.index].metric.push_back(std::move(sample.metric));
}

void MetricWriter::counter(const std::string& name, const std::string& help, double value,
                           const Labels& labels) {
  Sample sample{.type = prometheus::MetricType::Counter, .labels = bounded(labels), .metric = {}};
  sample.metric.counter.value = value;
  write(name, help, std::move(sample));
}

void MetricWriter::gauge(const std::string& name, const std::string& help, double value,
                         const Labels& labels) {
  Sample sample{.type = prometheus::MetricType::Gauge, .labels = bounded(labels), .metric = {}};
  sample.metric.gauge.value = value;
  write(name, help, std::move(sample));
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
  Sample sample{.type = prometheus::MetricType::Histogram,
                .lines = bounds.size() + 3,
                .labels = bounded(labels),
                .metric = {}};
  auto& made = sample.metric.histogram;
  std::uint64_t upto = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    upto += counts[i];
    made.bucket.push_back({upto, bounds[i]});
  }
  upto += counts.back();
  made.bucket.push_back({upto, std::numeric_limits<double>::infinity()});
  made.sample_count = upto;
  made.sample_sum = sum;
  write(name, help, std::move(sample));
}

std::string MetricWriter::text() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families_->all);
  return out.str();
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
