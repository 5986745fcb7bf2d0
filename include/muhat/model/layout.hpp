#pragma once

/// How a model's yields are laid out in memory.
///
/// Bins run over the channels (sorted by name) and their bins. A cell is one
/// sample in one channel; a row is one bin of a cell. Cells stand sample by
/// sample, so that a systematic of one sample, or of all, touches neighbors;
/// the rows of a cell are contiguous. Rows and cells are padded to whole groups
/// of lanes; padding refers to one spare cell and one spare bin that stay zero.

#include <muhat/core/lanes.hpp>
#include <muhat/spec/specification.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

namespace muhat {

/// A channel and where its bins stand in vectors over all bins.
struct ChannelSummary {
  std::string name;
  Eigen::Index nbins = 0;
  Eigen::Index first_bin = 0;
};

/// How messages name a bin, counted within its channel.
[[nodiscard]] inline std::string bin_text(const ChannelSummary& channel, Eigen::Index bin) {
  return "bin " + std::to_string(bin) + " of channel \"" + channel.name + "\"";
}

/// One sample in one channel.
struct Cell {
  /// Index into the sorted channels and into the sorted sample names.
  Eigen::Index channel = 0;
  Eigen::Index sample = 0;
  Eigen::Index first_row = 0;
  Eigen::Index nbins = 0;
  /// Where it stands in the specification's own order.
  std::size_t spec_channel = 0;
  std::size_t spec_sample = 0;
};

struct Layout {
  std::vector<ChannelSummary> channels;
  std::vector<std::string> samples;
  std::vector<Cell> cells;
  Eigen::Index nbins = 0;
  Eigen::Index nrows = 0;
  /// Per row, padded.
  std::vector<std::int32_t> row_cell;
  std::vector<std::int32_t> row_bin;
  /// Cells in the order channel, sample: the order in which parameters are met.
  std::vector<std::int32_t> walk;
};

/// The position of every name in sorted order (byte order).
template <class Range>
[[nodiscard]] std::vector<std::size_t> sorted_by_name(const Range& named) {
  std::vector<std::size_t> order(named.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&named](std::size_t a, std::size_t b) { return named[a].name < named[b].name; });
  return order;
}

namespace detail {

inline void add_cells(Layout& layout, const std::vector<spec::Channel>& channels,
                      const std::vector<std::size_t>& channel_order) {
  for (std::size_t c = 0; c < channel_order.size(); ++c) {
    const spec::Channel& channel = channels[channel_order[c]];
    for (std::size_t s = 0; s < channel.samples.size(); ++s) {
      const auto name =
          std::lower_bound(layout.samples.begin(), layout.samples.end(), channel.samples[s].name);
      Cell cell;
      cell.channel = static_cast<Eigen::Index>(c);
      cell.sample = name - layout.samples.begin();
      cell.nbins = layout.channels[c].nbins;
      cell.spec_channel = channel_order[c];
      cell.spec_sample = s;
      layout.cells.push_back(cell);
    }
  }
  std::stable_sort(layout.cells.begin(), layout.cells.end(), [](const Cell& a, const Cell& b) {
    return a.sample != b.sample ? a.sample < b.sample : a.channel < b.channel;
  });
  layout.walk.resize(layout.cells.size());
  std::iota(layout.walk.begin(), layout.walk.end(), 0);
  std::stable_sort(layout.walk.begin(), layout.walk.end(), [&layout](std::int32_t a, std::int32_t b) {
    return layout.cells[static_cast<std::size_t>(a)].channel <
           layout.cells[static_cast<std::size_t>(b)].channel;
  });
}

inline void add_rows(Layout& layout) {
  for (std::size_t k = 0; k < layout.cells.size(); ++k) {
    Cell& cell = layout.cells[k];
    cell.first_row = layout.nrows;
    layout.nrows += cell.nbins;
    const Eigen::Index first_bin = layout.channels[static_cast<std::size_t>(cell.channel)].first_bin;
    for (Eigen::Index b = 0; b < cell.nbins; ++b) {
      layout.row_cell.push_back(static_cast<std::int32_t>(k));
      layout.row_bin.push_back(static_cast<std::int32_t>(first_bin + b));
    }
  }
  const auto padded = static_cast<std::size_t>(padded_size(layout.nrows));
  layout.row_cell.resize(padded, static_cast<std::int32_t>(layout.cells.size()));
  layout.row_bin.resize(padded, static_cast<std::int32_t>(layout.nbins));
}

} // namespace detail

/// The channel that holds a bin. Complexity: logarithmic.
[[nodiscard]] inline const ChannelSummary& channel_of(const Layout& layout, Eigen::Index bin) {
  const auto after = std::upper_bound(
      layout.channels.begin(), layout.channels.end(), bin,
      [](Eigen::Index sought, const ChannelSummary& channel) { return sought < channel.first_bin; });
  return *(after - 1);
}

/// Lays out the channels of a checked specification. Complexity: rows + cells log cells.
[[nodiscard]] inline Layout make_layout(const std::vector<spec::Channel>& channels) {
  Layout layout;
  const std::vector<std::size_t> order = sorted_by_name(channels);
  for (const std::size_t c : order) {
    const spec::Channel& channel = channels[c];
    const auto nbins = static_cast<Eigen::Index>(channel.samples.front().data.size());
    layout.channels.push_back({channel.name, nbins, layout.nbins});
    layout.nbins += nbins;
    for (const spec::Sample& sample : channel.samples) {
      layout.samples.push_back(sample.name);
    }
  }
  std::sort(layout.samples.begin(), layout.samples.end());
  layout.samples.erase(std::unique(layout.samples.begin(), layout.samples.end()), layout.samples.end());
  detail::add_cells(layout, channels, order);
  detail::add_rows(layout);
  return layout;
}

} // namespace muhat
