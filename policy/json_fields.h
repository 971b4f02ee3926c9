#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace weir::policy {

/// The first thing that was wrong with a document; the rest is then not looked at closely.
class Complaint {
 public:
  void add(std::string message) {
    if (!message_) message_ = std::move(message);
  }
  bool empty() const { return !message_; }
  const std::string& message() const { return *message_; }

 private:
  std::optional<std::string> message_;
};

/// Reads the fields of one JSON object, told by its place in the document. A field that is absent
/// or null has no value; one of the wrong type goes to `complaint`, which outlives the reader, and
/// has no value either. Fields nobody asks for are ignored.
class Fields {
 public:
  Fields(const boost::json::object& object, std::string place, Complaint& complaint)
      : object_(object), place_(std::move(place)), complaint_(complaint) {}

  std::optional<std::string> text(std::string_view name) const;
  std::optional<bool> flag(std::string_view name) const;
  /// As written, infinite when the digits do not fit a double.
  std::optional<double> number(std::string_view name) const;
  /// Unknown (NaN) when there is none, or when it is not from `low` to `high`: what cannot be was
  /// not measured.
  double measured(std::string_view name, double low, double high) const;
  /// `otherwise` when there is none; a complaint when it is not from `low` to `high`.
  double configured(std::string_view name, double otherwise, double low, double high) const;

  /// Calls `each` for every element of an array of objects.
  void objects(std::string_view name, const std::function<void(const Fields&)>& each) const;
  /// Calls `each` for every element of an array of strings.
  void texts(std::string_view name, const std::function<void(std::string_view)>& each) const;
  /// Calls `each` for every member of an object, in its order.
  void members(std::string_view name,
               const std::function<void(std::string_view, const boost::json::value&)>& each) const;
  /// The object of that name, for its fields to be read.
  std::optional<Fields> object(std::string_view name) const;

  std::string place(std::string_view name) const;
  void complain(std::string message) const { complaint_.add(std::move(message)); }

 private:
  const boost::json::value* find(std::string_view name) const;
  void wrong_type(std::string_view name, std::string_view wanted) const;

  const boost::json::object& object_;
  std::string place_;
  Complaint& complaint_;
};

/// The double of any JSON number.
std::optional<double> as_number(const boost::json::value& value);

/// One JSON object, at most 32 levels deep, nothing after it. Errors: invalid_argument.
Result<boost::json::value> parse_object(std::string_view text);

}  // namespace weir::policy
