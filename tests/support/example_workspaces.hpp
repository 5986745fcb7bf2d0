#pragma once

/// Small workspaces as text, for tests that read them the way the tool does.

#include <string>

#include <support/small_workspaces.hpp>

namespace muhat::test {

/// The manual's "hello world".
inline const std::string two_bins = two_bin_document().dump();

/// Two channels, a shared normalization and shape uncertainty, two measurements; the second
/// one's parameter of interest is declared by no modifier.
inline const std::string two_channels = R"({
  "channels": [
    {"name": "signal_region", "samples": [
      {"name": "signal", "data": [5.0, 10.0],
       "modifiers": [{"name": "mu", "type": "normfactor", "data": null}]},
      {"name": "background", "data": [50.0, 60.0],
       "modifiers": [
         {"name": "scale", "type": "normsys", "data": {"hi": 1.1, "lo": 0.9}},
         {"name": "scale", "type": "histosys", "data": {"hi_data": [53.0, 58.0], "lo_data": [48.0, 61.0]}},
         {"name": "mc_stat", "type": "staterror", "data": [2.0, 3.0]}]}]},
    {"name": "control_region", "samples": [
      {"name": "background", "data": [100.0],
       "modifiers": [{"name": "scale", "type": "normsys", "data": {"hi": 1.2, "lo": 0.8}}]}]}],
  "observations": [
    {"name": "signal_region", "data": [55.0, 61.0]},
    {"name": "control_region", "data": [103.0]}],
  "measurements": [
    {"name": "limit", "config": {"poi": "mu", "parameters": [{"name": "mu", "bounds": [[0.0, 20.0]]}]}},
    {"name": "missing_signal", "config": {"poi": "mu_missing", "parameters": []}}],
  "version": "1.0.0"
})";

} // namespace muhat::test
