#include "common/tunnel/engine.h"

#include "common/tunnel/engine_core.h"

namespace weir {

Engine::Engine(Options options, KeySource& keys, WallClock wall)
    : core_(std::make_unique<Core>(options, keys, std::move(wall))) {}

Engine::~Engine() = default;

Status Engine::apply(const DeviceConfig& config, Time now, EngineOutput& out) {
  return core_->apply(config, now, out);
}

void Engine::set_private_key(const std::optional<PrivateKey>& key, Time now, EngineOutput& out) {
  core_->set_private_key(key, now, out);
}

Status Engine::update_peer(const PeerUpdate& update, Time now, EngineOutput& out) {
  return core_->update_peer(update, now, out);
}

void Engine::remove_all_peers() { core_->remove_all_peers(); }

void Engine::set_mtu(std::size_t mtu) { core_->set_mtu(mtu); }

DeviceState Engine::state() const { return core_->state(); }

bool Engine::has_peer(const PublicKey& key) const { return core_->has_peer(key); }

std::optional<PublicKey> Engine::public_key() const { return core_->public_key(); }

void Engine::bring_up(Time now, EngineOutput& out) { core_->bring_up(now, out); }

void Engine::take_down() { core_->take_down(); }

bool Engine::is_up() const { return core_->is_up(); }

void Engine::on_datagrams(ByteSpan datagrams, std::size_t size, const UdpPath& from, Time now,
                          EngineOutput& out) {
  core_->on_datagrams(datagrams, size, from, now, out);
}

InnerVerdict Engine::on_inner_packets(std::span<const SegmentedPacket> packets, Time now,
                                      EngineOutput& out) {
  return core_->on_inner_packets(packets, now, out);
}

std::optional<Time> Engine::next_timer() const { return core_->next_timer(); }

void Engine::on_timer(Time now, EngineOutput& out) { core_->on_timer(now, out); }

void Engine::forget_local(const IpAddress& local) { core_->forget_local(local); }

void Engine::forget_locals(const IpPrefix& remotes) { core_->forget_locals(remotes); }

void Engine::set_behind(bool behind) { core_->set_behind(behind); }

std::uint64_t Engine::timestamp_sent_ns() const { return core_->timestamp_sent_ns(); }

const EngineCounters& Engine::counters() const { return core_->counters(); }

void Engine::skip_to(const PublicKey& peer, std::uint64_t counter) {
  core_->skip_to(peer, counter);
}

}  // namespace weir
