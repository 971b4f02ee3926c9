#include "cli/context/connection.h"

#include <array>
#include <optional>

#include "cli/context/context_file.h"
#include "common/base/text.h"

namespace weir::cli {
namespace {

/// One that may say something, and what its settings are called there.
struct Source {
  const ControllerAddress* says;
  std::string name;  // of all its settings; empty: each has its own
  bool options = false;
};

std::string origin_of(const Source& source, const char* option, const char* variable) {
  if (!source.name.empty()) return source.name;
  return source.options ? option : variable;
}

struct Field {
  std::string ControllerAddress::* from;
  Setting Connection::* to;
  const char* option;
  const char* variable;
};
constexpr std::array<Field, 3> k_files = {{
    {&ControllerAddress::ca, &Connection::ca, "--ca", "WEIR_CA"},
    {&ControllerAddress::certificate, &Connection::certificate, "--cert", "WEIR_CERT"},
    {&ControllerAddress::key, &Connection::key, "--key", "WEIR_KEY"},
}};

void take(const Source& source, Connection& so_far) {
  const ControllerAddress& says = *source.says;
  if (so_far.socket.origin.empty() && so_far.server.origin.empty()) {
    if (!says.server.empty()) {
      so_far.server = {says.server, origin_of(source, "--server", "WEIR_SERVER")};
    } else if (!says.socket.empty()) {
      so_far.socket = {says.socket, origin_of(source, "--socket", "WEIR_SOCKET")};
    }
  }
  for (const Field& field : k_files) {
    Setting& setting = so_far.*field.to;
    if (!setting.origin.empty() || (says.*field.from).empty()) continue;
    setting = {says.*field.from, origin_of(source, field.option, field.variable)};
  }
}

bool complete(const Connection& so_far) {
  if (!so_far.socket.origin.empty()) return true;
  return !so_far.server.origin.empty() && !so_far.ca.origin.empty() &&
         !so_far.certificate.origin.empty() && !so_far.key.origin.empty();
}

bool says_anything(const Connection& whole, const std::string& origin) {
  for (const Setting& setting :
       {whole.socket, whole.server, whole.ca, whole.certificate, whole.key}) {
    if (setting.origin == origin) return true;
  }
  return false;
}

}  // namespace

Result<Connection> connection_of(const ConnectionWishes& wishes) {
  Connection made;
  take({.says = &wishes.flags, .name = {}, .options = true}, made);
  Connection with_environment = made;
  take({.says = &wishes.environment, .name = {}}, with_environment);
  const bool by_flag = !wishes.context_flag.empty();
  const bool named = by_flag || !wishes.context_variable.empty();
  std::optional<Setting> context;
  ContextBook book;
  if (named || !complete(with_environment)) {
    WEIR_ASSIGN(read, load_contexts(wishes.file));
    book = std::move(read);
    const std::string& name = by_flag ? wishes.context_flag
                              : named ? wishes.context_variable
                                      : book.current;
    if (named && !book.contexts.contains(name)) {
      return fail(Code::not_found, "there is no context " + in_quotes(name) + " in " +
                                       (wishes.file.empty() ? "any file" : wishes.file));
    }
    if (!name.empty()) {
      context = Setting{name, by_flag ? "--context" : named ? "WEIR_CONTEXT" : wishes.file};
    }
  }
  const auto take_context = [&] {
    if (context) take({&book.contexts.at(context->value), "context " + context->value}, made);
  };
  if (by_flag) take_context();
  take({.says = &wishes.environment, .name = {}}, made);
  if (!by_flag) take_context();
  if (made.socket.origin.empty() && made.server.origin.empty()) {
    made.socket = {k_default_socket, "default"};
  }
  if (!made.socket.origin.empty()) {  // a socket shows no certificates
    for (const Field& field : k_files) made.*field.to = Setting();
  }
  if (context && says_anything(made, "context " + context->value)) made.context = *context;
  return made;
}

}  // namespace weir::cli
