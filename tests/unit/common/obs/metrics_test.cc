#include "common/obs/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "common/model/rtt_histogram.h"
#include "common/obs/process_metrics.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

std::size_t lines_with(const std::string& text, const std::string& words) {
  std::size_t count = 0;
  std::istringstream page(text);
  for (std::string line; std::getline(page, line);) count += line.contains(words) ? 1 : 0;
  return count;
}

TEST(Metrics, AreReadWhenTheyAreScraped) {
  Metrics metrics;
  double value = 1;
  metrics.add([&value](MetricWriter& writer) {
    writer.counter("weir_things_total", "Things.", value, {{"kind", "a"}});
    writer.counter("weir_things_total", "Things.", 2, {{"kind", "c"}});
  });
  value = 41;
  const std::string text = metrics.scrape();
  EXPECT_EQ(lines_with(text, "# HELP weir_things_total Things."), 1U) << text;
  EXPECT_EQ(lines_with(text, "# TYPE weir_things_total counter"), 1U) << text;
  EXPECT_EQ(lines_with(text, R"(weir_things_total{kind="a"} 41)"), 1U) << text;
  EXPECT_EQ(lines_with(text, "weir_metrics_series_dropped_total 0"), 1U) << text;
}

TEST(Metrics, CountWhatWasDroppedOverAllScrapes) {
  Metrics metrics;
  metrics.add([](MetricWriter& writer) {
    for (int i = 0; i < 5; ++i) {
      writer.gauge("weir_thing", "Things.", i, {{"number", std::to_string(i)}});
      writer.gauge("weir_other", "Others.", i, {{"number", std::to_string(i / 3)}});
    }
  });
  metrics.scrape(3);
  const std::string text = metrics.scrape(3);
  EXPECT_EQ(lines_with(text, "weir_thing{"), 3U) << text;
  EXPECT_EQ(lines_with(text, "weir_other{"), 2U) << text;
  EXPECT_EQ(lines_with(text, "weir_metrics_series_dropped_total 10"), 1U) << text;
}

struct LabelCase {
  const char* name;
  std::string text;
  std::string page;
};

class LabelValue : public testing::TestWithParam<LabelCase> {};

TEST_P(LabelValue, StaysOnItsLineAndInItsQuotes) {
  MetricWriter writer;
  writer.gauge("weir_thing", "Things.", 1, {{"name", GetParam().text}});
  const std::string text = writer.text();
  EXPECT_EQ(lines_with(text, "weir_thing{name=\"" + GetParam().page + "\"} 1"), 1U) << text;
  EXPECT_EQ(lines_with(text, ""), 3U) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Table, LabelValue,
    testing::Values(LabelCase{"Plain", "shop/web", "shop/web"},
                    LabelCase{"Quote", "a\"} 7", R"(a\"} 7)"}, LabelCase{"Back", "a\\", R"(a\\)"},
                    LabelCase{"LineEnd", "a\nweir_thing 7", R"(a\\x0aweir_thing 7)"},
                    LabelCase{"Null", std::string("a\0b", 3), R"(a\\x00b)"},
                    LabelCase{"NoUtf8", "\xff", R"(\\xff)"}, LabelCase{"Letters", "é", "é"}),
    [](const auto& row) { return row.param.name; });

TEST(MetricWriter, WritesEveryNumberThatCanBe) {
  MetricWriter writer;
  const double infinite = std::numeric_limits<double>::infinity();
  int i = 0;
  for (const double value : {0.1, 1e300, 1764195579.125, infinite, -infinite, std::nan("")}) {
    writer.gauge("weir_thing", "Things.", value, {{"number", std::to_string(i++)}});
  }
  EXPECT_EQ(writer.text(),
            "# HELP weir_thing Things.\n# TYPE weir_thing gauge\n"
            "weir_thing{number=\"0\"} 0.1\nweir_thing{number=\"1\"} 1e+300\n"
            "weir_thing{number=\"2\"} 1764195579.125\nweir_thing{number=\"3\"} +Inf\n"
            "weir_thing{number=\"4\"} -Inf\nweir_thing{number=\"5\"} NaN\n");
}

