#include <filesystem>
#include <fstream>
#include <iterator>

#include "controller/store/rocks/rocks_store.h"
#include "tests/unit/controller/enrol/fixture.h"
#include "tests/unit/controller/store/scratch.h"

namespace weir::controller {
namespace {

TEST(EnrollerOnRocks, AdmitsExactlyOneOfAThousandRedeemersOfOneToken) {
  const Scratch scratch;
  const auto store = *RocksStore::open({.path = scratch / "store"});
  redeem_in_parallel(*store, 1000);
}

TEST(EnrollerOnRocks, IsTheSameAfterARestart) {
  const Scratch scratch;
  SystemKeySource keys;
  std::string ca;
  std::vector<AgentRecord> agents;
  std::string open_token;
  {
    const auto store = *RocksStore::open({.path = scratch / "store"});
    const auto enroller = *Enroller::open(make_options(), *store, keys, k_now);
    for (int i = 0; i < 5; ++i) {
      const auto token = enroller->create_token(make_token_request(), k_now);
      ASSERT_TRUE(enroller->enrol(Machine(keys).request(token->text.reveal()), k_now));
    }
    open_token = enroller->create_token(make_token_request(), k_now)->text.reveal();
    ca = enroller->ca_pem();
    agents = enroller->agents();
  }
  const auto store = *RocksStore::open({.path = scratch / "store"});
  const auto enroller = *Enroller::open(make_options(), *store, keys, k_now + k_minute);
  EXPECT_EQ(enroller->ca_pem(), ca);
  EXPECT_EQ(enroller->agents(), agents);
  const auto reply = enroller->enrol(Machine(keys).request(open_token), k_now + k_minute);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->agent.id, AgentId("us-east-1/agent-6"));
  EXPECT_EQ(reply->agent.overlay.to_string(), "10.90.0.7");
}

TEST(EnrollerOnRocks, WritesNoTokenToTheDisk) {
  const Scratch scratch;
  SystemKeySource keys;
  const auto store = *RocksStore::open({.path = scratch / "store"});
  const auto enroller = *Enroller::open(make_options(), *store, keys, k_now);
  const std::string text = enroller->create_token(make_token_request(), k_now)->text.reveal();
  const JoinToken token = *decode_join_token(text);
  ASSERT_TRUE(enroller->enrol(Machine(keys).request(text), k_now));
  const SecretKey redeem = redeem_secret(token.secret);
  const PrivateKey bootstrap = bootstrap_key(token.secret);
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch.path())) {
    if (!entry.is_regular_file()) continue;
    ++files;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(bytes.find(text.substr(6)), std::string::npos) << entry.path();
    for (const ByteView secret :
         {ByteView(token.secret.bytes()), ByteView(redeem.bytes()), ByteView(bootstrap.bytes())}) {
      EXPECT_EQ(bytes.find(as_text(secret)), std::string::npos) << entry.path();
      EXPECT_EQ(bytes.find(to_hex(secret)), std::string::npos) << entry.path();
    }
  }
  EXPECT_GT(files, 3);
}

}  // namespace
}  // namespace weir::controller
