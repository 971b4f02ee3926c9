#pragma once

#include <filesystem>
#include <string>

#include "common/base/bytes.h"
#include "common/base/result.h"

namespace weir::agent {

/// A private directory of small files, each replaced as a whole. Every call blocks on the disk.
class StateDir {
 public:
  /// Makes the directory with mode 0700 when it is missing.
  /// Errors: permission_denied, failed_precondition (others may enter it: says how to fix),
  /// unavailable (the system's words).
  static Result<StateDir> open(std::filesystem::path path);

  /// Errors: not_found, resource_exhausted (longer than `most`), unavailable.
  Result<ByteVector> read(const std::string& name, std::size_t most) const;

  /// Writes a temporary file (0600), syncs it, renames it over `name`, syncs the directory. After
  /// an error the old file is still whole.
  /// Errors: resource_exhausted (disk full), unavailable.
  Status replace(const std::string& name, ByteView bytes) const;

  /// Not being there is no error.
  Status remove(const std::string& name) const;

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit StateDir(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace weir::agent
