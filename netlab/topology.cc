#include "netlab/topology.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <set>

#include "common/base/text.h"
#include "common/config/yaml_guard.h"
#include "netlab/link_text.h"

namespace weir::netlab {
namespace {

/// The first complaint about the file; thrown inside the reader only, because yaml-cpp throws too.
struct Complaint {
  int line;
  std::string what;
};

[[noreturn]] void complain(const YAML::Node& at, std::string what) {
  throw Complaint{at.Mark().line + 1, std::move(what)};
}

std::string text_of(const YAML::Node& node, std::string_view what) {
  if (!node.IsScalar()) complain(node, std::string(what) + " is one word or number");
  return node.Scalar();
}

std::uint64_t number_of(const YAML::Node& node, std::string_view what, std::uint64_t max) {
  const auto number = parse_number(text_of(node, what), max);
  if (!number) complain(node, number.error().within(what).message());
  return *number;
}

/// Names become namespaces, directory entries and words of the control protocol.
std::string name_of(const YAML::Node& node, std::string_view what) {
  std::string name = text_of(node, what);
  const bool fits = !name.empty() && name.size() <= 60 && name.front() != '-' &&
                    name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == name.npos;
  if (!fits) {
    complain(node, std::string(what) + " " + in_quotes(name) +
                       ": a name has 1 to 60 of a-z, 0-9, - and _, and starts with no -");
  }
  return name;
}

void only_keys(const YAML::Node& map, const std::set<std::string>& known, std::string_view what) {
  if (!map.IsMap()) complain(map, std::string(what) + " is a mapping");
  std::set<std::string> seen;
  for (const auto& entry : map) {
    const std::string key = text_of(entry.first, "a key");
    if (!known.empty() && !known.contains(key)) {
      complain(entry.first, std::string(what) + " has no key " + in_quotes(key));
    }
    if (!seen.insert(key).second) complain(entry.first, "key " + in_quotes(key) + " is twice");
  }
}

NodeAddress read_address(const YAML::Node& node) {
  const std::string text = text_of(node, "an address");
  const auto parts = split(text, '/');
  const auto address = IpAddress::parse(parts[0]);
  if (parts.size() != 2 || !address) {
    complain(node, in_quotes(text) + " is not an address with a prefix length, 10.0.0.1/24");
  }
  const auto length = parse_number(parts[1], static_cast<std::uint64_t>(address->bits()));
  if (!length) complain(node, length.error().within(in_quotes(text)).message());
  return {*address, static_cast<int>(*length)};
}

class Reader {
 public:
  Topology read(const YAML::Node& root) {
    only_keys(root, {"name", "seed", "mtu", "nodes", "links", "default"}, "a topology");
    if (!root["name"] || !root["nodes"]) complain(root, "a topology needs name and nodes");
    lab_.name = name_of(root["name"], "name");
    if (root["seed"]) lab_.seed = number_of(root["seed"], "seed", UINT64_MAX);
    if (root["mtu"]) lab_.mtu = static_cast<int>(number_of(root["mtu"], "mtu", 65521));
    if (lab_.mtu < 576) complain(root["mtu"], "mtu is 576 to 65521");
    read_nodes(root["nodes"]);
    if (root["default"]) read_default(root["default"]);
    if (root["links"]) read_links(root["links"]);
    for (const auto& [ends, settings] : links_) {
      lab_.links.push_back({ends.first, ends.second, settings});
    }
    return std::move(lab_);
  }

 private:
  using Ends = std::pair<std::size_t, std::size_t>;

