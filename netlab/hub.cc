#include "netlab/hub.h"

#include <algorithm>
#include <boost/json.hpp>

#include "common/base/text.h"
#include "netlab/packet.h"

namespace weir::netlab {
namespace {

/// The first due first; of the same time, the first sent.
constexpr auto k_later = [](const auto& a, const auto& b) {
  return a.due != b.due ? a.due > b.due : a.order > b.order;
};

/// One stream of randomness per pair of names, so that adding a node leaves the others' as is.
std::uint64_t seed_of(const Topology& lab, const DirectedLink& link) {
  std::uint64_t hash = 0xcbf29ce484222325U ^ lab.seed;
  const auto mix = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    hash = (hash ^ 0xffU) * 0x100000001b3U;
  };
  mix(lab.nodes[link.from].name);
  mix(lab.nodes[link.to].name);
  return hash;
}

}  // namespace

Hub::Hub(Topology topology) : topology_(std::move(topology)) {
  const std::size_t nodes = topology_.nodes.size();
  link_of_.assign(nodes * nodes, -1);
  unroutable_.assign(nodes, 0);
  for (std::size_t node = 0; node < nodes; ++node) {
    for (const NodeAddress& address : topology_.nodes[node].addresses) {
      owner_.emplace(address.address, node);
    }
  }
  for (const DirectedLink& link : topology_.links) {
    link_of_[link.from * nodes + link.to] = static_cast<std::int32_t>(links_.size());
    LinkModel model(link.settings, seed_of(topology_, link));
    links_.push_back(Link{link.from, link.to, model, false, 0, {}});
  }
}

std::optional<std::size_t> Hub::accept(std::size_t node, ByteView packet, Time now) {
  const auto destination = destination_of(packet);
  const auto owner = destination ? owner_.find(*destination) : owner_.end();
  const auto index = owner == owner_.end() ? std::nullopt : link_index(node, owner->second);
  if (!index) {
    ++unroutable_[node];
    return std::nullopt;
  }
  Link& link = links_[*index];
  ++link.counters.offered;
  link.counters.offered_bytes += packet.size();
  if (link.cut) {
    ++link.counters.cut;
    return index;
  }
  const Passage passage = link.model.pass(packet.size(), now);
  if (passage.fate == Passage::Fate::lost) ++link.counters.lost;
  if (passage.fate == Passage::Fate::queue_full) ++link.counters.queue_full;
  if (passage.copies == 2) ++link.counters.duplicated;
  if (passage.corrupted_bit >= 0) ++link.counters.corrupted;
  for (std::size_t copy = 0; copy < passage.copies; ++copy) {
    hold(*index, packet, passage.due[copy], passage.corrupted_bit);
  }
  return index;
}

void Hub::hold(std::size_t link, ByteView packet, Time due, std::int64_t corrupted_bit) {
  LinkCounters& counters = links_[link].counters;
  if (held_bytes_ + packet.size() > k_held_bytes_max) {
    ++counters.overflow;
    return;
  }
  if (free_slots_.empty()) {
    free_slots_.push_back(slots_.size());
    slots_.emplace_back();
  }
  const std::size_t slot = free_slots_.back();
  free_slots_.pop_back();
  slots_[slot].assign(packet.begin(), packet.end());
  if (corrupted_bit >= 0) {
    const auto bit = static_cast<std::size_t>(corrupted_bit);
    slots_[slot][bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  }
  held_bytes_ += packet.size();
  ++counters.in_flight;
  heap_.push_back(Held{due, order_++, link, links_[link].cuts, slot});
  std::ranges::push_heap(heap_, k_later);
}

std::optional<Time> Hub::next_due() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().due;
}

std::optional<Hub::Delivery> Hub::take_due(Time now) {
  while (!heap_.empty() && heap_.front().due <= now) {
    const Held held = pop();
    Link& link = links_[held.link];
    const ByteView packet = slots_[held.slot];
    --link.counters.in_flight;
    if (held.cuts != link.cuts) {
      ++link.counters.cut;
      continue;
    }
    ++link.counters.delivered;
    link.counters.delivered_bytes += packet.size();
    return Delivery{held.link, link.to, packet};
  }
  return std::nullopt;
}

Hub::Held Hub::pop() {
  std::ranges::pop_heap(heap_, k_later);
  const Held held = heap_.back();
  heap_.pop_back();
  held_bytes_ -= slots_[held.slot].size();
  free_slots_.push_back(held.slot);  // its bytes stay until the slot is used again
  return held;
}

void Hub::refuse(const Delivery& delivery) {
  LinkCounters& counters = links_[delivery.link].counters;
  --counters.delivered;
  counters.delivered_bytes -= delivery.packet.size();
  ++counters.refused;
}

Result<std::size_t> Hub::node_named(const std::string& name) const {
  const auto node = topology_.find(name);
  if (!node) return fail(Code::not_found, "there is no node " + in_quotes(name));
  return *node;
}

