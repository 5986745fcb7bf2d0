#pragma once

/// Which modifiers may share a parameter: those of one type, and normsys with histosys; a shapesys with none.

#include <muhat/spec/parse_options.hpp>
#include <muhat/spec/specification.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace muhat::detail {

/// Whether modifiers of these types may have one parameter. Custom types are left alone.
[[nodiscard]] inline bool may_share(std::string_view a, std::string_view b) {
  const auto is_known = [](std::string_view type) {
    return std::find(modifier_types.begin(), modifier_types.end(), type) != modifier_types.end();
  };
  const auto interpolated = [](std::string_view type) { return type == "normsys" || type == "histosys"; };
  return !is_known(a) || !is_known(b) || (a == b && a != "shapesys") || (interpolated(a) && interpolated(b));
}

/// Finds modifiers that an operation brings together on one parameter although they may not share it.
/// Modifiers of one group were together before and are not looked at. Refers to what it is given.
class SharedParameters {
public:
  /// Notes that `modifier` has `parameter`. Returns the one of another group with which it may not share it,
  /// or nullptr.
  [[nodiscard]] const spec::Modifier* add(std::string_view parameter, const spec::Modifier& modifier,
                                          std::string_view group) {
    const auto [owner, is_new] = owners_.emplace(parameter, Owner{&modifier, group});
    const bool conflict =
        !is_new && owner->second.group != group && !may_share(owner->second.modifier->type, modifier.type);
    return conflict ? owner->second.modifier : nullptr;
  }

private:
  struct Owner {
    const spec::Modifier* modifier;
    std::string_view group;
  };

  std::map<std::string_view, Owner> owners_;
};

} // namespace muhat::detail
