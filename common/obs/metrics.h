#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "common/model/histogram.h"

namespace weir {

/// Takes the numbers of one scrape. Names are whole ("weir_path_rtt_seconds"), base units, shares
/// from 0 to 1; a counter's name ends in _total. One name, one help text, one set of label names.
///
/// Label values come from outside: control characters and what is not UTF-8 are written as \xNN,
/// and a value longer than `k_label_bytes_max` is cut and ends in a digest of the whole. What is
/// beyond `series_max` lines of one name is dropped and counted, and so is a second sample with
/// labels that were there already: either would cost the reader of the page everything on it.
/// About 1 us per line.
class MetricWriter {
 public:
  using Labels = std::map<std::string, std::string>;

  static constexpr std::size_t k_series_max = 10'000;
  static constexpr std::size_t k_label_bytes_max = 200;

  explicit MetricWriter(std::size_t series_max = k_series_max) : series_max_(series_max) {}
  MetricWriter(const MetricWriter&) = delete;
  MetricWriter& operator=(const MetricWriter&) = delete;

  /// `help` counts the first time a name is written.
  void counter(const std::string& name, const std::string& help, double value,
               const Labels& labels = {});
  void gauge(const std::string& name, const std::string& help, double value,
             const Labels& labels = {});
  /// In seconds, with a fixed ladder of upper bounds from 1 ms to 10 s.
  void histogram(const std::string& name, const std::string& help, const LatencyHistogram& latency,
                 const Labels& labels = {});
  /// `counts` by bound, each value in one of them, and one more for what is above all `bounds`.
  void histogram(const std::string& name, const std::string& help, std::span<const double> bounds,
                 std::span<const std::uint64_t> counts, double sum, const Labels& labels = {});

  /// Lines that were not written.
  std::uint64_t dropped() const { return dropped_; }
  /// The text exposition format of Prometheus, version 0.0.4, metrics by name.
  std::string text() const;

  /// As it stands in the page, before quotes and backslashes are escaped.
  static std::string label_value(std::string_view text);

 private:
  struct Family {
    std::string text;  // with its head
    std::size_t lines = 0;
    std::unordered_set<std::size_t> written;  // digests of the labels
  };
  /// Where the lines of one more sample go; nullptr: nowhere, they are dropped.
  std::string* place_for(const std::string& name, const std::string& help, const char* type,
                         const std::string& labels, std::size_t lines);
  void write(const std::string& name, const std::string& help, const char* type, double value,
             const Labels& labels);

  const std::size_t series_max_;
  std::map<std::string, Family> families_;
  std::uint64_t dropped_ = 0;
};

/// Everything a process counts, written out when somebody asks. One thread: the owner's.
class Metrics {
 public:
  using Source = std::function<void(MetricWriter&)>;

  /// What `source` refers to outlives the metrics.
  void add(Source source) { sources_.push_back(std::move(source)); }
  /// Ends with weir_metrics_series_dropped_total, over all scrapes.
  std::string scrape(std::size_t series_max = MetricWriter::k_series_max);

 private:
  std::vector<Source> sources_;
  std::uint64_t dropped_ = 0;
};

}  // namespace weir
