#pragma once

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace weir::policy {

/// Two regions, one service in both; requests from eu stay there.
inline constexpr std::string_view k_init =
    R"({"type":"init","protocol":1,"interval_ms":1000,"may_shed":false,)"
    R"("regions":[{"name":"us","lat":38.9,"lon":-77.4},{"name":"eu","lat":53.3,"lon":-6.3}],)"
    R"("paths":[{"from":"us","to":"eu","rtt_ms":68.0,"cost_per_gb":0.02}],)"
    R"("services":[{"name":"shop/web","slo_ms":250,"objective":"goodput","kb_per_request":12,)"
    R"("served_in":[{"region":"us","endpoints":8,"declared_rps":800},)"
    R"({"region":"eu","endpoints":8}],)"
    R"("residency":{"eu":["eu"]},"static_weights":{"us":{"us":130,"eu":100}},)"
    R"("guards":{"min_share":0.01,"max_step":0.2,"max_cost_per_hour":null}}]})";

inline constexpr std::string_view k_observe =
    R"({"type":"observe","t_ms":1000,"service":"shop/web",)"
    R"("sources":[{"region":"us","offered":812,)"
    R"("to":[{"region":"us","sent":459,"ok":455,"errors":1,"timeouts":3,"in_slo":431,"shed":2,)"
    R"("latency_ms":{"mean":41.0,"p50":22.1,"p90":95.0,"p99":310.0},"in_flight":37},)"
    R"({"region":"eu","sent":353,"ok":353,"in_slo":353,"latency_ms":{"mean":92.2}}]}],)"
    R"("paths":[{"from":"us","to":"eu","rtt_ms":68.3,"loss":0.01,"up":false}],)"
    R"("destinations":[{"region":"us","ready":7,"endpoints":8,"utilization":0.93,)"
    R"("in_flight":61,"queue":9}]})";

/// `text` with the first `from` replaced by `to`.
inline std::string with(std::string_view text, std::string_view from, std::string_view to) {
  std::string result(text);
  const std::size_t at = result.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) result.replace(at, from.size(), to);
  return result;
}

inline boost::json::value json(std::string_view line) {
  return boost::json::parse(boost::json::string_view(line.data(), line.size()));
}

}  // namespace weir::policy
