#include "agent/app/join.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <utility>

#include "agent/app/join_patience.h"
#include "agent/state/identity.h"
#include "agent/state/join_keys.h"
#include "agent/state/last_good.h"
#include "common/async/task_group.h"
#include "common/base/text.h"
#include "common/crypto/p256.h"
#include "common/crypto/random.h"
#include "common/crypto/x25519.h"
#include "common/crypto/x509.h"
#include "common/join/enrol_proof.h"
#include "common/join/join_token.h"
#include "common/model/codec.h"
#include "common/model/ports.h"
#include "common/rpc/call.h"
#include "common/rpc/channel.h"
#include "common/tunnel/device.h"
#include "common/tunnel/link_config.h"
#include "weir/control/v1/enrol.pb.h"

namespace weir::agent {
namespace {

namespace asio = boost::asio;
namespace pb = control::v1;
using std::chrono::milliseconds;

constexpr milliseconds k_attempt(5000);

Result<JoinToken> check_token(const std::string& text, Clock& clock) {
  WEIR_ASSIGN(token, decode_join_token(text));
  const std::int64_t late = to_unix_ms(clock.wall_now()) / 1000 - token.expires_unix_s;
  if (late >= 0) {
    return fail(Code::failed_precondition,
                "the join token expired " + std::to_string(late) +
                    " s ago; make a new one: weirctl mesh token create --region R --cluster C");
  }
  return token;
}

Status check_not_joined(const StateDir& directory, bool replace) {
  const auto identity = load_identity(directory);
  if (!identity || replace) return {};
  return fail(Code::failed_precondition, "this machine has joined mesh " + identity->mesh + " as " +
                                             identity->self.agent.value() +
                                             "; to give that up, run join with --replace");
}

/// The bootstrap tunnel, with its address set, for as long as it lives.
Result<std::unique_ptr<TunnelBackend>> open_bootstrap(const AgentOptions& options,
                                                      const JoinToken& token) {
  TunnelOptions tunnel = options.tunnel.options();
  tunnel.listen_port = 0;  // the port may be a running agent's
  tunnel.uapi = false;
  WEIR_ASSIGN(device, open_tunnel(decide_tunnel(options.tunnel.backend, false), tunnel, false));
  DeviceConfig config;
  config.private_key = bootstrap_key(token.secret);
  PeerConfig controller;
  controller.public_key = token.controller_key;
  controller.endpoint = token.controller;
  controller.allowed_ips = {IpPrefix::host(bootstrap_controller_address())};
  config.peers = {controller};
  WEIR_TRY(device->apply(config));
  WEIR_ASSIGN(link, LinkConfig::open(options.tunnel.interface));
  WEIR_TRY(link.apply({{bootstrap_address(token.id), bootstrap_prefix().length()}}, {}));
  return std::move(device);
}

pb::EnrolRequest make_request(const AgentOptions& options, const JoinRequest& request,
                              const JoinToken& token, const JoinKeys& keys, ByteView proof,
                              ByteView csr) {
  pb::EnrolRequest message;
  message.set_token_id(to_string(token.id));
  const SecretKey secret = redeem_secret(token.secret);
  message.set_token_secret(secret.bytes().data(), secret.bytes().size());
  const X25519KeyPair pair(keys.tunnel);
  message.set_public_key(pair.public_key().data(), pair.public_key().size());
  message.set_csr_der(csr.data(), csr.size());
  message.set_listen_port(options.tunnel.listen_port);
  message.set_claimed_region(request.region);
  message.set_claimed_cluster(request.cluster);
  message.set_key_proof(proof.data(), proof.size());
  return message;
}

/// Calls until an answer comes or patience ends.
asio::awaitable<void> enrol(RpcChannel& channel, Clock& clock, pb::EnrolRequest request,
                            const Log& log, Result<pb::EnrolReply>& result) {
  static const UnaryMethod<pb::EnrolRequest, pb::EnrolReply> method(
      "weir.control.v1.Enrolment.Enrol");
  SystemKeySource source;
  std::array<std::uint8_t, 8> seed{};
  source.fill(seed);
  JoinPatience patience(clock.now(), load_be64(seed.data()));
  for (;;) {
    result = co_await call(channel, method, request, k_attempt);
    if (result) break;
    const auto pause = patience.pause_after(result.error(), clock.now());
    if (!pause) break;
    if (result.error().code() == Code::resource_exhausted) {
      log.info("join.waiting", {{"why", result.error().message()}});
    }
    if (!co_await clock.sleep_for(*pause)) break;
  }
  co_await channel.stop();
}

Result<pb::EnrolReply> ask_controller(const pb::EnrolRequest& request, Clock& clock,
                                      const Log& log) {
  asio::io_context context;
  RpcChannelOptions options;
  options.target = Endpoint{bootstrap_controller_address(), k_port_enrolment}.to_string();
  WEIR_ASSIGN(channel, RpcChannel::create(context.get_executor(), options));
  Result<pb::EnrolReply> result = fail(Code::unavailable, "not asked");
  TaskGroup tasks(context.get_executor());
  tasks.spawn("enrol", enrol(*channel, clock, request, log, result));
  context.run();
  return result;
}

Result<Identity> make_identity(const pb::EnrolReply& reply, const JoinToken& token,
                               const JoinKeys& keys) {
  Identity identity;
  identity.mesh = reply.mesh();
  WEIR_ASSIGN(overlay, IpAddress::parse(reply.overlay_address()));
  WEIR_ASSIGN(prefix, IpPrefix::parse(reply.overlay_prefix()));
  WEIR_ASSIGN(controller, IpAddress::parse(reply.controller_overlay_address()));
  WEIR_ASSIGN(certificate, Certificate::from_der(as_bytes(reply.certificate_der())));
  WEIR_ASSIGN(ca, Certificate::from_der(as_bytes(reply.ca_der())));
  if (!certificate.issued_by(ca)) {
    return fail(Code::data_loss, "the controller's answer holds a certificate of another CA");
  }
  identity.self = {AgentId(reply.agent()), RegionName(reply.region()), ClusterName(reply.cluster()),
                   overlay, prefix};
  identity.private_key = keys.tunnel;
  identity.certificate_pem = certificate.to_pem();
  identity.certificate_key_pem = keys.certificate_pem;
  identity.ca_pem = ca.to_pem();
  identity.controller.agent = AgentId("weir/controller");
  identity.controller.overlay = controller;
  identity.controller.public_key = token.controller_key;
  identity.controller.endpoint = token.controller;
  identity.controller.controller = true;
  identity.controller.keepalive = std::chrono::seconds(25);
  return identity;
}

/// An agent that stays away may be this machine's own of before, under a key that is lost.
std::string told_of_absent(const pb::EnrolReply& reply) {
  std::string lines;
  for (const std::string& agent : reply.absent_agents()) {
    lines +=
        "\nagent " + escape_controls(agent) + " of cluster " + escape_controls(reply.cluster()) +
        " is not connected; if its machine is gone: weirctl mesh remove " + escape_controls(agent);
  }
  return lines;
}

}  // namespace

Result<std::string> join(const AgentOptions& options, const JoinRequest& request, Clock& clock,
                         const Log& log) {
  WEIR_ASSIGN(token, check_token(request.token_text, clock));
  WEIR_ASSIGN(directory, StateDir::open(options.state_dir));
  WEIR_TRY(check_not_joined(directory, request.replace));

  SystemKeySource source;
  WEIR_ASSIGN(keys, begin_join(directory, token.id, source));
  WEIR_ASSIGN(certificate_key, P256Key::from_pem(keys.certificate_pem));
  const ByteVector csr = make_csr(certificate_key);
  WEIR_ASSIGN(proof, enrol_proof(keys.tunnel, token.controller_key, token.id, csr));

  log.info("join.start", {{"controller", token.controller.to_string()},
                          {"token", to_string(token.id)},
                          {"interface", options.tunnel.interface}});
  WEIR_ASSIGN(device, open_bootstrap(options, token));
  auto reply = ask_controller(make_request(options, request, token, keys, proof, csr), clock, log);
  device.reset();
  if (!reply) {
    return fail(std::move(reply).error().within("controller " + token.controller.to_string()));
  }
  WEIR_ASSIGN(identity, make_identity(*reply, token, keys));
  WEIR_ASSIGN(revision, from_proto(reply->revision()));
  // The revision first: an identity on the disk means that the join is complete.
  WEIR_TRY(LastGood(directory, identity.mesh, identity.self.agent).save(revision));
  WEIR_TRY(save_identity(directory, identity));
  WEIR_TRY(end_join(directory));
  return "joined mesh " + identity.mesh + " as " + identity.self.agent.value() + " with " +
         identity.self.overlay.to_string() + told_of_absent(*reply);
}

}  // namespace weir::agent
