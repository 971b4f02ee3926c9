#pragma once

#include <map>
#include <string>
#include <string_view>

namespace weir::controller {

/// One file of the site, as built: compressed, in the program's own memory.
struct SiteFile {
  std::string_view type;  // "text/html; charset=utf-8"
  std::string_view gzip;
  std::string_view etag;  // with its quotes
};

/// By path ("/index.html", "/assets/index-abc.js").
using SiteFiles = std::map<std::string, SiteFile, std::less<>>;

}  // namespace weir::controller
