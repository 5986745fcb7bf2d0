#pragma once

/// Where the entries of a model's Jacobian, d rate_b / d theta_p, are put: all of them in
/// a dense matrix, or those that are there in blocks by channel (core/block_jacobian.hpp).
///
/// A target has `add(parameter, bin, slope)`, which adds to the entry. The spare bin behind the last
/// one and the constant behind the last parameter come up too, with any value.

#include <muhat/core/block_jacobian.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/union_find.hpp>
#include <muhat/model/layout.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace muhat {

/// A matrix of bins x parameters, or transposed.
template <class S>
class DenseJacobianTarget {
public:
  /// The entry of a bin and a parameter is data[bin * bin_stride + parameter * parameter_stride].
  DenseJacobianTarget(S* data, Index bins, Index parameters, Index bin_stride, Index parameter_stride)
      : data_(data), bins_(bins), parameters_(parameters), bin_stride_(bin_stride),
        parameter_stride_(parameter_stride) {}

  void add(std::int32_t parameter, Index bin, S slope) {
    if (bin < bins_ && parameter < parameters_) {
      data_[bin * bin_stride_ + parameter * parameter_stride_] += slope;
    }
  }

private:
  S* data_;
  Index bins_, parameters_, bin_stride_, parameter_stride_;
};

/// First pass over a Jacobian's entries: which parameter acts on which channels. Memory: parameters, plus
/// pairs of parameter and channel. Entries that are 0 are not there.
class JacobianPattern {
public:
  static constexpr std::int32_t none = -1;

  JacobianPattern(const Layout& layout, Index parameters)
      : layout_(&layout), parameters_(parameters), channel_of_bin_(static_cast<std::size_t>(layout.nbins)),
        places_(static_cast<std::size_t>(parameters)) {
    for (std::size_t c = 0; c < layout.channels.size(); ++c) {
      const ChannelSummary& channel = layout.channels[c];
      std::fill_n(channel_of_bin_.begin() + channel.first_bin, channel.nbins, static_cast<std::int32_t>(c));
    }
  }

  template <class S>
  void add(std::int32_t parameter, Index bin, S slope) {
    if (slope == S(0) || bin >= layout_->nbins || parameter >= parameters_) {
      return;
    }
    Place& place = places_[static_cast<std::size_t>(parameter)];
    const std::int32_t channel = channel_of_bin_[static_cast<std::size_t>(bin)];
    if (place.visits.empty() || place.visits.back().channel != channel) {
      place.visits.push_back({channel, static_cast<std::int32_t>(bin), none});
    } else if (place.visits.back().bin != bin) {
      place.narrow = false;
    }
  }

  /// A Jacobian of zeros of this pattern. Numbers the columns of each block.
  template <class S>
  [[nodiscard]] BlockJacobian<S> allocate() {
    sort_visits();
    widen_large_groups();
    BlockJacobian<S> jacobian{layout_->nbins, parameters_, {}, {}};
    jacobian.blocks.resize(layout_->channels.size());
    for (std::size_t p = 0; p < places_.size(); ++p) {
      Place& place = places_[p];
      place.local =
          place.narrow && !place.visits.empty() ? static_cast<std::int32_t>(jacobian.locals.size()) : none;
      for (Visit& visit : place.visits) {
        if (place.narrow) {
          jacobian.locals.push_back({static_cast<std::int32_t>(p), visit.bin, S(0)});
          continue;
        }
        auto& parameters = jacobian.blocks[static_cast<std::size_t>(visit.channel)].parameters;
        visit.column = static_cast<std::int32_t>(parameters.size());
        parameters.push_back(static_cast<std::int32_t>(p));
      }
    }
    for (std::size_t c = 0; c < jacobian.blocks.size(); ++c) {
      auto& block = jacobian.blocks[c];
      block.first_row = layout_->channels[c].first_bin;
      block.slopes.setZero(layout_->channels[c].nbins, static_cast<Index>(block.parameters.size()));
    }
    return jacobian;
  }

