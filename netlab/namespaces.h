#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/os/fd.h"
#include "netlab/topology.h"

namespace weir::netlab {

/// The network namespaces of a lab, as `ip netns` knows them; removed by the destructor.
///
/// A lab's name is locked while it is up, and the namespaces made are on record
/// (/run/weir-netlab/<name>), so a lab that was killed is swept away by the next one of its name,
/// and a namespace of somebody else's is never touched.
class Namespaces {
 public:
  /// Makes "<lab>-<node>" for every node, with its loopback up.
  /// Errors: failed_precondition (the lab is up already), already_exists (a namespace of that name
  /// is not ours), permission_denied, unavailable (names the command and what it printed).
  static Result<Namespaces> create(const Topology& topology);

  /// Removes what a killed lab of this name left. Errors: failed_precondition (it is up).
  static Status sweep(const std::string& lab);

  Namespaces(Namespaces&&) = default;
  Namespaces& operator=(Namespaces&&) = delete;
  ~Namespaces();

 private:
  Namespaces(std::string record, Fd lock) : record_(std::move(record)), lock_(std::move(lock)) {}

  static Result<Namespaces> take_name(const std::string& lab);
  Status add(const std::string& name);
  void remove_recorded();

  std::string record_;
  Fd lock_;
};

/// Makes the calling thread a member of the namespace while it lives.
class InNamespace {
 public:
  /// Errors: not_found, permission_denied.
  static Result<InNamespace> enter(const std::string& name);
  InNamespace(InNamespace&&) = default;
  InNamespace& operator=(InNamespace&&) = delete;
  ~InNamespace();

 private:
  explicit InNamespace(Fd home) : home_(std::move(home)) {}
  Fd home_;
};

/// Runs `ip` with these arguments and `input` on its standard input.
/// Errors: unavailable (what it printed).
Status run_ip(const std::vector<std::string>& arguments, const std::string& input = "");

}  // namespace weir::netlab
