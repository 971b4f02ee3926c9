#include "common/config/yaml_guard.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <utility>

namespace weir {
namespace {

constexpr int k_depth_max = 32;
constexpr int k_nodes_max = 200'000;

/// Ends the parser's run; never leaves this file.
struct Refused {
  YamlProblem problem;
};

class Guard final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { node(mark, anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases (*name) are not allowed; write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string&) override {
    node(mark, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    enter(mark, anchor);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    enter(mark, anchor);
  }
  void OnMapEnd() override { --depth_; }

 private:
  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string what) {
    throw Refused{{mark.line + 1, std::move(what)}};
  }
  void node(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) refuse(mark, "anchors (&name) are not allowed; write the value out");
    if (++nodes_ > k_nodes_max) refuse(mark, "more than 200000 values");
  }
  void enter(const YAML::Mark& mark, YAML::anchor_t anchor) {
    node(mark, anchor);
    if (++depth_ > k_depth_max) refuse(mark, "nested more than 32 deep");
  }

  int depth_ = 0;
  int nodes_ = 0;
};

}  // namespace

YamlProblem check_yaml(std::string_view text) {
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Guard guard;
    if (parser.HandleNextDocument(guard) && parser.HandleNextDocument(guard)) {
      return {1, "more than one document (---); keep one"};
    }
    return {};
  } catch (const Refused& refused) {
    return refused.problem;
  } catch (const YAML::Exception& problem) {
    return {problem.mark.line + 1, "not YAML: " + problem.msg};
  } catch (const std::exception& problem) {
    return {1, std::string("not YAML: ") + problem.what()};
  }
}

}  // namespace weir