TEST(MetricWriter, CutsLongLabelsButKeepsThemApart) {
  const std::string stem(5000, 'a');
  const std::string one = MetricWriter::label_value(stem + "1");
  const std::string two = MetricWriter::label_value(stem + "2");
  EXPECT_EQ(one.size(), MetricWriter::k_label_bytes_max);
  EXPECT_NE(one, two);
  EXPECT_EQ(MetricWriter::label_value(stem.substr(0, 200)), stem.substr(0, 200));
}

TEST(MetricWriter, WritesHistogramsCumulatively) {
  LatencyHistogram latency;
  latency.record(milliseconds(3));
  latency.record(milliseconds(3));
  latency.record(milliseconds(400));
  latency.record(std::chrono::seconds(60));
  MetricWriter writer;
  writer.histogram("weir_a_seconds", "A.", latency);
  const std::string text = writer.text();
  EXPECT_EQ(lines_with(text, "# TYPE weir_a_seconds histogram"), 1U) << text;
  EXPECT_EQ(lines_with(text, R"(weir_a_seconds_bucket{le="0.0025"} 0)"), 1U) << text;
  EXPECT_EQ(lines_with(text, R"(weir_a_seconds_bucket{le="0.005"} 2)"), 1U) << text;
  EXPECT_EQ(lines_with(text, R"(weir_a_seconds_bucket{le="0.5"} 3)"), 1U) << text;
  EXPECT_EQ(lines_with(text, R"(weir_a_seconds_bucket{le="10"} 3)"), 1U) << text;
  EXPECT_EQ(lines_with(text, R"(weir_a_seconds_bucket{le="+Inf"} 4)"), 1U) << text;
  EXPECT_EQ(lines_with(text, "weir_a_seconds_count 4"), 1U) << text;
  const std::size_t at = text.find("weir_a_seconds_sum ");
  ASSERT_NE(at, std::string::npos);
  EXPECT_NEAR(std::stod(text.substr(at + 19)), 60.406, 60.406 / 16);
}

TEST(MetricWriter, CountsEachLineOfAHistogram) {
  RttHistogram rtt;
  rtt.record(milliseconds(5));  // a bound belongs to its bucket
  rtt.record(std::chrono::seconds(2));
  constexpr std::size_t lines = RttHistogram::k_bounds.size() + 3;
  MetricWriter writer(2 * lines);
  for (const char* to : {"a", "b", "c"}) {
    writer.histogram("weir_a_seconds", "A.", RttHistogram::k_bounds, rtt.counts, rtt.sum_s,
                     {{"to", to}});
  }
  const std::string text = writer.text();
  EXPECT_EQ(writer.dropped(), lines);
  EXPECT_EQ(lines_with(text, R"(weir_a_seconds_bucket{to="b",le="0.005"} 1)"), 1U) << text;
  EXPECT_EQ(lines_with(text, R"(weir_a_seconds_bucket{to="b",le="1"} 1)"), 1U) << text;
  EXPECT_EQ(lines_with(text, R"(weir_a_seconds_count{to="b"} 2)"), 1U) << text;
  EXPECT_EQ(lines_with(text, R"(to="c")"), 0U) << text;
}

TEST(ProcessMetrics, TellOfThisProcess) {
  MetricWriter writer;
  write_process(writer);
  write_build("agent", "1.2.3", writer);
  const std::string text = writer.text();
  for (const char* name :
       {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds",
        "process_open_fds", "process_max_fds", "process_threads", "process_virtual_memory_bytes"}) {
    const std::size_t at = text.find(std::string("\n") + name + " ");
    ASSERT_NE(at, std::string::npos) << name << text;
    const double value = std::stod(text.substr(at + std::string(name).size() + 2));
    EXPECT_GE(value, 0) << name;
    if (std::string(name) == "process_start_time_seconds") {
      EXPECT_GT(value, 1.7e9) << name;
    }
  }
  EXPECT_EQ(lines_with(text, R"(weir_build_info{component="agent",version="1.2.3"} 1)"), 1U)
      << text;
}

}  // namespace
}  // namespace weir
