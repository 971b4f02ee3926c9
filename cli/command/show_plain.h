#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "cli/admin_session.h"

namespace weir::cli {

/// `show` for what is no message of the admin API: a document of `kind` with these fields, in the
/// form that `-o` says, the rows of its table, or what `as_text` makes of it.
void show_plain(AdminSession& session, std::string_view kind, boost::json::object fields,
                const std::function<std::string()>& as_text);

/// The document alone, or the first and each further one of a YAML stream.
std::string plain_document(const AdminSession& session, std::string_view kind,
                           boost::json::object fields, bool one_of_many = false);

}  // namespace weir::cli
