#include "policy/step_codec.h"

#include <cmath>

#include "tests/unit/policy/lines.h"

namespace weir::policy {
namespace {

StepInit init_of(std::string_view text) {
  auto line = parse_step_line(text, nullptr);
  EXPECT_TRUE(line.has_value()) << line.error().message();
  return line ? std::move(std::get<StepInit>(*line)) : StepInit();
}

StepObservation observation_of(std::string_view text, const StepInit& init) {
  auto line = parse_step_line(text, &init);
  EXPECT_TRUE(line.has_value()) << line.error().message();
  return line ? std::move(std::get<StepObservation>(*line)) : StepObservation();
}

TEST(StepInit, ReadsWhatTheProtocolNames) {
  const StepInit init = init_of(k_init);
  ASSERT_EQ(init.services.size(), 1U);
  const ServiceSetting& setting = init.services[0].setting;
  EXPECT_EQ(setting.service.value(), "shop/web");
  EXPECT_EQ(setting.slo_ms, 250);
  EXPECT_EQ(setting.kb_per_request, 12);
  EXPECT_EQ(setting.served_in[0].declared_rps, 800);
  EXPECT_FALSE(known(setting.served_in[1].declared_rps));
  EXPECT_EQ(setting.min_share, 0.01);
  EXPECT_EQ(setting.max_step, 0.2);
  EXPECT_FALSE(known(setting.max_cost_per_hour));
  EXPECT_EQ(setting.allowed(1, 0), 0);
  EXPECT_EQ(setting.allowed(1, 1), 1);
  EXPECT_EQ(setting.static_weights(0, 1), 100);
  EXPECT_EQ(setting.static_weights(1, 1), 130);
  EXPECT_EQ(init.services[0].guards[1].residency, std::vector{RegionName("eu")});
}

TEST(StepInit, TakesAPathForBothDirections) {
  const StepInit init = init_of(k_init);
  const ServiceSetting& setting = init.services[0].setting;
  EXPECT_EQ(setting.rtt_ms(1, 0), 68);
  EXPECT_EQ(setting.rtt_ms(0, 0), 1);
  EXPECT_EQ(setting.cost_per_gb(1, 0), 0.02);
  EXPECT_EQ(setting.cost_per_gb(1, 1), 0);
}

TEST(StepInit, GuessesThePathsNobodyMeasuredFromTheMap) {
  const StepInit init = init_of(with(k_init, R"("rtt_ms":68.0,)", ""));
  // Virginia to Dublin is about 5500 km.
  EXPECT_NEAR(init.services[0].setting.rtt_ms(0, 1), 84, 3);
  const StepInit blind = init_of(with(with(k_init, R"("rtt_ms":68.0,)", ""), R"("lat":38.9,)", ""));
  EXPECT_FALSE(known(blind.services[0].setting.rtt_ms(0, 1)));
}

TEST(StepInit, HasStandardsForWhatIsNotSaid) {
  const StepInit init = init_of(
      R"({"type":"init","protocol":1,"regions":[{"name":"x"},{"name":"y"}],)"
      R"("services":[{"name":"s","served_in":[{"region":"x"}],"future":{"a":[1]}}],"extra":null})");
  const ServiceSetting& setting = init.services[0].setting;
  EXPECT_EQ(setting.interval_ms, 1000);
  EXPECT_EQ(setting.goal, Goal::goodput);
  EXPECT_EQ(setting.served_in[0].endpoints, 1);
  EXPECT_EQ(setting.served_in[1].endpoints, 0);
  EXPECT_EQ(setting.max_step, 1);
  EXPECT_EQ(setting.static_weights(0, 0), 130);
  EXPECT_EQ(setting.static_weights(0, 1), 100);
  EXPECT_EQ(setting.allowed(0, 1), 0) << "y does not serve";
}

struct BadCase {
  const char* name;
  std::string line;
  const char* complaint;
};

std::string bad(std::string_view from, std::string_view to) { return with(k_init, from, to); }

class StepInitLine : public testing::TestWithParam<BadCase> {};

TEST_P(StepInitLine, IsRefusedWithAReason) {
  const auto line = parse_step_line(GetParam().line, nullptr);
  ASSERT_FALSE(line.has_value());
  EXPECT_NE(line.error().message().find(GetParam().complaint), std::string::npos)
      << line.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, StepInitLine,
    testing::Values(
        BadCase{"Empty", "", "not JSON"},
        BadCase{"Truncated", std::string(k_init.substr(0, 90)), "not JSON"},
        BadCase{"Trailing", std::string(k_init) + "{}", "not JSON"},
        BadCase{"NotUtf8", bad("us", "\xff\xfe"), "not JSON"},
        BadCase{"NotANumber", bad("250", "NaN"), "not JSON"},
        BadCase{"Array", "[1]", "not a JSON object"}, BadCase{"NoType", "{}", "type is missing"},
        BadCase{"TypeNumber", R"({"type":1})", "type is missing or no string"},
        BadCase{"OtherType", R"({"type":"bye"})", "neither init nor observe"},
        BadCase{"Protocol", bad("\"protocol\":1", "\"protocol\":2"), "protocol is not 1"},
        BadCase{"NoProtocol", bad("\"protocol\":1,", ""), "protocol is not 1"},
        BadCase{"ObserveFirst", std::string(k_observe), "the first line is init"},
        BadCase{"NoRegions", R"({"type":"init","protocol":1,"regions":[]})", "regions is missing"},
        BadCase{"RegionTwice", bad("\"name\":\"eu\"", "\"name\":\"us\""), "named twice"},
        BadCase{"RegionNameless", bad("\"name\":\"eu\"", "\"name\":\"\""), "name is missing"},
        BadCase{"RegionNumber", bad("\"name\":\"eu\"", "\"name\":7"), "is not a string"},
        BadCase{"UnknownInPath", bad("\"to\":\"eu\"", "\"to\":\"mars\""), "\"mars\""},
        BadCase{"NegativeRtt", bad("68.0", "-68.0"), "lies between"},
        BadCase{"HugeRtt", bad("68.0", "1e400"), "lies between"},
        BadCase{"Objective", bad("\"goodput\"", "\"speed\""), "there are goodput, latency"},
        BadCase{"SloZero", bad("\"slo_ms\":250", "\"slo_ms\":0"), "lies between"},
        BadCase{"SloText", bad("\"slo_ms\":250", "\"slo_ms\":\"250\""), "is not a number"},
        BadCase{"Interval", bad("\"interval_ms\":1000", "\"interval_ms\":0"), "interval_ms"},
        BadCase{"MayShed", bad("\"may_shed\":false", "\"may_shed\":0"), "true or false"},
        BadCase{"MinShare", bad("\"min_share\":0.01", "\"min_share\":2"), "guards.min_share"},
        BadCase{"ServedTwice", bad("{\"region\":\"eu\",\"endpoints\":8}", "{\"region\":\"us\"}"),
                "again"},
        BadCase{"Nowhere", bad("{\"eu\":[\"eu\"]}", "{\"eu\":[]}"), "may go nowhere"},
        BadCase{"ResidencyUnknown", bad("{\"eu\":[\"eu\"]}", "{\"eu\":[\"x\"]}"), "no region"},
        BadCase{"ResidencyList", bad("{\"eu\":[\"eu\"]}", "[\"eu\"]"), "is not an object"},
        BadCase{"WeightHuge", bad("\"us\":130", "\"us\":10001"), "0 to 10000"},
        BadCase{"WeightsZero", bad("{\"us\":130,\"eu\":100}", "{\"us\":0}"), "give nothing"},
        BadCase{"NoServices", R"({"type":"init","protocol":1,"regions":[{"name":"a"}]})",
                "services is missing"},
        BadCase{"ServiceNameless", bad("\"name\":\"shop/web\",", ""), "name is missing"},
        BadCase{"ServicesObject", bad("\"services\":[", "\"services\":{\"a\":["), "not JSON"},
        BadCase{"Deep", std::string(200, '['), "not JSON"}),
    [](const auto& row) { return row.param.name; });

TEST(StepInit, RefusesASecondOneAndServicesOfTheSameName) {
  const StepInit init = init_of(k_init);
  const auto again = parse_step_line(k_init, &init);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code(), Code::failed_precondition);
  const std::string one = R"({"name":"s","served_in":[{"region":"a"}]})";
  const auto twice =
      parse_step_line(R"({"type":"init","protocol":1,"regions":[{"name":"a"}],"services":[)" + one +
                          "," + one + "]}",
                      nullptr);
  ASSERT_FALSE(twice.has_value());
  EXPECT_NE(twice.error().message().find("named twice"), std::string::npos);
}

TEST(StepInit, BoundsWhatItKeepsTablesFor) {
  std::string regions;
  for (int i = 0; i < 257; ++i)
    regions += (i ? "," : "") + (R"({"name":"r)" + std::to_string(i)) + "\"}";
  const auto many =
      parse_step_line(R"({"type":"init","protocol":1,"regions":[)" + regions +
                          R"(],"services":[{"name":"s","served_in":[{"region":"r0"}]}]})",
                      nullptr);
  ASSERT_FALSE(many.has_value());
  EXPECT_NE(many.error().message().find("256"), std::string::npos);
}

TEST(StepObservation, ReadsWhatTheProtocolNames) {
  const StepInit init = init_of(k_init);
  const ServiceObservation seen = observation_of(k_observe, init).seen;
  EXPECT_EQ(seen.t_ms, 1000);
  EXPECT_EQ(seen.offered[0], 812);
  EXPECT_FALSE(known(seen.offered[1]));
  const PairSeen& pair = seen.pairs(0, 0);
  EXPECT_EQ(pair.sent, 459);
  EXPECT_EQ(pair.ok, 455);
  EXPECT_EQ(pair.errors, 1);
  EXPECT_EQ(pair.timeouts, 3);
  EXPECT_EQ(pair.in_slo, 431);
  EXPECT_EQ(pair.shed, 2);
  EXPECT_EQ(pair.latency_mean_ms, 41);
  EXPECT_EQ(pair.latency_p50_ms, 22.1);
  EXPECT_EQ(pair.latency_p90_ms, 95);
  EXPECT_EQ(pair.latency_p99_ms, 310);
  EXPECT_EQ(pair.in_flight, 37);
  EXPECT_FALSE(known(seen.pairs(0, 1).in_flight));
  EXPECT_EQ(seen.pairs(0, 1).errors, 0);
  EXPECT_FALSE(seen.paths(0, 1).up);
  EXPECT_FALSE(seen.paths(1, 0).up) << "one direction speaks for the other";
  EXPECT_EQ(seen.paths(0, 1).rtt_ms, 68.3);
  EXPECT_TRUE(seen.paths(0, 0).up);
  EXPECT_EQ(seen.servers[0].ready, 7);
  EXPECT_EQ(seen.servers[0].queue, 9);
  EXPECT_FALSE(known(seen.servers[1].ready));
}

TEST(StepObservation, TakesWhatCannotBeForUnknown) {
  const StepInit init = init_of(k_init);
  std::string line(k_observe);
  line = with(line, "\"offered\":812", "\"offered\":-812");
  line = with(line, "\"sent\":459", "\"sent\":1e400");
  line = with(line, "\"p99\":310.0", "\"p99\":-1");
  line = with(line, "\"loss\":0.01", "\"loss\":17");
  line = with(line, "\"ready\":7", "\"ready\":null");
  line = with(line, "\"utilization\":0.93", "\"utilization\":-0.5");
  const ServiceObservation seen = observation_of(line, init).seen;
  EXPECT_FALSE(known(seen.offered[0]));
  EXPECT_EQ(seen.pairs(0, 0).sent, 0);
  EXPECT_FALSE(known(seen.pairs(0, 0).latency_p99_ms));
  EXPECT_FALSE(known(seen.paths(0, 1).loss));
  EXPECT_FALSE(known(seen.servers[0].ready));
  EXPECT_FALSE(known(seen.servers[0].utilization));
}

TEST(StepObservation, MayLackEverythingButTheService) {
  const StepInit init = init_of(k_init);
  const ServiceObservation seen =
      observation_of(R"({"type":"observe","service":"shop/web","sources":null})", init).seen;
  EXPECT_FALSE(known(seen.t_ms));
  EXPECT_FALSE(known(seen.offered[0]));
}

class StepObservationLine : public testing::TestWithParam<BadCase> {};

TEST_P(StepObservationLine, IsRefusedWithAReason) {
  const StepInit init = init_of(k_init);
  const auto line = parse_step_line(GetParam().line, &init);
  ASSERT_FALSE(line.has_value());
  EXPECT_NE(line.error().message().find(GetParam().complaint), std::string::npos)
      << line.error().message();
}

std::string bad_seen(std::string_view from, std::string_view to) {
  return with(k_observe, from, to);
}

INSTANTIATE_TEST_SUITE_P(
    Table, StepObservationLine,
    testing::Values(
        BadCase{"NoService", bad_seen("\"service\":\"shop/web\",", ""), "service is missing"},
        BadCase{"OtherService", bad_seen("shop/web", "shop/cart"), "none of the first line"},
        BadCase{"ServiceNumber", bad_seen("\"shop/web\"", "3"), "is not a string"},
        BadCase{"TimeNegative", bad_seen("\"t_ms\":1000", "\"t_ms\":-1"), "t_ms"},
        BadCase{"TimeHuge", bad_seen("\"t_ms\":1000", "\"t_ms\":1e300"), "t_ms"},
        BadCase{"TimeText", bad_seen("\"t_ms\":1000", "\"t_ms\":\"now\""), "is not a number"},
        BadCase{"SourceUnknown",
                bad_seen("\"region\":\"us\",\"offered\"", "\"region\":\"mars\",\"offered\""),
                "sources[0].region is \"mars\""},
        BadCase{"SourcesObject", bad_seen("\"sources\":[", "\"sources\":7,\"x\":["),
                "not an array"},
        BadCase{"SourceNumber", bad_seen("\"sources\":[", "\"sources\":[7,"), "not an object"},
        BadCase{"DestinationTwice",
                bad_seen("{\"region\":\"eu\",\"sent\"", "{\"region\":\"us\",\"sent\""),
                "named twice"},
        BadCase{"CountText", bad_seen("\"sent\":459", "\"sent\":\"many\""), "sent is not a number"},
        BadCase{"LatencyNumber", bad_seen("\"latency_ms\":{\"mean\":92.2}", "\"latency_ms\":92"),
                "is not an object"},
        BadCase{"UpText", bad_seen("\"up\":false", "\"up\":\"no\""), "true or false"},
        BadCase{"PathUnknown", bad_seen("\"to\":\"eu\"", "\"to\":\"io\""), "\"io\""}),
    [](const auto& row) { return row.param.name; });

TEST(StepLines, SayNumbersWithoutExponentsAndEscapeNames) {
  EXPECT_EQ(ready_line("planner", "1.2"),
            R"({"type":"ready","protocol":1,"policy":"planner","version":"1.2"})");
  EXPECT_EQ(error_line(7, "no \"x\"\n"), R"({"type":"error","line":7,"message":"no \"x\"\n"})");
  const StepInit init = init_of(k_init);
  const std::vector<StepSource> sources = {{.weights = {97, 103}, .shed = 0.12345},
                                           {.weights = {0, 10000}, .shed = 0}};
  const std::vector<Why> why = {
      {.from = 0, .to = 1, .term = "overload", .delta = -0.123456, .note = "p99 310 ms"},
      {.from = 1, .to = 1, .term = "path", .delta = NAN, .note = ""}};
  EXPECT_EQ(weights_line(init, 0, 1e15, sources, why),
            R"({"type":"weights","t_ms":1000000000000000,"service":"shop/web","sources":[)"
            R"({"region":"us","weights":{"us":97,"eu":103},"shed":0.1235},)"
            R"({"region":"eu","weights":{"us":0,"eu":10000},"shed":0}],"why":[)"
            R"({"from":"us","to":"eu","term":"overload","delta":-0.1235,"note":"p99 310 ms"},)"
            R"({"from":"eu","to":"eu","term":"path","delta":0,"note":""}]})");
  EXPECT_EQ(json(weights_line(init, 0, 1500.25, {}, {})).at("t_ms").as_double(), 1500.25);
}

TEST(Settings, AreOneObjectOfNumbers) {
  const auto settings = parse_settings(R"({"threshold":0.7,"tau_s":3})");
  ASSERT_TRUE(settings.has_value());
  EXPECT_EQ(settings->at("threshold"), 0.7);
  EXPECT_EQ(settings->at("tau_s"), 3);
  EXPECT_FALSE(parse_settings(R"({"threshold":"0.7"})").has_value());
  EXPECT_FALSE(parse_settings("[]").has_value());
}

}  // namespace
}  // namespace weir::policy