  void read_nodes(const YAML::Node& nodes) {
    only_keys(nodes, {}, "nodes");
    if (nodes.size() > k_nodes_max) {
      complain(nodes, "a lab has at most " + std::to_string(k_nodes_max) + " nodes");
    }
    std::set<IpAddress> used;
    for (const auto& entry : nodes) {
      Node node{name_of(entry.first, "node"), {}};
      only_keys(entry.second, {"addresses"}, "a node");
      const YAML::Node addresses = entry.second["addresses"];
      if (!addresses || !addresses.IsSequence() || addresses.size() == 0 ||
          addresses.size() > k_addresses_max) {
        complain(entry.first, "a node needs 1 to 64 addresses, [10.0.0.1/24]");
      }
      for (const auto& address : addresses) {
        node.addresses.push_back(read_address(address));
        if (!used.insert(node.addresses.back().address).second) {
          complain(address, "address " + in_quotes(address.Scalar()) + " is twice");
        }
      }
      lab_.nodes.push_back(std::move(node));
    }
  }

  LinkSettings read_settings(const YAML::Node& map) {
    LinkSettings settings;
    for (const auto& entry : map) {
      const std::string key = text_of(entry.first, "a key");
      if (key == "between" || key == "from" || key == "to") continue;
      const Status set = apply_setting(settings, key, text_of(entry.second, key));
      if (!set) complain(entry.first, set.error().message());
    }
    return settings;
  }

  void read_default(const YAML::Node& map) {
    only_keys(map, {}, "default");
    const LinkSettings settings = read_settings(map);
    for (std::size_t from = 0; from < lab_.nodes.size(); ++from) {
      for (std::size_t to = 0; to < lab_.nodes.size(); ++to) {
        if (from != to) links_[{from, to}] = settings;
      }
    }
  }

  void read_links(const YAML::Node& links) {
    if (!links.IsSequence()) complain(links, "links is a list");
    for (const auto& link : links) {
      only_keys(link, {}, "a link");
      const LinkSettings settings = read_settings(link);
      const bool both = static_cast<bool>(link["between"]);
      const Ends ends = read_ends(link, both);
      if (ends.first == ends.second) complain(link, "a link joins two different nodes");
      links_[ends] = settings;
      if (both) links_[{ends.second, ends.first}] = settings;
    }
  }

  Ends read_ends(const YAML::Node& link, bool both) {
    if (both == (link["from"] || link["to"])) {
      complain(link, "a link has either between: [a, b], or from: a and to: b");
    }
    if (!both) {
      if (!link["from"] || !link["to"]) complain(link, "a link has from and to");
      return {node_index(link["from"]), node_index(link["to"])};
    }
    const YAML::Node between = link["between"];
    if (!between.IsSequence() || between.size() != 2) complain(link, "between has two nodes");
    return {node_index(between[0]), node_index(between[1])};
  }

  std::size_t node_index(const YAML::Node& name) {
    const std::string text = text_of(name, "a node's name");
    const auto found = lab_.find(text);
    if (!found) complain(name, "there is no node " + in_quotes(text));
    return *found;
  }

  Topology lab_;
  std::map<Ends, LinkSettings> links_;
};

}  // namespace

std::optional<std::size_t> Topology::find(std::string_view node) const {
  const auto found = std::ranges::find(nodes, node, &Node::name);
  if (found == nodes.end()) return std::nullopt;
  return static_cast<std::size_t>(found - nodes.begin());
}

Result<Topology> parse_topology(std::string_view yaml) {
  if (yaml.size() > k_topology_bytes_max) {
    return fail(Code::invalid_argument, "a topology has at most 1 MiB");
  }
  if (const YamlProblem problem = check_yaml(yaml); !problem.what.empty()) {
    return fail(Code::invalid_argument,
                "line " + std::to_string(problem.line) + ": " + problem.what);
  }
  try {
    return Reader().read(YAML::Load(std::string(yaml)));
  } catch (const Complaint& complaint) {
    return fail(Code::invalid_argument,
                "line " + std::to_string(complaint.line) + ": " + complaint.what);
  } catch (const YAML::Exception& error) {
    return fail(Code::invalid_argument,
                "line " + std::to_string(error.mark.line + 1) + ": " + error.msg);
  }
}

}  // namespace weir::netlab
