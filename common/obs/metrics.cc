#include "common/obs/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <limits>
#include <sstream>
#include <utility>

namespace weir {
namespace {

prometheus::ClientMetric with_labels(const MetricWriter::Labels& labels) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
  return metric;
}

}  // namespace

MetricWriter::MetricWriter() = default;
MetricWriter::~MetricWriter() = default;

prometheus::MetricFamily& MetricWriter::family(const std::string& name, const std::string& help,
                                               int type) {
  const auto [place, is_new] = index_.try_emplace(name, families_.size());
  if (is_new) {
    families_.push_back({name, help, static_cast<prometheus::MetricType>(type), {}});
  }
  return families_[place->second];
}

void MetricWriter::counter(const std::string& name, const std::string& help, double value,
                           const Labels& labels) {
  auto metric = with_labels(labels);
  metric.counter.value = value;
  family(name, help, static_cast<int>(prometheus::MetricType::Counter)).metric.push_back(metric);
}

void MetricWriter::gauge(const std::string& name, const std::string& help, double value,
                         const Labels& labels) {
  auto metric = with_labels(labels);
  metric.gauge.value = value;
  family(name, help, static_cast<int>(prometheus::MetricType::Gauge)).metric.push_back(metric);
}

void MetricWriter::histogram(const std::string& name, const std::string& help,
                             const LatencyHistogram& latency, const Labels& labels) {
  constexpr std::array<double, 12> bounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                             0.1,   0.25,   0.5,   1,    2.5,   10};
  auto metric = with_labels(labels);
  std::array<std::uint64_t, bounds.size()> upto{};
  double sum = 0;
  for (std::size_t bucket = 0; bucket < LatencyHistogram::k_buckets; ++bucket) {
    const std::uint64_t count = latency.count(bucket);
    if (count == 0) continue;
    const double seconds = static_cast<double>(LatencyHistogram::lower_bound_us(bucket)) * 1e-6;
    sum += seconds * static_cast<double>(count);
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      if (seconds <= bounds[i]) upto[i] += count;
    }
  }
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    metric.histogram.bucket.push_back({upto[i], bounds[i]});
  }
  metric.histogram.bucket.push_back({latency.total(), std::numeric_limits<double>::infinity()});
  metric.histogram.sample_count = latency.total();
  metric.histogram.sample_sum = sum;
  family(name, help, static_cast<int>(prometheus::MetricType::Histogram)).metric.push_back(metric);
}

std::string MetricWriter::text() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families_);
  return out.str();
}

std::string Metrics::scrape() const {
  MetricWriter writer;
  for (const Source& source : sources_) source(writer);
  return writer.text();
}

}  // namespace weir
