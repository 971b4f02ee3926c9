#pragma once

#include <string>
#include <string_view>

namespace weir::cli {

/// A JSON document as YAML (1.2, block style): every JSON document is one, this is for people.
/// Strings that could be taken for something else are quoted as in JSON.
std::string yaml_of(std::string_view json);

}  // namespace weir::cli
