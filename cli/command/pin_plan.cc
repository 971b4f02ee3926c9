#include "cli/command/pin_plan.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "cli/render/table.h"
#include "cli/render/units.h"
#include "common/base/text.h"

namespace weir::cli {

namespace {

constexpr std::uint64_t k_weight_max = 10'000;

Result<policy::v1::Weight> parse_weight(std::string_view text) {
  const std::size_t sign = text.find('=');
  if (sign == std::string_view::npos || sign == 0) {
    return fail(Code::invalid_argument, in_quotes(text) + " is not REGION=WEIGHT");
  }
  const auto number = parse_number(text.substr(sign + 1), k_weight_max);
  if (!number) return fail(number.error().within("weight of " + in_quotes(text.substr(0, sign))));
  policy::v1::Weight weight;
  weight.set_region(std::string(text.substr(0, sign)));
  weight.set_weight(static_cast<std::uint32_t>(*number));
  return weight;
}

/// A region's weight and share in one state.
struct Part {
  std::uint32_t weight = 0;
  std::uint32_t share_ppm = 0;
};

std::map<std::string, Part> parts_of(const Weights& weights) {
  std::uint64_t sum = 0;
  for (const auto& weight : weights) sum += weight.weight();
  std::map<std::string, Part> parts;
  for (const auto& weight : weights) {
    const std::uint64_t ppm = sum == 0 ? 0 : weight.weight() * 1'000'000ULL / sum;
    parts[weight.region()] = Part{weight.weight(), static_cast<std::uint32_t>(ppm)};
  }
  return parts;
}

std::set<std::string> regions_of(const std::map<std::string, Part>& before,
                                 const std::map<std::string, Part>& after) {
  std::set<std::string> regions;
  for (const auto& [region, part] : before) regions.insert(region);
  for (const auto& [region, part] : after) regions.insert(region);
  return regions;
}

Part part_of(const std::map<std::string, Part>& parts, const std::string& region) {
  const auto found = parts.find(region);
  return found == parts.end() ? Part{} : found->second;
}

}  // namespace

Result<std::vector<policy::v1::Weight>> parse_weights(const std::vector<std::string>& words) {
  std::vector<policy::v1::Weight> weights;
  std::set<std::string> seen;
  for (const std::string& word : words) {
    for (const std::string_view part : split(word, ',')) {
      WEIR_ASSIGN(weight, parse_weight(part));
      if (!seen.insert(weight.region()).second) {
        return fail(Code::invalid_argument, in_quotes(weight.region()) + " is given twice");
      }
      weights.push_back(weight);
    }
  }
  return weights;
}

std::string weights_in_words(const Weights& weights) {
  std::string all;
  for (const auto& [region, part] : parts_of(weights)) {
    all += fmt::format("{}{} {} ({})", all.empty() ? "" : ", ", printable(region), part.weight,
                       show_share(part.share_ppm));
  }
  return all.empty() ? "none" : all;
}

std::string change_in_words(const Weights& before, const Weights& after) {
  const auto old_parts = parts_of(before);
  const auto new_parts = parts_of(after);
  std::string all;
  for (const std::string& region : regions_of(old_parts, new_parts)) {
    const Part was = part_of(old_parts, region);
    const Part is = part_of(new_parts, region);
    all += fmt::format("{}{} {} -> {} ({} -> {})", all.empty() ? "" : "   ", printable(region),
                       was.weight, is.weight, show_share(was.share_ppm), show_share(is.share_ppm));
  }
  return all.empty() ? "none" : all;
}

std::string in_words(const admin::v1::Reason& reason) {
  std::string words = printable(reason.region());
  if (reason.share() != 0) words += fmt::format(" {:+.1f} points", 100 * reason.share());
  words += ": " + printable(reason.term());
  return reason.note().empty() ? words : words + ", " + printable(reason.note());
}

std::string plan_of(const admin::v1::PinWeightsRequest& pin,
                    const admin::v1::PinWeightsReply& reply, bool colour) {
  const auto before = parts_of(reply.before());
  const auto after = parts_of(reply.after());
  Table table({{"TO"},
               {"WEIGHT NOW", Align::right},
               {"SHARE NOW", Align::right},
               {"WEIGHT THEN", Align::right},
               {"SHARE THEN", Align::right}});
  for (const std::string& region : regions_of(before, after)) {
    const Part was = part_of(before, region);
    const Part is = part_of(after, region);
    const Tone tone = was.share_ppm == is.share_ppm ? Tone::plain : Tone::warn;
    table.add({region, std::to_string(was.weight), show_share(was.share_ppm),
               Cell(std::to_string(is.weight), tone), Cell(show_share(is.share_ppm), tone)});
  }
  const std::string until =
      pin.ttl_s() == 0 ? "until unpinned" : "for " + show_span(pin.ttl_s() * 1000LL);
  std::string all = fmt::format("Plan: pin {} from {}, {}\n", printable(pin.service()),
                                printable(pin.from_region()), until);
  all += table.render(colour);
  for (const std::string& guard : reply.guards()) all += "guard: " + printable(guard) + "\n";
  return all;
}

}  // namespace weir::cli
