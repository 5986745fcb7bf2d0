#pragma once

/// What a caller may allow beyond the format.

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace muhat {

/// The seven modifier types of the format, in the order of their parameter sets.
inline constexpr std::array<std::string_view, 7> modifier_types{
    "histosys", "lumi", "normfactor", "normsys", "shapefactor", "shapesys", "staterror"};

struct ParseOptions {
  /// Names of user-defined modifier types. Their `data` is null, an array of
  /// numbers, or an object of numbers, strings and lists of either.
  std::vector<std::string> custom_modifier_types = {};
};

} // namespace muhat
