#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace weir::controller {

/// The thread on which policies compute, one piece of work after the other. Work that hangs is left
/// behind with its thread: nothing can stop it, so it must own all it touches.
class SteeringWorker {
 public:
  /// Must not throw.
  using Work = std::function<void()>;

  SteeringWorker();
  /// Waits a second for the work that runs; what waits is dropped.
  ~SteeringWorker();
  SteeringWorker(const SteeringWorker&) = delete;
  SteeringWorker& operator=(const SteeringWorker&) = delete;

  /// Any thread.
  void add(Work work);
  /// Pieces finished so far; it stands still while one hangs.
  std::uint64_t finished() const;
  /// Leaves the work that runs to its thread and goes on with the rest on a new one.
  void leave_behind();

 private:
  struct Shared;
  void start();

  std::shared_ptr<Shared> shared_;
};

}  // namespace weir::controller
