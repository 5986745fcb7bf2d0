#pragma once

/// What build_model and observed_data need of a workspace, without JSON.

#include <cstddef>
#include <string>
#include <utility>

#include <muhat/core/errors.hpp>
#include <muhat/spec/specification.hpp>

namespace muhat::test {

class PlainWorkspace {
public:
  explicit PlainWorkspace(spec::Workspace workspace) : workspace_(std::move(workspace)) {}

  [[nodiscard]] const spec::Workspace& specification() const { return workspace_; }
  [[nodiscard]] const spec::Measurement& measurement(std::size_t index) const {
    return workspace_.measurements.at(index);
  }
  [[nodiscard]] const spec::Measurement& measurement(const std::string& name) const {
    for (const spec::Measurement& measurement : workspace_.measurements) {
      if (measurement.name == name) {
        return measurement;
      }
    }
    throw UnknownName("no measurement " + name);
  }

private:
  spec::Workspace workspace_;
};

} // namespace muhat::test
