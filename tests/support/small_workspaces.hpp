#pragma once

/// Small workspaces, as documents that a test may change before it uses them.

#include <nlohmann/json.hpp>

namespace muhat::test {

/// One channel of two bins: a signal under `mu` and a background with uncorrelated uncertainties.
inline nlohmann::json two_bin_document() {
  return nlohmann::json::parse(R"({
    "channels": [{"name": "singlechannel", "samples": [
      {"name": "signal", "data": [12.0, 11.0],
       "modifiers": [{"name": "mu", "type": "normfactor", "data": null}]},
      {"name": "background", "data": [50.0, 52.0],
       "modifiers": [{"name": "uncorr_bkguncrt", "type": "shapesys", "data": [3.0, 7.0]}]}]}],
    "observations": [{"name": "singlechannel", "data": [51, 48]}],
    "measurements": [{"name": "Measurement", "config": {"poi": "mu", "parameters": []}}],
    "version": "1.0.0"
  })");
}

/// Two channels, three samples, two measurements, and every modifier type.
inline nlohmann::json every_modifier_document() {
  return nlohmann::json::parse(R"({
    "channels": [
      {"name": "SR", "samples": [
        {"name": "signal", "data": [3.5, 4.25], "modifiers": [
          {"name": "mu", "type": "normfactor", "data": null},
          {"name": "lumi", "type": "lumi", "data": null},
          {"name": "JES", "type": "normsys", "data": {"hi": 1.1, "lo": 0.92}}]},
        {"name": "background", "data": [40, 30.5], "modifiers": [
          {"name": "JES", "type": "histosys", "data": {"hi_data": [42.0, 31.0], "lo_data": [37.5, 29.75]}},
          {"name": "stat_SR", "type": "staterror", "data": [1.5, 1.25]},
          {"name": "k_top", "type": "normfactor", "data": null}]},
        {"name": "fakes", "data": [2.0, 1.0], "modifiers": [
          {"name": "fake_shape", "type": "shapesys", "data": [0.5, 0.25]},
          {"name": "stat_SR", "type": "staterror", "data": [0.4, 0.3]}]}]},
      {"name": "CR", "samples": [
        {"name": "background", "data": [120.0], "modifiers": [
          {"name": "JES", "type": "normsys", "data": {"hi": 1.05, "lo": 0.96}},
          {"name": "free", "type": "shapefactor", "data": null},
          {"name": "k_top", "type": "normfactor", "data": null}]}]}],
    "observations": [{"name": "SR", "data": [45, 33]}, {"name": "CR", "data": [117]}],
    "measurements": [
      {"name": "nominal", "config": {"poi": "mu", "parameters": [
        {"name": "lumi", "auxdata": [1.0], "inits": [1.0], "sigmas": [0.017], "bounds": [[0.9, 1.1]]},
        {"name": "k_top", "bounds": [[0, 5]], "inits": [1]}]}},
      {"name": "top", "config": {"poi": "k_top", "parameters": [
        {"name": "lumi", "auxdata": [1.0], "inits": [1.0], "sigmas": [0.017], "bounds": [[0.9, 1.1]]},
        {"name": "mu", "fixed": true, "inits": [0.0]}]}}],
    "version": "1.0.0"
  })");
}

} // namespace muhat::test
