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

/// A likelihood with two minima: both variations of each histosys pull the same way.
inline const std::string several_minima = R"({
  "channels": [{"name": "SR", "samples": [
    {"name": "bkg", "data": [100.0, 100.0, 100.0, 100.0],
     "modifiers": [
       {"name": "a0", "type": "histosys", "data": {
         "hi_data": [86.90398222838613, 81.82947631490438, 93.40721368741083, 83.03496634965781],
         "lo_data": [55.52255348169183, 56.808285243266596, 71.78657630703225, 77.53048972002453]}},
       {"name": "a1", "type": "histosys", "data": {
         "hi_data": [87.74604396385664, 135.19085369754228, 139.0324063049786, 83.74031951397735],
         "lo_data": [64.62898391647764, 134.87041414533888, 131.25685372529026, 70.11916997623194]}}]},
    {"name": "sig", "data": [11.394581046592341, 5.4514764501878235, 10.567043610100546, 4.21278083718186],
     "modifiers": [{"name": "mu", "type": "normfactor", "data": null}]}]}],
  "observations": [{"name": "SR", "data": [122.0, 93.0, 97.0, 103.0]}],
  "measurements": [{"name": "limit", "config": {"poi": "mu", "parameters": []}}],
  "version": "1.0.0"
})";

} // namespace muhat::test
