#include "controller/registry/agent_record.h"

#include <algorithm>

#include "common/base/bytes.h"
#include "common/base/text.h"
#include "weir/store/v1/rows.pb.h"

namespace weir::controller {

AgentId make_agent_id(const RegionName& region, std::uint64_t number) {
  return AgentId(region.value() + "/agent-" + std::to_string(number));
}

std::string agent_row_key(const AgentId& agent) {
  return std::string(k_agent_rows) + agent.value();
}

std::string public_key_row_key(const PublicKey& key) { return "registry/key/" + to_hex(key); }

std::string next_number_row_key(const RegionName& region) {
  return "registry/next/" + region.value();
}

std::string grant_row_key(const IpAddress& address) { return "ipam/grant/" + address.to_string(); }

std::string encode_agent(const AgentRecord& agent) {
  store::v1::AgentRow row;
  row.set_agent(agent.id.value());
  row.set_region(agent.region.value());
  row.set_cluster(agent.cluster.value());
  row.set_overlay_address(agent.overlay.to_string());
  row.set_public_key(std::string(as_text(agent.public_key)));
  row.set_listen_port(agent.listen_port);
  row.set_joined_unix_ms(agent.joined_unix_ms);
  row.set_first_session_unix_ms(agent.first_session_unix_ms);
  row.set_certificate_serial(agent.certificate_serial);
  row.set_certificate_expires_unix_ms(agent.certificate_expires_unix_ms);
  row.set_token_id(agent.token_id);
  return row.SerializeAsString();
}

Result<AgentRecord> decode_agent(std::string_view text) {
  store::v1::AgentRow row;
  AgentRecord agent;
  const bool parsed = row.ParseFromArray(text.data(), static_cast<int>(text.size()));
  const auto overlay = IpAddress::parse(row.overlay_address());
  if (!parsed || !overlay || row.public_key().size() != agent.public_key.size() ||
      row.listen_port() > 65535 || !valid_name(row.agent(), true) ||
      !valid_name(row.region(), false) || !valid_name(row.cluster(), false)) {
    return fail(Code::data_loss, "the stored row of agent " + in_quotes(row.agent()) +
                                     " cannot be read; restore the store from a backup");
  }
  agent.id = AgentId(row.agent());
  agent.region = RegionName(row.region());
  agent.cluster = ClusterName(row.cluster());
  agent.overlay = *overlay;
  std::ranges::copy(as_bytes(row.public_key()), agent.public_key.begin());
  agent.listen_port = static_cast<std::uint16_t>(row.listen_port());
  agent.joined_unix_ms = row.joined_unix_ms();
  agent.first_session_unix_ms = row.first_session_unix_ms();
  agent.certificate_serial = row.certificate_serial();
  agent.certificate_expires_unix_ms = row.certificate_expires_unix_ms();
  agent.token_id = row.token_id();
  return agent;
}

}  // namespace weir::controller