  /// After `allocate`: the first of the parameter's places among the locals, or `none`.
  [[nodiscard]] std::int32_t local(std::int32_t parameter) const {
    return places_[static_cast<std::size_t>(parameter)].local;
  }
  [[nodiscard]] std::int32_t channel(Index bin) const {
    return channel_of_bin_[static_cast<std::size_t>(bin)];
  }
  /// After `allocate`: the parameter's column in a channel that it acts on. Logarithmic.
  [[nodiscard]] std::int32_t column(std::int32_t parameter, std::int32_t channel) const {
    const std::vector<Visit>& visits = places_[static_cast<std::size_t>(parameter)].visits;
    return std::lower_bound(visits.begin(), visits.end(), channel,
                            [](const Visit& visit, std::int32_t sought) { return visit.channel < sought; })
        ->column;
  }

private:
  struct Visit {
    std::int32_t channel, bin, column;
  };
  struct Place {
    /// In the order of their coming, then one per channel.
    std::vector<Visit> visits = {};
    std::int32_t local = none;
    /// Whether it acts on one bin of each channel only.
    bool narrow = true;
  };

  /// The most channels in which a local parameter acts, and the most of them that share bins.
  static constexpr std::size_t most_channels = 4;
  static constexpr std::int32_t largest_group = 24;

  void sort_visits() {
    for (Place& place : places_) {
      std::sort(place.visits.begin(), place.visits.end(), [](const Visit& a, const Visit& b) {
        return std::pair{a.channel, a.bin} < std::pair{b.channel, b.bin};
      });
      std::size_t kept = 0;
      for (const Visit& visit : place.visits) {
        if (kept > 0 && place.visits[kept - 1].channel == visit.channel) {
          place.narrow = place.narrow && place.visits[kept - 1].bin == visit.bin;
        } else {
          place.visits[kept++] = visit;
        }
      }
      place.visits.resize(kept);
      place.narrow = place.narrow && kept <= most_channels;
    }
  }

  /// Parameters of several single bins are local only where they do not tie many others together, as common
  /// nuisances of channels with one bin do.
  void widen_large_groups() {
    UnionFind bins(static_cast<std::size_t>(layout_->nbins));
    for (const Place& place : places_) {
      for (std::size_t k = 1; place.narrow && k < place.visits.size(); ++k) {
        bins.join(place.visits[0].bin, place.visits[k].bin);
      }
    }
    std::vector<std::int32_t> members(static_cast<std::size_t>(layout_->nbins), 0);
    for (const Place& place : places_) {
      if (place.narrow && !place.visits.empty()) {
        ++members[static_cast<std::size_t>(bins.find(place.visits[0].bin))];
      }
    }
    for (Place& place : places_) {
      if (place.narrow && place.visits.size() > 1 &&
          members[static_cast<std::size_t>(bins.find(place.visits[0].bin))] > largest_group) {
        place.narrow = false;
      }
    }
  }

  const Layout* layout_;
  Index parameters_;
  std::vector<std::int32_t> channel_of_bin_;
  std::vector<Place> places_;
};

/// Second pass: the same entries once more, into what the pattern allocated.
template <class S>
class BlockJacobianTarget {
public:
  BlockJacobianTarget(const JacobianPattern& pattern, BlockJacobian<S>& jacobian)
      : pattern_(&pattern), jacobian_(&jacobian) {}

  void add(std::int32_t parameter, Index bin, S slope) {
    if (slope == S(0) || bin >= jacobian_->rows || parameter >= jacobian_->parameters) {
      return;
    }
    if (parameter != parameter_ || bin < first_ || bin >= end_) {
      find(parameter, bin);
    }
    column_[bin - first_] += slope;
  }

private:
  /// Neighboring entries mostly go to the same column of the same block.
  void find(std::int32_t parameter, Index bin) {
    parameter_ = parameter;
    const std::int32_t local = pattern_->local(parameter);
    if (local != JacobianPattern::none) {
      first_ = bin;
      end_ = bin + 1;
      auto entry = jacobian_->locals.begin() + local;
      while (entry->row != bin) {
        ++entry;
      }
      column_ = &entry->slope;
      return;
    }
    const std::int32_t channel = pattern_->channel(bin);
    auto& block = jacobian_->blocks[static_cast<std::size_t>(channel)];
    first_ = block.first_row;
    end_ = first_ + block.slopes.rows();
    column_ = block.slopes.col(pattern_->column(parameter, channel)).data();
  }

  const JacobianPattern* pattern_;
  BlockJacobian<S>* jacobian_;
  std::int32_t parameter_ = JacobianPattern::none;
  Index first_ = 0;
  Index end_ = 0;
  S* column_ = nullptr;
};

} // namespace muhat
