#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace weir::controller {

/// What one request from each source is worth at each destination, as a function of the
/// destination's load: tabulated over load / capacity, linear in between, constant beyond the end.
/// The plan is a walk over this table, whatever the goal that filled it.
class UtilityTable {
 public:
  static constexpr std::size_t k_loads = 24;
  /// Load / capacity of each row; dense where queues build up.
  static const std::array<double, k_loads>& loads();

  UtilityTable() = default;
  UtilityTable(std::size_t sources, std::size_t destinations);

  std::size_t sources() const { return sources_; }
  std::size_t destinations() const { return destinations_; }

  /// One value per source.
  std::span<double> row(std::size_t destination, std::size_t load);
  std::span<const double> row(std::size_t destination, std::size_t load) const;

  struct Place {
    std::size_t low = 0;
    double part = 0;
    double per_rho = 0;  // 1 / width of the step; 0 beyond the end
  };
  static Place place(double rho);

  double value(std::size_t source, std::size_t destination, Place place) const;
  /// Sum over the sources of flow[source] * value, and its change per unit of load / capacity.
  struct Sum {
    double value = 0;
    double slope = 0;
  };
  Sum sum(std::size_t destination, Place place, std::span<const double> flow) const;

 private:
  std::size_t sources_ = 0;
  std::size_t destinations_ = 0;
  std::vector<double> cells_;  // destination, load, source
};

}  // namespace weir::controller
