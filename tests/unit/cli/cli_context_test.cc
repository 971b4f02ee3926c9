// weirctl context, config view: controllers with names.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "cli/context/connection.h"
#include "cli/context/context_file.h"
#include "tests/unit/cli/cli_fixture.h"

namespace weir::cli {
namespace {

class CliContext : public CliTest {
 protected:
  CliContext() { environment_.context_file = file_ = folder_ + "/home/weir/config.yaml"; }
  void write(const std::string& text) {
    std::filesystem::create_directories(folder_ + "/home/weir");
    std::ofstream(file_) << text;
  }
  std::string read() {
    std::ifstream stream(file_);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
  }
  Outcome add_here() { return weirctl({"context", "add", "here", "--socket", socket_, "--use"}); }

  std::string file_;
};

TEST_F(CliContext, NamesAControllerForEveryLaterCommand) {
  const Outcome added = add_here();
  EXPECT_EQ(added.exit, 0) << added.err;
  EXPECT_EQ(added.out, "");
  admin_.status.set_version("1.2.3");
  admin_.status.set_mesh("demo");
  const Outcome status = weirctl({"status"});
  EXPECT_EQ(status.exit, 0) << status.err;
  EXPECT_TRUE(status.out.starts_with("weir 1.2.3  context here  mesh demo  revision"))
      << status.out;
  EXPECT_TRUE(weirctl({"status", "--socket", socket_}).out.starts_with("weir 1.2.3  mesh demo"))
      << "the context had no say";
}

TEST_F(CliContext, ListsThem) {
  EXPECT_EQ(weirctl({"context", "ls"}).err,
            "No contexts: weirctl context add NAME --server HOST:PORT --ca FILE --cert FILE --key "
            "FILE\n");
  write(
      "current: prod\n"
      "contexts:\n"
      "  prod: {server: 'weir.example:7443', ca: /etc/ca, cert: /etc/cert, key: /etc/key}\n"
      "  here: {socket: /run/weir/admin.sock}\n");
  EXPECT_EQ(weirctl({"context", "ls"}).out,
            "NAME  CURRENT  CONTROLLER\n"
            "here  no       /run/weir/admin.sock\n"
            "prod  yes      weir.example:7443\n");
  EXPECT_EQ(weirctl({"context", "ls", "-o", "name"}).out, "here\nprod\n");
  EXPECT_EQ(weirctl({"context", "ls", "-o", "csv"}).out,
            "NAME,CURRENT,CONTROLLER,CA,CERT,KEY\n"
            "here,no,/run/weir/admin.sock,-,-,-\n"
            "prod,yes,weir.example:7443,/etc/ca,/etc/cert,/etc/key\n");
  EXPECT_EQ(weirctl({"context", "show", "-o", "yaml"}).out,
            "apiVersion: weir.v1\n"
            "kind: Context\n"
            "name: prod\n"
            "current: true\n"
            "socket: \"\"\n"
            "server: \"weir.example:7443\"\n"
            "ca: \"/etc/ca\"\n"
            "cert: \"/etc/cert\"\n"
            "key: \"/etc/key\"\n");
  EXPECT_EQ(weirctl({"context", "show", "here"}).out,
            "SETTING  VALUE\n"
            "name     here\n"
            "current  no\n"
            "socket   /run/weir/admin.sock\n");
  EXPECT_EQ(weirctl({"context", "show", "there"}).exit, 8);
}

TEST_F(CliContext, KeepsTheFileForItsOwnerAlone) {
  ASSERT_EQ(add_here().exit, 0);
  struct stat about = {};
  ASSERT_EQ(::stat(file_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777U, 0600U);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/home/weir")) {
    EXPECT_EQ(entry.path().string(), file_);
    ++files;
  }
  EXPECT_EQ(files, 1) << "nothing is left of the writing";
}

TEST_F(CliContext, WritesThroughASymbolicLink) {
  std::filesystem::create_directories(folder_ + "/home/weir");
  std::filesystem::create_directories(folder_ + "/dotfiles");
  std::filesystem::create_symlink(folder_ + "/dotfiles/weir.yaml", file_);
  ASSERT_EQ(add_here().exit, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(file_));
  EXPECT_NE(read().find("here:"), std::string::npos);
}

TEST_F(CliContext, KeepsEveryNameThatIsAllowed) {
  ContextBook book;
  for (const char* name : {"true", "null", "1", "0x1f", "a.b-c_d", "No", "1e3"}) {
    book.contexts[name] = {.socket = std::string("/run/") + name + " and: more # of it"};
  }
  book.current = "null";
  const auto again = parse_contexts(contexts_text(book), "file");
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(*again, book);
}

TEST_F(CliContext, TellsTheLineOfAMistakeInThreeLines) {
  write("current: prod\ncontexts:\n  here:\n    sokket: /run/weir/admin.sock\n");
  const Outcome run = weirctl({"status"});
  EXPECT_EQ(run.exit, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(std::ranges::count(run.err, '\n'), 3) << run.err;
  EXPECT_NE(run.err.find("/config.yaml:4: contexts.here.sokket"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("/config.yaml:1: current"), std::string::npos) << run.err;
  EXPECT_EQ(weirctl({"status", "--socket", socket_}).exit, 0) << "it is not needed";
  const std::string before = read();
  EXPECT_EQ(add_here().exit, 2);
  EXPECT_EQ(read(), before) << "what cannot be read is not written over";
}

TEST_F(CliContext, RefusesWhatIsNoContext) {
  const std::vector<std::vector<std::string>> wrong = {
      {"x"},
      {"../x", "--socket", "/a"},
      {"x", "--socket", "/a", "--ca", "/b"},
      {"x", "--server", "weir:7443"},
      {"x", "--server", "weir", "--ca", "/a", "--cert", "/b", "--key", "/c"}};
  for (const auto& words : wrong) {
    std::vector<std::string> arguments = {"context", "add"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    EXPECT_EQ(weirctl(arguments).exit, 2) << testing::PrintToString(words);
  }
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(CliContext, ChangesAContextOnlyWhenToldTo) {
  ASSERT_EQ(add_here().exit, 0);
  EXPECT_EQ(add_here().exit, 0) << "the same again is no change";
  EXPECT_EQ(weirctl({"context", "add", "here", "--socket", "/other"}).exit, 1);
  EXPECT_NE(read().find(socket_), std::string::npos);
  EXPECT_EQ(weirctl({"context", "add", "here", "--socket", "/other", "--replace"}).exit, 0);
  EXPECT_NE(read().find("/other"), std::string::npos);
}

TEST_F(CliContext, AsksBeforeItForgetsOne) {
  ASSERT_EQ(add_here().exit, 0);
  EXPECT_EQ(weirctl({"context", "rm", "here"}).exit, 7);
  EXPECT_EQ(weirctl({"context", "rm", "here", "--yes"}).exit, 0);
  EXPECT_EQ(weirctl({"context", "rm", "here", "--yes"}).exit, 8);
  EXPECT_EQ(weirctl({"context", "show"}).exit, 8) << "none is the current one";
}

TEST_F(CliContext, TellsWhoSetWhat) {
  write(
      "current: prod\n"
      "contexts:\n"
      "  prod: {server: 'weir.example:7443', ca: /etc/ca, cert: /etc/cert, key: /etc/key}\n");
  environment_.address.key = "/home/ada/key";
  EXPECT_EQ(weirctl({"config", "view", "--origin", "--cert", "/tmp/cert"}).out,
            "SETTING  VALUE              ORIGIN\n"
            "context  prod               " +
                file_ +
                "\n"
                "socket   -                  -\n"
                "server   weir.example:7443  context prod\n"
                "ca       /etc/ca            context prod\n"
                "cert     /tmp/cert          --cert\n"
                "key      /home/ada/key      WEIR_KEY\n");
  EXPECT_EQ(weirctl({"config", "view", "-o", "jsonl", "--socket", "/s"}).out,
            "{\"apiVersion\":\"weir.v1\",\"kind\":\"ConnectionSettings\",\"file\":\"" + file_ +
                "\",\"settings\":[{\"name\":\"context\",\"value\":\"\",\"origin\":\"\"},"
                "{\"name\":\"socket\",\"value\":\"/s\",\"origin\":\"--socket\"},"
                "{\"name\":\"server\",\"value\":\"\",\"origin\":\"\"},"
                "{\"name\":\"ca\",\"value\":\"\",\"origin\":\"\"},"
                "{\"name\":\"cert\",\"value\":\"\",\"origin\":\"\"},"
                "{\"name\":\"key\",\"value\":\"\",\"origin\":\"\"}]}\n");
}

TEST_F(CliContext, CompletesTheirNames) {
  write("contexts:\n  prod: {socket: /a}\n  play: {socket: /b}\n");
  EXPECT_EQ(weirctl({"__complete", "--", "context", "use", "p"}).out, "play\nprod\n");
  EXPECT_EQ(weirctl({"__complete", "--", "--context", "pr"}).out, "prod\n");
}

// Who is asked, with what said where. "f" flags, "c" --context, "e" environment, "v" WEIR_CONTEXT.
struct Choice {
  const char* name;
  ConnectionWishes wishes;
  std::string address;
  std::string origin;
};

class WhoIsAsked : public testing::TestWithParam<Choice> {};

TEST_P(WhoIsAsked, IsSettledByTheNearest) {
  const std::string folder = testing::TempDir() + "weir-asked-" + GetParam().name;
  ConnectionWishes wishes = GetParam().wishes;
  wishes.file = folder + "/config.yaml";
  ASSERT_TRUE(save_contexts(
      wishes.file,
      {.current = "one", .contexts = {{"one", {.socket = "/one"}}, {"two", {.socket = "/two"}}}}));
  const auto made = connection_of(wishes);
  std::filesystem::remove_all(folder);
  if (GetParam().address.empty()) {
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code(), Code::not_found);
    return;
  }
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->address().text(), GetParam().address);
  EXPECT_EQ(made->server.value.empty() ? made->socket.origin : made->server.origin,
            GetParam().origin);
}

const ControllerAddress k_flag{.socket = "/flag"};
const ControllerAddress k_variable{.socket = "/variable"};
const ControllerAddress k_variable_server{
    .server = "w:1", .ca = "a", .certificate = "b", .key = "c"};

INSTANTIATE_TEST_SUITE_P(
    Table, WhoIsAsked,
    testing::Values(
        Choice{"TheCurrentOne", {}, "/one", "context one"},
        Choice{
            "AnOption", {.flags = k_flag, .environment = k_variable_server}, "/flag", "--socket"},
        Choice{"AVariable", {.environment = k_variable}, "/variable", "WEIR_SOCKET"},
        Choice{"AServerVariable", {.environment = k_variable_server}, "w:1", "WEIR_SERVER"},
        Choice{"ANamedContext",
               {.context_flag = "two", .environment = k_variable},
               "/two",
               "context two"},
        Choice{"AnOptionBeforeANamedContext",
               {.flags = k_flag, .context_flag = "two"},
               "/flag",
               "--socket"},
        Choice{"ContextVariable", {.context_variable = "two"}, "/two", "context two"},
        Choice{"AVariableBeforeContextVariable",
               {.environment = k_variable, .context_variable = "two"},
               "/variable",
               "WEIR_SOCKET"},
        Choice{"NobodyOfThatName", {.context_flag = "three"}, "", ""}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ContextPath, IsWhereTheXdgSpecificationSays) {
  EXPECT_EQ(context_path("/x", "/home/ann"), "/x/weir/config.yaml");
  EXPECT_EQ(context_path("", "/home/ann"), "/home/ann/.config/weir/config.yaml");
  EXPECT_EQ(context_path("relative", "/home/ann"), "/home/ann/.config/weir/config.yaml");
  EXPECT_EQ(context_path("", ""), "");
}

}  // namespace
}  // namespace weir::cli
