#include "agent/paths/path_service.h"

#include <utility>

#include "agent/paths/path_loop.h"

namespace weir::agent {

PathService::PathService(PathOptions options, Clock& clock, Callbacks callbacks)
    : loop_(std::make_unique<PathLoop>(std::move(options), clock, std::move(callbacks))) {}

PathService::~PathService() { stop(); }

void PathService::start() { loop_->start(); }

void PathService::stop() { loop_->stop(); }

void PathService::set_peers(Peers peers) { loop_->set_peers(std::move(peers)); }

std::vector<PathWindow> PathService::windows() const { return *loop_->windows(); }

PathService::Counters PathService::counters() const { return loop_->counters(); }

std::string PathService::bind_problem() const { return loop_->bind_problem(); }

bool PathService::post(std::function<void()> job) { return loop_->post(std::move(job)); }

void PathService::ping(const AgentId& agent, int count, PingDone done) {
  loop_->ping(agent, count, std::move(done));
}

}  // namespace weir::agent
