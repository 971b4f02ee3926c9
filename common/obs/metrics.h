#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/model/histogram.h"

namespace prometheus {
struct MetricFamily;
}

namespace weir {

/// Takes the numbers of one scrape. Names are whole ("weir_agent_path_rtt_seconds"), base units;
/// a counter's name ends in _total.
class MetricWriter {
 public:
  using Labels = std::map<std::string, std::string>;

  MetricWriter();
  ~MetricWriter();
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

  /// The text exposition format of Prometheus, version 0.0.4.
  std::string text() const;

 private:
  prometheus::MetricFamily& family(const std::string& name, const std::string& help, int type);

  std::vector<prometheus::MetricFamily> families_;
  std::map<std::string, std::size_t> index_;
};

/// Everything a process counts, written out when somebody asks. One thread: the owner's.
class Metrics {
 public:
  using Source = std::function<void(MetricWriter&)>;

  /// What `source` refers to outlives the metrics.
  void add(Source source) { sources_.push_back(std::move(source)); }
  std::string scrape() const;

 private:
  std::vector<Source> sources_;
};

}  // namespace weir
