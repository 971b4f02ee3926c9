#pragma once

#include <string>
#include <vector>

#include "cli/render/table.h"

namespace weir::cli {

/// "us-east-1" -> "us-e", "ap-northeast-1" -> "ap-ne"; the whole names when two would be alike.
std::vector<std::string> short_region_names(const std::vector<std::string>& regions);

/// Rows from, columns to; `cells[from][to]`. Rows carry whole names, columns short ones.
Table matrix_table(const std::vector<std::string>& regions,
                   const std::vector<std::vector<Cell>>& cells);

}  // namespace weir::cli
