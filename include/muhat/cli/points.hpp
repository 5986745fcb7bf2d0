#pragma once

/// Parameter points as JSON: an array in parameter order, or an object
/// `{name: number or [numbers]}` over the suggested values; one point or a list.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/spec/checked_value.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace muhat::cli {

namespace detail {

using muhat::detail::DocumentPath;

/// Collects what is wrong with a file of points.
template <class AnyModel, class Json>
class PointReader {
public:
  explicit PointReader(const AnyModel& model) : model_(model) {}

  std::vector<Vector> read(const Json& document) {
    std::vector<Vector> points;
    const DocumentPath root;
    const bool several = document.is_array() && (document.empty() || !document.front().is_number());
    if (!several) {
      points.push_back(read_point(document, root));
    } else {
      for (std::size_t i = 0; i < document.size(); ++i) {
        points.push_back(read_point(document[i], root.at(i)));
      }
    }
    problems_.raise();
    return points;
  }

private:
  Vector read_point(const Json& value, const DocumentPath& path) {
    Vector point = model_.suggested_init();
    if (value.is_array()) {
      if (value.size() != static_cast<std::size_t>(point.size())) {
        problems_.add(path, {},
                      "a point has one number for each of the model's " + std::to_string(point.size()) +
                          " parameters, this one has " + std::to_string(value.size()));
        return point;
      }
      read_components(value, path, 0, point);
    } else if (value.is_object()) {
      given_.assign(static_cast<std::size_t>(point.size()), false);
      for (const auto& [name, entry] : value.items()) {
        read_parameter(name, entry, path.at(std::string_view(name)), point);
      }
    } else {
      muhat::detail::add_type_problem(value, path, problems_,
                                      "a point: an array of numbers or an object of parameters");
    }
    return point;
  }

  void read_parameter(const std::string& name, const Json& entry, const DocumentPath& path, Vector& point) {
    Index first = 0;
    std::size_t size = 0;
    if (!find(name, first, size)) {
      const auto names = [this] {
        std::vector<std::string_view> all(model_.par_names().begin(), model_.par_names().end());
        for (const auto& set : model_.parameter_sets()) {
          all.push_back(set.name);
        }
        return all;
      };
      problems_.add_unknown(path, {}, "no parameter named " + in_quotes(name), name, names);
      return;
    }
    const auto begin = given_.begin() + first;
    const auto end = begin + static_cast<Index>(size);
    if (std::find(begin, end, true) != end) {
      problems_.add(path, muhat::detail::shortened(entry),
                    "a component of parameter \"" + name +
                        "\" is given twice: as part of the whole and by itself");
      return;
    }
    std::fill(begin, end, true);
    if (entry.is_array()) {
      if (entry.size() != size) {
        problems_.add(path, {},
                      "parameter \"" + name + "\" has " + std::to_string(size) + " components, found " +
                          std::to_string(entry.size()));
        return;
      }
      read_components(entry, path, first, point);
    } else if (size != 1) {
      problems_.add(path, muhat::detail::shortened(entry),
                    "parameter \"" + name + "\" has " + std::to_string(size) +
                        " components: expected an array of as many");
    } else {
      muhat::detail::read_number(entry, path, problems_, point[first]);
    }
  }

  /// A whole set, or one component.
  bool find(const std::string& name, Index& first, std::size_t& size) const {
    for (const auto& set : model_.parameter_sets()) {
      if (set.name == name) {
        first = static_cast<Index>(set.first);
        size = static_cast<std::size_t>(set.size);
        return true;
      }
    }
    const auto& names = model_.par_names();
    const auto component = std::find(names.begin(), names.end(), name);
    first = static_cast<Index>(component - names.begin());
    size = 1;
    return component != names.end();
  }

  void read_components(const Json& values, const DocumentPath& path, Index first, Vector& point) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      muhat::detail::read_number(values[i], path.at(i), problems_, point[first + static_cast<Index>(i)]);
    }
  }

  const AnyModel& model_;
  muhat::detail::ProblemList problems_;
  /// Which components of a point have been named.
  std::vector<bool> given_;
};

} // namespace detail

/// The points of a document, in its order; an empty array has none. Throws SpecificationError with the
/// pointer of every mistake: unknown names, wrong numbers of components, components given twice, values that
/// are no numbers.
template <class AnyModel, class Json>
std::vector<Vector> read_points(const AnyModel& model, const Json& document) {
  return detail::PointReader<AnyModel, Json>(model).read(document);
}

} // namespace muhat::cli
