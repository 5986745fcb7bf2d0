#pragma once

/// Which entries of a large symmetric matrix J^T W J + ... are there, from a Jacobian in blocks, in the
/// shape of a nested arrow.
///
/// Two parameters have an entry if they act on a common row. In the order
///
///     locals      those of few rows (BlockJacobian::locals), in groups that share rows,
///     own         the others that act on one cluster only,
///     root        those that act on several clusters,
///
/// where blocks that a local connects make a cluster, the matrix is block-diagonal but for what meets
/// something later: a group meets itself and its cluster's wide parameters (own, then root), a cluster's own
/// ones meet each other and the root. Eliminated in this order nothing else fills in.

#include <muhat/core/block_jacobian.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/union_find.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace muhat {

class ArrowPattern {
public:
  /// Locals that are neighbors in a cluster, and where their own entries start.
  struct Group {
    std::int32_t first = 0;
    std::int32_t count = 0;
    Index offset = 0;
  };
  struct Cluster {
    /// The first `own` are the cluster's own; both parts ascend.
    std::vector<std::int32_t> wide = {};
    std::int32_t own = 0;
    /// Group by group.
    std::vector<std::int32_t> locals = {};
    std::vector<Group> groups = {};
    std::vector<std::int32_t> group_of_local = {};
    /// Of the wide parameters behind `own`, their places in the root.
    std::vector<std::int32_t> roots = {};

    [[nodiscard]] Index inner_size() const noexcept {
      return groups.empty() ? 0
                            : groups.back().offset + Index{groups.back().count} * Index{groups.back().count};
    }
  };
  enum class Kind : std::uint8_t { alone, local, own, root };
  /// `index` counts within the cluster's locals or own ones, the root, or those that stand alone.
  struct Place {
    Kind kind = Kind::alone;
    std::int32_t cluster = -1;
    std::int32_t index = 0;
  };
  /// A parameter as one cluster sees it: its place among the wide ones, or ~place among the locals.
  using Spot = std::int32_t;
  static constexpr Spot absent = std::numeric_limits<Spot>::max();

  /// Complexity: entries of the pattern, times their logarithm.
  template <class S>
  explicit ArrowPattern(const BlockJacobian<S>& jacobian)
      : places_(static_cast<std::size_t>(jacobian.parameters)) {
    number_clusters(jacobian);
    place_wide(jacobian);
    place_locals(jacobian);
    for (std::size_t p = 0; p < places_.size(); ++p) {
      if (places_[p].kind == Kind::alone) {
        places_[p].index = static_cast<std::int32_t>(alone_.size());
        alone_.push_back(static_cast<std::int32_t>(p));
      }
    }
  }

  [[nodiscard]] Index dimension() const noexcept { return static_cast<Index>(places_.size()); }
  [[nodiscard]] const std::vector<Cluster>& clusters() const noexcept { return clusters_; }
  /// Per block of the Jacobian.
  [[nodiscard]] std::int32_t cluster_of_block(std::size_t block) const { return cluster_of_block_[block]; }
  [[nodiscard]] const std::vector<std::int32_t>& root() const noexcept { return root_; }
  /// Parameters that act on no row.
  [[nodiscard]] const std::vector<std::int32_t>& alone() const noexcept { return alone_; }
  [[nodiscard]] const Place& place(Index parameter) const {
    return places_[static_cast<std::size_t>(parameter)];
  }

  /// Logarithmic in the cluster's wide parameters.
  [[nodiscard]] Spot spot(std::int32_t cluster, std::int32_t parameter) const {
    const Place& place = this->place(parameter);
    if (place.kind == Kind::root) {
      const Cluster& c = clusters_[static_cast<std::size_t>(cluster)];
      const auto found = std::lower_bound(c.wide.begin() + c.own, c.wide.end(), parameter);
      return found != c.wide.end() && *found == parameter ? static_cast<Spot>(found - c.wide.begin())
                                                          : absent;
    }
    if (place.cluster != cluster || place.kind == Kind::alone) {
      return absent;
    }
    return place.kind == Kind::own ? place.index : ~place.index;
  }

  /// Entries to store, and operations to factorize them, roughly.
  [[nodiscard]] double size() const {
    double entries = square(root_.size());
    for (const Cluster& cluster : clusters_) {
      entries += static_cast<double>(cluster.wide.size()) *
                     (static_cast<double>(cluster.own) + static_cast<double>(cluster.locals.size())) +
                 static_cast<double>(cluster.inner_size());
    }
    return entries;
  }
  [[nodiscard]] double work() const {
    const auto cube_third = [](double n) { return n * n * n / 3.0; };
    double operations = cube_third(static_cast<double>(root_.size()));
    for (const Cluster& cluster : clusters_) {
      const auto own = static_cast<double>(cluster.own);
      const double shared = static_cast<double>(cluster.wide.size()) - own;
      operations += static_cast<double>(cluster.locals.size()) * square(cluster.wide.size());
      operations += cube_third(own) + own * shared * (own + shared);
      for (const auto& group : cluster.groups) {
        const auto count = static_cast<double>(group.count);
        operations += cube_third(count) + count * count * static_cast<double>(cluster.wide.size());
      }
    }
    return operations;
  }

