#include "cli/context/context_book.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cli/render/yaml.h"
#include "common/base/text.h"
#include "common/config/config.h"

namespace weir::cli {
namespace {

ControllerAddress read_context(ConfigSection section) {
  ControllerAddress address;
  address.socket = section.text("socket", "");
  address.server = section.text("server", "");
  address.ca = section.text("ca", "");
  address.certificate = section.text("cert", "");
  address.key = section.text("key", "");
  return address;
}

boost::json::object written(const ControllerAddress& address) {
  boost::json::object fields;
  const auto put = [&fields](const char* name, const std::string& value) {
    if (!value.empty()) fields.emplace(name, value);
  };
  put("socket", address.socket);
  put("server", address.server);
  put("ca", address.ca);
  put("cert", address.certificate);
  put("key", address.key);
  return fields;
}

}  // namespace

Status check_context_name(const std::string& name) {
  const auto letter_or_digit = [](unsigned char c) { return std::isalnum(c) != 0 && c < 0x80; };
  const auto fits = [&](unsigned char c) {
    return letter_or_digit(c) || c == '-' || c == '.' || c == '_';
  };
  if (!name.empty() && name.size() <= 63 && std::ranges::all_of(name, fits) &&
      letter_or_digit(static_cast<unsigned char>(name.front()))) {
    return {};
  }
  return fail(Code::invalid_argument,
              "context name " + in_quotes(name) +
                  " must be 1 to 63 of a-z A-Z 0-9 - . _, a letter or a digit first");
}

Status check_context(const ControllerAddress& address) {
  const bool files = !address.ca.empty() || !address.certificate.empty() || !address.key.empty();
  if (address.socket.empty() == address.server.empty()) {
    return fail(Code::invalid_argument, "exactly one of socket and server is needed");
  }
  if (address.server.empty() && files) {
    return fail(Code::invalid_argument, "ca, cert and key are for a server: a socket has none");
  }
  if (!address.server.empty()) {
    WEIR_TRY(check_host_and_port(address.server));
    if (address.ca.empty() || address.certificate.empty() || address.key.empty()) {
      return fail(Code::invalid_argument, "a server needs ca, cert and key");
    }
  }
  for (const std::string& path : {address.socket, address.ca, address.certificate, address.key}) {
    if (!path.empty() && !path.starts_with('/')) {
      return fail(Code::invalid_argument, "file " + in_quotes(path) + " must begin with /");
    }
  }
  return {};
}

Result<ContextBook> parse_contexts(std::string_view text, const std::string& name) {
  if (trim(text).empty()) return ContextBook();
  WEIR_ASSIGN(config, Config::parse(text, name));
  ConfigSection root = config.root();
  ContextBook book;
  book.current = root.text("current", "");
  ConfigSection contexts = root.section("contexts");
  const std::vector<std::string> names = contexts.keys();
  if (names.size() > k_contexts_max) root.complain("contexts", "must not be more than 1000");
  for (const std::string& key : names) {
    ConfigSection section = contexts.section(key);
    ControllerAddress address = read_context(section);
    if (const Status fits = check_context_name(key); !fits) {
      contexts.complain(key, fits.error().message());
    } else if (const Status whole = check_context(address); !whole) {
      section.complain("", whole.error().message());
    }
    book.contexts.emplace(key, std::move(address));
  }
  if (!book.current.empty() && !book.contexts.contains(book.current)) {
    root.complain("current", in_quotes(book.current) + " is none of the contexts");
  }
  WEIR_TRY(config.finish());
  return book;
}

std::string contexts_text(const ContextBook& book) {
  boost::json::object contexts;
  for (const auto& [name, address] : book.contexts) contexts.emplace(name, written(address));
  boost::json::object root;
  if (!book.current.empty()) root.emplace("current", book.current);
  root.emplace("contexts", std::move(contexts));
  return "# The controllers weirctl knows; written by: weirctl context\n" +
         yaml_of(boost::json::serialize(root));
}

}  // namespace weir::cli
