#pragma once

/// How a model's yields are laid out in memory.
///
/// Bins run over the channels (sorted by name) and their bins. A cell is one
/// sample in one channel; a row is one bin of a cell; the rows of a cell are contiguous.
///
/// A tile is a range of channels that a sweep goes through at once, forward and back, so that its constants
/// are read from memory only once. Most models are one tile; those too large for the cache have as many as
/// their channels allow. In a tile cells stand sample by sample, so that a systematic of one sample, or of
/// all, touches neighbors. Cells, and the rows of each tile, are padded to whole groups of lanes; padding
/// refers to one spare cell and one spare bin that stay zero.

#include <muhat/core/lanes.hpp>
#include <muhat/core/sort_stably.hpp>
#include <muhat/spec/specification.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <variant>
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

/// The rows and bins of a range of channels.
struct Tile {
  Eigen::Index first_bin = 0;
  Eigen::Index last_bin = 0;
  /// A multiple of `lane_count`.
  Eigen::Index first_row = 0;
  /// Behind the last row, without padding.
  Eigen::Index last_row = 0;
};

struct Layout {
  std::vector<ChannelSummary> channels;
  std::vector<std::string> samples;
  std::vector<Cell> cells;
  std::vector<Tile> tiles;
  Eigen::Index nbins = 0;
  /// The padding between tiles counts, that at the end does not.
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
  return stable_order(named, [](const auto& a, const auto& b) { return a.name < b.name; });
}

namespace detail {

/// About as many bytes as a sweep over the channel touches: two numbers per shape entry, eight per row.
[[nodiscard]] inline std::size_t sweep_bytes(const spec::Channel& channel) {
  std::size_t numbers = 8 * channel.samples.size();
  for (const spec::Sample& sample : channel.samples) {
    for (const spec::Modifier& modifier : sample.modifiers) {
      numbers += std::holds_alternative<spec::HistoSysData>(modifier.data) ? 2U : 0U;
    }
  }
  return numbers * channel.samples.front().data.size() * sizeof(double);
}

/// The tile of each sorted channel: 0 for all unless the model is larger than four tiles.
[[nodiscard]] inline std::vector<std::size_t> assign_tiles(const std::vector<spec::Channel>& channels,
                                                           const std::vector<std::size_t>& channel_order,
                                                           std::size_t tile_bytes) {
  std::vector<std::size_t> sizes;
  for (const std::size_t c : channel_order) {
    sizes.push_back(sweep_bytes(channels[c]));
  }
  std::vector<std::size_t> tiles(sizes.size(), 0);
  if (std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}) / 4 <= tile_bytes) {
    return tiles;
  }
  std::size_t in_tile = sizes.front();
  for (std::size_t c = 1; c < sizes.size(); ++c) {
    const bool fits = in_tile + sizes[c] <= tile_bytes;
    tiles[c] = tiles[c - 1] + (fits ? 0 : 1);
    in_tile = sizes[c] + (fits ? in_tile : 0);
  }
  return tiles;
}

inline void add_cells(Layout& layout, const std::vector<spec::Channel>& channels,
                      const std::vector<std::size_t>& channel_order,
                      const std::vector<std::size_t>& tile_of_channel) {
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
  const auto tile = [&tile_of_channel](const Cell& cell) {
    return tile_of_channel[static_cast<std::size_t>(cell.channel)];
  };
  sort_stably(layout.cells, [&tile](const Cell& a, const Cell& b) {
    if (tile(a) != tile(b)) {
      return tile(a) < tile(b);
    }
    return a.sample != b.sample ? a.sample < b.sample : a.channel < b.channel;
  });
  const auto by_channel = [](const Cell& a, const Cell& b) { return a.channel < b.channel; };
  for (const std::size_t cell : stable_order(layout.cells, by_channel)) {
    layout.walk.push_back(static_cast<std::int32_t>(cell));
  }
}

/// Fills the rows behind the last one up to a whole group of lanes.
inline void pad_rows(Layout& layout) {
  const auto padded = static_cast<std::size_t>(padded_size(layout.nrows));
  layout.row_cell.resize(padded, static_cast<std::int32_t>(layout.cells.size()));
  layout.row_bin.resize(padded, static_cast<std::int32_t>(layout.nbins));
}

inline void add_rows(Layout& layout, const std::vector<std::size_t>& tile_of_channel) {
  for (std::size_t k = 0; k < layout.cells.size(); ++k) {
    Cell& cell = layout.cells[k];
    const ChannelSummary& channel = layout.channels[static_cast<std::size_t>(cell.channel)];
    if (tile_of_channel[static_cast<std::size_t>(cell.channel)] == layout.tiles.size()) {
      pad_rows(layout);
      layout.nrows = padded_size(layout.nrows);
      layout.tiles.push_back({channel.first_bin, channel.first_bin, layout.nrows, layout.nrows});
    }
    cell.first_row = layout.nrows;
    layout.nrows += cell.nbins;
    Tile& tile = layout.tiles.back();
    tile.first_bin = std::min(tile.first_bin, channel.first_bin);
    tile.last_bin = std::max(tile.last_bin, channel.first_bin + channel.nbins);
    tile.last_row = layout.nrows;
    for (Eigen::Index b = 0; b < cell.nbins; ++b) {
      layout.row_cell.push_back(static_cast<std::int32_t>(k));
      layout.row_bin.push_back(static_cast<std::int32_t>(channel.first_bin + b));
    }
  }
  pad_rows(layout);
}

} // namespace detail

/// The first row of every tile.
[[nodiscard]] inline std::vector<Eigen::Index> first_rows(const Layout& layout) {
  std::vector<Eigen::Index> rows;
  for (const Tile& tile : layout.tiles) {
    rows.push_back(tile.first_row);
  }
  return rows;
}

/// The channel that holds a bin. Complexity: logarithmic.
[[nodiscard]] inline const ChannelSummary& channel_of(const Layout& layout, Eigen::Index bin) {
  const auto after = std::upper_bound(
      layout.channels.begin(), layout.channels.end(), bin,
      [](Eigen::Index sought, const ChannelSummary& channel) { return sought < channel.first_bin; });
  return *(after - 1);
}

/// Half of the smaller second-level caches.
inline constexpr std::size_t default_tile_bytes = 262'144;

/// Lays out the channels of a checked specification, in tiles of about `tile_bytes` where it is larger than
/// four of them. Complexity: rows + modifiers + cells log cells.
[[nodiscard]] inline Layout make_layout(const std::vector<spec::Channel>& channels,
                                        std::size_t tile_bytes = default_tile_bytes) {
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
  const std::vector<std::size_t> tile_of_channel = detail::assign_tiles(channels, order, tile_bytes);
  detail::add_cells(layout, channels, order, tile_of_channel);
  detail::add_rows(layout, tile_of_channel);
  return layout;
}

} // namespace muhat