  /// Whether a factor fits into memory, and takes seconds at most.
  [[nodiscard]] bool is_affordable() const { return size() < 1e8 && work() < 5e10; }

private:
  static double square(std::size_t n) { return static_cast<double>(n) * static_cast<double>(n); }

  template <class S>
  void number_clusters(const BlockJacobian<S>& jacobian) {
    block_of_row_.assign(static_cast<std::size_t>(jacobian.rows), 0);
    for (std::size_t k = 0; k < jacobian.blocks.size(); ++k) {
      const auto& block = jacobian.blocks[k];
      std::fill_n(block_of_row_.begin() + block.first_row, block.slopes.rows(), static_cast<std::int32_t>(k));
    }
    UnionFind blocks(jacobian.blocks.size());
    for (std::size_t k = 1; k < jacobian.locals.size(); ++k) {
      if (jacobian.locals[k].parameter == jacobian.locals[k - 1].parameter) {
        blocks.join(block_of(jacobian.locals[k].row), block_of(jacobian.locals[k - 1].row));
      }
    }
    std::vector<std::int32_t> number(jacobian.blocks.size(), -1);
    for (std::size_t k = 0; k < jacobian.blocks.size(); ++k) {
      std::int32_t& cluster = number[static_cast<std::size_t>(blocks.find(static_cast<std::int32_t>(k)))];
      if (cluster < 0) {
        cluster = static_cast<std::int32_t>(clusters_.size());
        clusters_.emplace_back();
      }
      cluster_of_block_.push_back(cluster);
    }
  }

  [[nodiscard]] std::int32_t block_of(std::int32_t row) const {
    return block_of_row_[static_cast<std::size_t>(row)];
  }

  template <class S>
  void place_wide(const BlockJacobian<S>& jacobian) {
    for (std::size_t k = 0; k < jacobian.blocks.size(); ++k) {
      const std::int32_t c = cluster_of_block_[k];
      std::vector<std::int32_t>& wide = clusters_[static_cast<std::size_t>(c)].wide;
      for (const std::int32_t parameter : jacobian.blocks[k].parameters) {
        Place& place = places_[static_cast<std::size_t>(parameter)];
        if (place.kind == Kind::alone) {
          place = {Kind::own, c, 0};
        } else if (place.kind == Kind::own && place.cluster != c) {
          place = {Kind::root, -1, 0};
        }
        wide.push_back(parameter);
      }
    }
    for (std::size_t p = 0; p < places_.size(); ++p) {
      if (places_[p].kind == Kind::root) {
        places_[p].index = static_cast<std::int32_t>(root_.size());
        root_.push_back(static_cast<std::int32_t>(p));
      }
    }
    for (Cluster& cluster : clusters_) {
      finish_wide(cluster);
    }
  }

  void finish_wide(Cluster& cluster) {
    const auto rank = [this](std::int32_t p) { return std::pair{place(p).kind == Kind::root, p}; };
    std::sort(cluster.wide.begin(), cluster.wide.end(),
              [&rank](std::int32_t a, std::int32_t b) { return rank(a) < rank(b); });
    cluster.wide.erase(std::unique(cluster.wide.begin(), cluster.wide.end()), cluster.wide.end());
    for (std::size_t k = 0; k < cluster.wide.size(); ++k) {
      Place& place = places_[static_cast<std::size_t>(cluster.wide[k])];
      if (place.kind == Kind::own) {
        place.index = static_cast<std::int32_t>(k);
        ++cluster.own;
      } else {
        cluster.roots.push_back(place.index);
      }
    }
  }

  template <class S>
  void place_locals(const BlockJacobian<S>& jacobian) {
    UnionFind rows(block_of_row_.size());
    for (std::size_t k = 1; k < jacobian.locals.size(); ++k) {
      if (jacobian.locals[k].parameter == jacobian.locals[k - 1].parameter) {
        rows.join(jacobian.locals[k].row, jacobian.locals[k - 1].row);
      }
    }
    /// (group, parameter) of every local.
    std::vector<std::pair<std::int32_t, std::int32_t>> members;
    for (std::size_t k = 0; k < jacobian.locals.size(); ++k) {
      if (k == 0 || jacobian.locals[k].parameter != jacobian.locals[k - 1].parameter) {
        members.emplace_back(rows.find(jacobian.locals[k].row), jacobian.locals[k].parameter);
      }
    }
    std::sort(members.begin(), members.end());
    for (std::size_t k = 0; k < members.size(); ++k) {
      const auto& [row, parameter] = members[k];
      const std::int32_t c = cluster_of_block_[static_cast<std::size_t>(block_of(row))];
      Cluster& cluster = clusters_[static_cast<std::size_t>(c)];
      const auto column = static_cast<std::int32_t>(cluster.locals.size());
      if (k == 0 || members[k - 1].first != row) {
        cluster.groups.push_back({column, 0, cluster.inner_size()});
      }
      ++cluster.groups.back().count;
      cluster.group_of_local.push_back(static_cast<std::int32_t>(cluster.groups.size()) - 1);
      cluster.locals.push_back(parameter);
      places_[static_cast<std::size_t>(parameter)] = {Kind::local, c, column};
    }
  }

  std::vector<Place> places_;
  std::vector<Cluster> clusters_;
  std::vector<std::int32_t> cluster_of_block_, block_of_row_, root_, alone_;
};

} // namespace muhat
