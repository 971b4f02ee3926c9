#include "controller/enrol/mesh_identity.h"

#include <chrono>
#include <utility>

#include "common/base/text.h"
#include "weir/store/v1/rows.pb.h"

namespace weir::controller {
namespace {

constexpr const char* k_row = "enrol/mesh";
constexpr std::size_t k_id_size = 16;
constexpr std::int64_t k_ca_lifetime_ms =
    std::chrono::milliseconds(std::chrono::hours(24) * 3652).count();

Result<MeshIdentity> decode(const std::string& text, const std::string& mesh) {
  store::v1::MeshRow row;
  if (!row.ParseFromString(text) || row.mesh_id().size() != k_id_size) {
    return fail(Code::data_loss,
                "the stored identity of the mesh cannot be read; restore the store from a backup");
  }
  if (row.mesh() != mesh) {
    return fail(Code::failed_precondition,
                "the store belongs to mesh " + in_quotes(row.mesh()) + ", the configuration says " +
                    in_quotes(mesh) + "; correct `mesh`, or give this mesh another state_dir");
  }
  const SecretText key(std::move(*row.mutable_ca_key_pem()));
  auto ca = CertificateAuthority::load(as_bytes(row.ca_der()), key);
  if (!ca) {
    return fail(Code::data_loss, ca.error().within("the stored certificate authority").message());
  }
  const ByteView id = as_bytes(row.mesh_id());
  return MeshIdentity{mesh, ByteVector(id.begin(), id.end()), std::move(*ca)};
}

std::string make(KeySource& keys, const std::string& mesh, std::int64_t now_unix_ms) {
  const auto ca = CertificateAuthority::create(mesh, now_unix_ms, k_ca_lifetime_ms);
  ByteVector id(k_id_size);
  keys.fill(id);
  store::v1::MeshRow row;
  row.set_mesh(mesh);
  row.set_mesh_id(std::string(as_text(id)));
  row.set_ca_der(std::string(as_text(ca.certificate().to_der())));
  row.set_ca_key_pem(ca.key_pem().reveal());
  row.set_created_unix_ms(now_unix_ms);
  return row.SerializeAsString();
}

}  // namespace

Result<MeshIdentity> load_or_make_identity(Store& store, KeySource& keys, const std::string& mesh,
                                           std::int64_t now_unix_ms) {
  for (;;) {
    WEIR_ASSIGN(row, store.get(k_row));
    if (row) return decode(row->value, mesh);
    const auto made =
        store.commit(Transaction().if_absent(k_row).put(k_row, make(keys, mesh, now_unix_ms)));
    if (!made && made.error().code() != Code::aborted) return fail(made.error());
  }
}

}  // namespace weir::controller
