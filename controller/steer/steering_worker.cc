#include "controller/steer/steering_worker.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace weir::controller {
namespace {

constexpr std::chrono::seconds k_patience{1};

}  // namespace

struct SteeringWorker::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Work> waiting;
  std::uint64_t finished = 0;
  std::uint64_t thread = 0;  // the number of the one that works; others are left behind
  bool working = false;
  bool stopping = false;
};

SteeringWorker::SteeringWorker() : shared_(std::make_shared<Shared>()) { start(); }

SteeringWorker::~SteeringWorker() {
  std::unique_lock lock(shared_->mutex);
  shared_->stopping = true;
  shared_->waiting.clear();
  shared_->changed.notify_all();
  shared_->changed.wait_for(lock, k_patience, [this] { return !shared_->working; });
}

void SteeringWorker::start() {
  const std::uint64_t number = ++shared_->thread;
  shared_->working = true;
  // Detached, for one that hangs could never be joined; it owns what it touches.
  std::thread([shared = shared_, number] {
    std::unique_lock lock(shared->mutex);
    const auto mine = [&] { return shared->thread == number; };
    while (mine()) {
      shared->changed.wait(lock,
                           [&] { return !mine() || shared->stopping || !shared->waiting.empty(); });
      if (!mine()) return;
      if (shared->waiting.empty()) break;
      const Work work = std::move(shared->waiting.front());
      shared->waiting.pop_front();
      lock.unlock();
      work();
      lock.lock();
      if (mine()) ++shared->finished;
    }
    if (!mine()) return;
    shared->working = false;
    shared->changed.notify_all();
  }).detach();
}

void SteeringWorker::add(Work work) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->stopping) return;
  shared_->waiting.push_back(std::move(work));
  shared_->changed.notify_all();
}

std::uint64_t SteeringWorker::finished() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->finished;
}

void SteeringWorker::leave_behind() {
  const std::lock_guard lock(shared_->mutex);
  ++shared_->finished;
  start();
}

}  // namespace weir::controller
