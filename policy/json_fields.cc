#include "policy/json_fields.h"

#include <boost/json/parse.hpp>
#include <cmath>
#include <limits>
#include <utility>

#include "common/base/text.h"

namespace weir::policy {
namespace {

/// More than any document of ours needs; less than the stack bears.
constexpr std::size_t k_depth_max = 32;

}  // namespace

std::optional<double> as_number(const boost::json::value& value) {
  if (const auto* whole = value.if_int64()) return static_cast<double>(*whole);
  if (const auto* whole = value.if_uint64()) return static_cast<double>(*whole);
  if (const auto* real = value.if_double()) return *real;
  return std::nullopt;
}

Result<boost::json::value> parse_object(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = k_depth_max;
  boost::json::error_code why;
  boost::json::value value =
      boost::json::parse({text.data(), text.size()}, why, boost::json::storage_ptr(), options);
  if (why) return fail(Code::invalid_argument, "not JSON: " + why.message());
  if (!value.is_object()) return fail(Code::invalid_argument, "not a JSON object");
  return value;
}

std::string Fields::place(std::string_view name) const {
  return place_.empty() ? std::string(name) : place_ + "." + std::string(name);
}

const boost::json::value* Fields::find(std::string_view name) const {
  const boost::json::value* found = object_.if_contains({name.data(), name.size()});
  return found == nullptr || found->is_null() ? nullptr : found;
}

void Fields::wrong_type(std::string_view name, std::string_view wanted) const {
  complain(place(name) + " is not " + std::string(wanted));
}

std::optional<std::string> Fields::text(std::string_view name) const {
  const boost::json::value* found = find(name);
  if (found == nullptr) return std::nullopt;
  if (const auto* text = found->if_string()) return std::string(text->data(), text->size());
  wrong_type(name, "a string");
  return std::nullopt;
}

std::optional<bool> Fields::flag(std::string_view name) const {
  const boost::json::value* found = find(name);
  if (found == nullptr) return std::nullopt;
  if (const bool* flag = found->if_bool()) return *flag;
  wrong_type(name, "true or false");
  return std::nullopt;
}

std::optional<double> Fields::number(std::string_view name) const {
  const boost::json::value* found = find(name);
  if (found == nullptr) return std::nullopt;
  const auto number = as_number(*found);
  if (!number) wrong_type(name, "a number");
  return number;
}

double Fields::measured(std::string_view name, double low, double high) const {
  const double value = number(name).value_or(std::numeric_limits<double>::quiet_NaN());
  return value >= low && value <= high ? value : std::numeric_limits<double>::quiet_NaN();
}

double Fields::configured(std::string_view name, double otherwise, double low, double high) const {
  const auto value = number(name);
  if (!value) return otherwise;
  if (*value >= low && *value <= high) return *value;
  complain(place(name) + " is " + std::to_string(*value) + "; it lies between " +
           std::to_string(low) + " and " + std::to_string(high));
  return otherwise;
}

void Fields::objects(std::string_view name, const std::function<void(const Fields&)>& each) const {
  const boost::json::value* found = find(name);
  if (found == nullptr) return;
  if (!found->is_array()) return wrong_type(name, "an array");
  std::size_t index = 0;
  for (const boost::json::value& element : found->get_array()) {
    const std::string here = place(name) + "[" + std::to_string(index++) + "]";
    if (!element.is_object()) return complain(here + " is not an object");
    each(Fields(element.get_object(), here, complaint_));
  }
}

void Fields::texts(std::string_view name, const std::function<void(std::string_view)>& each) const {
  const boost::json::value* found = find(name);
  if (found == nullptr) return;
  if (!found->is_array()) return wrong_type(name, "an array");
  for (const boost::json::value& element : found->get_array()) {
    if (!element.is_string()) return wrong_type(name, "an array of strings");
    each({element.get_string().data(), element.get_string().size()});
  }
}

void Fields::members(
    std::string_view name,
    const std::function<void(std::string_view, const boost::json::value&)>& each) const {
  const boost::json::value* found = find(name);
  if (found == nullptr) return;
  if (!found->is_object()) return wrong_type(name, "an object");
  for (const auto& member : found->get_object()) {
    each({member.key().data(), member.key().size()}, member.value());
  }
}

std::optional<Fields> Fields::object(std::string_view name) const {
  const boost::json::value* found = find(name);
  if (found == nullptr) return std::nullopt;
  if (found->is_object()) return Fields(found->get_object(), place(name), complaint_);
  wrong_type(name, "an object");
  return std::nullopt;
}

}  // namespace weir::policy