std::optional<std::size_t> Hub::link_index(std::size_t from, std::size_t to) const {
  const std::int32_t index = link_of_[from * topology_.nodes.size() + to];
  if (index < 0) return std::nullopt;
  return static_cast<std::size_t>(index);
}

Result<std::vector<std::size_t>> Hub::links_between(const LinkEnds& ends) const {
  WEIR_ASSIGN(from, node_named(ends.from));
  WEIR_ASSIGN(to, node_named(ends.to));
  std::vector<std::size_t> found;
  if (const auto there = link_index(from, to)) found.push_back(*there);
  if (ends.both) {
    if (const auto back = link_index(to, from)) found.push_back(*back);
  }
  if (found.empty()) {
    return fail(Code::not_found,
                "no link leads from " + in_quotes(ends.from) + " to " + in_quotes(ends.to));
  }
  return found;
}

Status Hub::apply(const SetCommand& command) {
  WEIR_ASSIGN(chosen, links_between(command.ends));
  for (const std::size_t index : chosen) {
    LinkSettings settings = links_[index].model.settings();
    for (const Setting& setting : command.settings) {
      WEIR_TRY(apply_setting(settings, setting.key, setting.value));
    }
    links_[index].model.change(settings);
  }
  return {};
}

void Hub::cut_link(Link& link) {
  link.cut = true;
  ++link.cuts;
  link.model.forget_order();
}

Status Hub::apply(const CutCommand& command) {
  WEIR_ASSIGN(chosen, links_between(command.ends));
  for (const std::size_t index : chosen) cut_link(links_[index]);
  return {};
}

Status Hub::apply(const IsolateCommand& command) {
  WEIR_ASSIGN(node, node_named(command.node));
  for (Link& link : links_) {
    if (link.from == node || link.to == node) cut_link(link);
  }
  return {};
}

Status Hub::apply(const HealCommand& command) {
  std::optional<std::size_t> node;
  std::optional<std::size_t> peer;
  if (!command.node.empty()) {
    WEIR_ASSIGN(found, node_named(command.node));
    node = found;
  }
  if (!command.peer.empty()) {
    WEIR_ASSIGN(found, node_named(command.peer));
    peer = found;
  }
  for (std::size_t index = 0; index < links_.size(); ++index) {
    Link& link = links_[index];
    if (node && link.from != *node && link.to != *node) continue;
    if (peer && link.from != *peer && link.to != *peer) continue;
    link.cut = false;
    link.model.change(topology_.links[index].settings);
  }
  return {};
}

namespace {

double as_ms(Duration duration) { return static_cast<double>(duration.count()) / 1e6; }

boost::json::object link_json(const Hub& hub, std::size_t index) {
  const Topology& lab = hub.topology();
  const LinkSettings& settings = hub.settings(index);
  const LinkCounters& counters = hub.counters(index);
  return {{"from", lab.nodes[lab.links[index].from].name},
          {"to", lab.nodes[lab.links[index].to].name},
          {"cut", hub.is_cut(index)},
          {"delay_ms", as_ms(settings.delay)},
          {"jitter_ms", as_ms(settings.jitter)},
          {"reorder", settings.reorder},
          {"loss", settings.loss},
          {"duplicate", settings.duplicate},
          {"corrupt", settings.corrupt},
          {"rate_bits_per_second", settings.rate_bits_per_second},
          {"queue_ms", as_ms(settings.queue)},
          {"mtu", settings.mtu},
          {"packets",
           {{"offered", counters.offered},
            {"delivered", counters.delivered},
            {"duplicated", counters.duplicated},
            {"corrupted", counters.corrupted},
            {"lost", counters.lost},
            {"queue_full", counters.queue_full},
            {"cut", counters.cut},
            {"overflow", counters.overflow},
            {"refused", counters.refused},
            {"in_flight", counters.in_flight}}},
          {"offered_bytes", counters.offered_bytes},
          {"delivered_bytes", counters.delivered_bytes}};
}

}  // namespace

std::string show_json(const Hub& hub) {
  const Topology& lab = hub.topology();
  boost::json::array nodes;
  for (std::size_t i = 0; i < lab.nodes.size(); ++i) {
    boost::json::array addresses;
    for (const NodeAddress& address : lab.nodes[i].addresses) {
      addresses.emplace_back(address.address.to_string());
    }
    nodes.push_back({{"name", lab.nodes[i].name},
                     {"namespace", lab.namespace_of(lab.nodes[i])},
                     {"addresses", std::move(addresses)},
                     {"unroutable", hub.unroutable(i)}});
  }
  boost::json::array links;
  for (std::size_t i = 0; i < hub.link_count(); ++i) links.push_back(link_json(hub, i));
  return boost::json::serialize(boost::json::object{
      {"name", lab.name}, {"nodes", std::move(nodes)}, {"links", std::move(links)}});
}

}  // namespace weir::netlab
