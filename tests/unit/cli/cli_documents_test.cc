// weirctl get, apply, diff.

#include <gtest/gtest.h>

#include <fstream>

#include "cli/documents/difference.h"
#include "cli/documents/documents.h"
#include "cli/documents/kinds.h"
#include "tests/unit/cli/cli_fixture.h"

namespace weir::cli {
namespace {

constexpr std::int64_t k_noon_ms = StoryClock::k_noon_ms;

class CliDocuments : public CliTest {
 protected:
  CliDocuments() {
    auto& pin = *admin_.pins.add_pins();
    pin.set_service("shop/web");
    pin.set_from_region("eu-west-1");
    for (const auto& [region, weight] :
         {std::pair("eu-west-1", 30U), std::pair("us-east-1", 70U)}) {
      auto& row = *pin.add_weights();
      row.set_region(region);
      row.set_weight(weight);
    }
    pin.set_expires_unix_ms(k_noon_ms + 3'600'000);
    auto& policy = *admin_.policies.add_policies();
    policy.set_service("shop/web");
    policy.set_mode("auto");
    policy.set_mode_by("ada");
    auto& configured = *admin_.policies.add_policies();
    configured.set_service("shop/api");
    configured.set_mode("static");
    auto& guardrail = *admin_.guardrails.add_guardrails();
    guardrail.set_service("shop/web");
    guardrail.set_name("max_step");
    guardrail.set_value("0.1");
    guardrail.set_by("ada");
  }
  std::string file(const std::string& text) {
    const std::string path = folder_ + "/wanted.yaml";
    std::ofstream(path) << text;
    return path;
  }
  std::string everything() {
    std::string all;
    for (const char* kind : {"pins", "policymodes", "guardrails"}) {
      all += weirctl({"get", kind, "-o", "yaml"}).out;
    }
    return all;
  }
};

TEST_F(CliDocuments, GetsThemAsATableAndAsYaml) {
  EXPECT_EQ(weirctl({"get", "pins"}).out,
            "NAME                SPEC                        ENDS\n"
            "shop/web/eu-west-1  eu-west-1=30, us-east-1=70  in 1h\n");
  EXPECT_EQ(everything(),
            "---\napiVersion: weir.v1\nkind: Pin\nmetadata:\n  name: shop/web/eu-west-1\nspec:\n"
            "  weights:\n    eu-west-1: 30\n    us-east-1: 70\n"
            "  expires: \"2026-01-01T13:00:00Z\"\n"
            "---\napiVersion: weir.v1\nkind: PolicyMode\nmetadata:\n  name: shop/web\nspec:\n"
            "  mode: auto\n"
            "---\napiVersion: weir.v1\nkind: Guardrail\nmetadata:\n  name: shop/web/max_step\n"
            "spec:\n  value: \"0.1\"\n");
  EXPECT_EQ(weirctl({"get", "policymodes", "shop/web", "-o", "json"}).out,
            "{\n \"apiVersion\": \"weir.v1\",\n \"kind\": \"PolicyMode\",\n \"metadata\": {\n"
            "  \"name\": \"shop/web\"\n },\n \"spec\": {\n  \"mode\": \"auto\"\n }\n}\n");
  EXPECT_EQ(weirctl({"get", "pins", "shop/web/mars"}).exit, 8);
  EXPECT_EQ(weirctl({"get", "moons"}).exit, 2);
}

// What is explained is what is read: an example of each kind, and none of its fields too many.
TEST_F(CliDocuments, AreExplainedAsTheyAreRead) {
  for (const DocumentKind& kind : document_kinds()) {
    const auto read = parse_documents(kind.example, "example");
    ASSERT_TRUE(read) << kind.kind << ": " << read.error().message();
    ASSERT_EQ(read->size(), 1U);
    EXPECT_EQ(read->front().kind, kind.kind);
    const Outcome run = weirctl({"explain", std::string(kind.word)});
    EXPECT_EQ(run.exit, 0) << run.err;
    EXPECT_NE(run.out.find(kind.example), std::string::npos) << run.out;
    std::stringstream lines(run.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
    for (const DocumentField& field : kind.fields) {
      const std::string last(field.path.substr(field.path.rfind('.') + 1));
      EXPECT_NE(kind.example.find(last + ":"), std::string::npos) << field.path;
    }
  }
}

TEST_F(CliDocuments, AreExplainedFieldByField) {
  EXPECT_EQ(weirctl({"explain"}).out,
            "KIND        OF GET       WHAT IT IS\n"
            "Pin         pins         weights a person holds for requests of a service from a "
            "region\n"
            "PolicyMode  policymodes  how far a policy steers a service\n"
            "Guardrail   guardrails   a limit that policies and pins have to keep\n");
  EXPECT_EQ(weirctl({"explain", "guardrail.spec.value"}).out,
            "FIELD         FORM                   WHAT IT IS\n"
            "spec.value *  0.05 or 5%, 12.5, 15m  the limit, in its own form\n");
  EXPECT_EQ(weirctl({"explain", "Pin.spec", "-o", "name"}).out, "spec.weights\nspec.expires\n");
  EXPECT_EQ(weirctl({"explain", "moon"}).exit, 8);
  EXPECT_EQ(weirctl({"explain", "Pin.moon"}).exit, 8);
}

TEST_F(CliDocuments, LooksAtWhatCannotBeApplied) {
  auto& agent = *admin_.agents.add_agents();
  agent.set_agent("us-east-1/agent-1");
  agent.set_cluster("a");
  agent.set_connected(true);
  agent.set_last_seen_unix_ms(k_noon_ms - 2000);
  EXPECT_EQ(weirctl({"get", "agents"}).out,
            "NAME               CLUSTER  CONNECTED  VERSION  SEEN\n"
            "us-east-1/agent-1  a        true       -        2s ago\n");
  EXPECT_EQ(weirctl({"get", "agents", "-o", "name"}).out, "us-east-1/agent-1\n");
  const std::string yaml = weirctl({"get", "agents", "us-east-1/agent-1", "-o", "yaml"}).out;
  EXPECT_TRUE(
      yaml.starts_with("apiVersion: weir.v1\nkind: Agent\nmetadata:\n"
                       "  name: us-east-1/agent-1\nstatus:\n  agent: us-east-1/agent-1\n"))
      << yaml;
  EXPECT_EQ(weirctl({"apply", "-f", file(yaml), "--yes"}).exit, 2);
  for (const char* kind : {"services", "paths", "weights", "failovers", "tokens"}) {
    EXPECT_EQ(weirctl({"get", kind}).exit, 0) << kind;
  }
}

TEST_F(CliDocuments, AppliesWhatItGotWithoutAChange) {
  const std::string wanted = file(everything());
  const Outcome compared = weirctl({"diff", "-f", wanted});
  EXPECT_EQ(compared.exit, 0) << compared.out << compared.err;
  EXPECT_EQ(compared.out, "");
  const Outcome applied = weirctl({"apply", "-f", wanted});
  EXPECT_EQ(applied.exit, 0) << applied.err;
  EXPECT_EQ(applied.err, "nothing to change\n");
  EXPECT_TRUE(admin_.changes_asked.empty());
  const std::string list = weirctl({"get", "pins", "-o", "json"}).out;
  EXPECT_EQ(weirctl({"diff", "-f", file(list)}).exit, 0) << "a list is taken apart";
  answer_ = everything();
  EXPECT_EQ(weirctl({"diff", "-f", "-"}).exit, 0);
}

constexpr const char* k_wanted =
    "kind: Pin\nmetadata: {name: shop/web/eu-west-1}\nspec: {weights: {eu-west-1: 100}}\n"
    "---\n"
    "kind: Guardrail\nmetadata: {name: shop/web/max_step}\nspec: {value: 5%, expires: "
    "'2026-01-01T12:10:00Z'}\n"
    "---\n"
    "kind: PolicyMode\nmetadata: {name: shop/api}\nspec: {mode: shadow}\n";

TEST_F(CliDocuments, ShowsWhatWouldChange) {
  const Outcome run = weirctl({"diff", "-f", file(k_wanted)});
  EXPECT_EQ(run.exit, 3);
  EXPECT_EQ(run.out,
            "change Pin shop/web/eu-west-1\n"
            "  - expires: 2026-01-01T13:00:00Z\n"
            "  - weights.eu-west-1: 30\n"
            "  - weights.us-east-1: 70\n"
            "  + weights.eu-west-1: 100\n"
            "change Guardrail shop/web/max_step\n"
            "  - value: 0.1\n"
            "  + expires: 2026-01-01T12:10:00Z\n"
            "  + value: 0.05\n"
            "create PolicyMode shop/api\n"
            "  + mode: shadow\n");
  EXPECT_EQ(weirctl({"diff", "-f", file(k_wanted), "-o", "jsonl"}).out.substr(0, 131),
            "{\"apiVersion\":\"weir.v1\",\"kind\":\"Difference\",\"steps\":[{\"action\":\"change\","
            "\"kind\":\"Pin\",\"name\":\"shop/web/eu-west-1\",\"before\":{\"weights");
}

TEST_F(CliDocuments, AsksAndThenChangesOneAfterTheOther) {
  EXPECT_EQ(weirctl({"apply", "-f", file(k_wanted)}).exit, 7);
  EXPECT_EQ(weirctl({"apply", "-f", file(k_wanted), "--dry-run"}).exit, 0);
  EXPECT_TRUE(admin_.changes_asked.empty());
  const Outcome run = weirctl({"apply", "-f", file(k_wanted), "--yes"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(run.out,
            "Pin shop/web/eu-west-1: changed\n"
            "Guardrail shop/web/max_step: changed\n"
            "PolicyMode shop/api: created\n");
  EXPECT_EQ(admin_.changes_asked,
            (std::vector<std::string>{
                "PinWeights service: \"shop/web\" from_region: \"eu-west-1\" weights { region: "
                "\"eu-west-1\" weight: 100 }",
                "TightenGuardrail name: \"max_step\" service: \"shop/web\" value: \"0.05\" ttl_s: "
                "600",
                "SetPolicyMode service: \"shop/api\" mode: \"shadow\""}));
}

TEST_F(CliDocuments, RemovesOnlyOfTheKindsItIsTold) {
  const std::string one = "kind: PolicyMode\nmetadata: {name: shop/web}\nspec: {mode: auto}\n";
  EXPECT_EQ(weirctl({"diff", "-f", file(one)}).exit, 0);
  EXPECT_EQ(
      weirctl({"apply", "-f", file(one), "--prune", "Pin", "--prune", "PolicyMode", "--yes"}).out,
      "PolicyMode shop/web: unchanged\nPin shop/web/eu-west-1: removed\n");
  EXPECT_EQ(
      admin_.changes_asked,
      std::vector<std::string>{"UnpinWeights service: \"shop/web\" from_region: \"eu-west-1\""});
  EXPECT_EQ(weirctl({"apply", "-f", file(one), "--prune", "Agent"}).exit, 2);
}

TEST_F(CliDocuments, ChangesNothingWhenTheControllerWouldRefuseAPart) {
  const std::string over = std::string(k_wanted) +
                           "---\nkind: Pin\nmetadata: {name: shop/api/eu-west-1}\n"
                           "spec: {weights: {a: 1}, expires: '2025-01-01T00:00:00Z'}\n";
  const Outcome run = weirctl({"apply", "-f", file(over), "--yes"});
  EXPECT_EQ(run.exit, 2);
  EXPECT_NE(run.err.find("expires 2025-01-01T00:00:00Z is over"), std::string::npos) << run.err;
  EXPECT_TRUE(admin_.changes_asked.empty());
}

struct Wrong {
  const char* name;
  const char* text;
  const char* complaint;
};

class WrongDocument : public testing::TestWithParam<Wrong> {};

TEST_P(WrongDocument, IsRefusedWithItsLine) {
  const auto read = parse_documents(GetParam().text, "file");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Code::invalid_argument);
  EXPECT_NE(read.error().message().find(GetParam().complaint), std::string::npos)
      << read.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, WrongDocument,
    testing::Values(
        Wrong{"Kind", "kind: Agent\nmetadata: {name: a/b}\nspec: {}\n", "file:1: kind"},
        Wrong{"Version", "apiVersion: weir.v2\nkind: PolicyMode\n", "file:1: apiVersion"},
        Wrong{"Field",
              "kind: PolicyMode\nmetadata: {name: a/b}\nspec:\n  mode: auto\n  colour: red\n",
              "file:5: spec.colour"},
        Wrong{"SecondDocument",
              "# one\nkind: PolicyMode\nmetadata: {name: a/b}\nspec: {mode: auto}\n---\n"
              "kind: PolicyMode\nmetadata: {name: a/c}\nspec: {mode: fast}\n",
              "file:8: spec.mode"},
        Wrong{"Twice",
              "kind: PolicyMode\nmetadata: {name: a/b}\nspec: {mode: auto}\n---\n"
              "kind: PolicyMode\nmetadata: {name: a/b}\nspec: {mode: auto}\n",
              "stands twice"},
        Wrong{"PinName", "kind: Pin\nmetadata: {name: a/b}\nspec: {weights: {x: 1}}\n",
              "NAMESPACE/NAME/REGION"},
        Wrong{"NoWeight", "kind: Pin\nmetadata: {name: a/b/c}\nspec: {weights: {x: 0}}\n",
              "a weight above 0"},
        Wrong{"Weight", "kind: Pin\nmetadata: {name: a/b/c}\nspec: {weights: {x: 10001}}\n",
              "file:3: spec.weights.x"},
        Wrong{"Guardrail", "kind: Guardrail\nmetadata: {name: a/b/speed}\nspec: {value: 1}\n",
              "no guardrail"},
        Wrong{"Value", "kind: Guardrail\nmetadata: {name: a/b/max_step}\nspec: {value: 2}\n",
              "file:3: spec.value"},
        Wrong{"Moment",
              "kind: Guardrail\nmetadata: {name: a/b/max_step}\nspec: {value: 1, expires: soon}\n",
              "file:3: spec.expires"},
        Wrong{"Yaml", "kind: [\n", "file:"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Difference, TakesEndsThatDifferByALittleForTheSame) {
  const Document pin{.kind = "Pin", .name = "a/b/c", .spec = {}, .expires_unix_ms = 100'000};
  Document later = pin;
  later.expires_unix_ms += 1'999;
  EXPECT_EQ(changes_in(difference({pin}, {later}, {})), 0U);
  later.expires_unix_ms += 1;
  EXPECT_EQ(changes_in(difference({pin}, {later}, {})), 1U);
  later.expires_unix_ms = 0;
  EXPECT_EQ(changes_in(difference({pin}, {later}, {})), 1U) << "no end is not soon";
}

}  // namespace
}  // namespace weir::cli
