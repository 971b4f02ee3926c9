#pragma once

#include <string>
#include <string_view>

namespace weir {

/// A reason not to build the document at all, with its line (from 1); empty: none.
struct YamlProblem {
  int line = 0;
  std::string what;
};

/// Reads the events of `text` without building anything: refuses what is no YAML, more than one
/// document, anchors and aliases (a few lines of them can stand for gigabytes), nesting deeper than
/// 32 and more than 200 000 nodes.
YamlProblem check_yaml(std::string_view text);

}  // namespace weir
