#pragma once

#include <muhat/workspace/workspace.hpp>

#include <support/small_workspaces.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace muhat::test {

inline Workspace every_modifier_workspace() {
  return Workspace(every_modifier_document());
}

/// Its document after a JSON Patch of removals, which is what pruning should give.
inline nlohmann::json every_modifier_document_without(const std::vector<std::string>& pointers) {
  nlohmann::json patch = nlohmann::json::array();
  for (const std::string& pointer : pointers) {
    patch.push_back({{"op", "remove"}, {"path", pointer}});
  }
  return every_modifier_document().patch(patch);
}

} // namespace muhat::test
