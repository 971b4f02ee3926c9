#include <fstream>

#include "common/config/config.h"

namespace weir {

Result<Config> Config::load(const std::filesystem::path& file) {
  std::error_code problem;
  const auto status = std::filesystem::status(file, problem);
  if (!std::filesystem::exists(status)) {
    return fail(Code::not_found, "config file " + file.string() + " does not exist");
  }
  if (std::filesystem::is_directory(status)) {
    return fail(Code::invalid_argument, "config file " + file.string() + " is a directory");
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream)
    return fail(Code::permission_denied, "config file " + file.string() + " cannot be read");
  std::string text(k_config_bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > k_config_bytes_max) {
    return fail(Code::resource_exhausted, "config file " + file.string() + " is larger than 1 MiB");
  }
  return parse(text, file.string());
}

}  // namespace weir
