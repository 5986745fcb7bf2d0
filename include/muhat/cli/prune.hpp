#pragma once

/// `muhat prune`: a workspace without some of its channels, samples, modifiers,
/// measurements, bins or negligible uncertainties.

#include <muhat/cli/arguments.hpp>
#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/model_options.hpp>
#include <muhat/cli/surgery.hpp>
#include <muhat/core/errors.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/workspace/bins.hpp>
#include <muhat/workspace/change.hpp>
#include <muhat/workspace/original_pointer.hpp>
#include <muhat/workspace/prune.hpp>
#include <muhat/workspace/prune_small.hpp>

#include <CLI/CLI.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muhat::cli {

struct PruneCommandOptions {
  std::string workspace = std::string(standard_input);
  PruneOptions names;
  std::vector<std::string> drop_bins;
  std::vector<std::string> keep_bins;
  EffectThresholds thresholds;
  SurgeryOutput output;
};

/// `CHANNEL=BIN` texts as bins, collected by channel. Throws InvalidArgument.
inline std::vector<BinSelection> parse_bins(const std::string& option,
                                            const std::vector<std::string>& texts) {
  std::vector<BinSelection> selections;
  for (const std::string& text : texts) {
    const auto [channel, bin] = parse_assignment(option, text, "CHANNEL=BIN");
    BinSelection* selection = nullptr;
    for (BinSelection& known : selections) {
      selection = known.channel == channel ? &known : selection;
    }
    if (selection == nullptr) {
      selection = &selections.emplace_back(BinSelection{channel, {}});
    }
    selection->bins.push_back(parse_number<std::size_t>(option + ' ' + channel, bin));
  }
  return selections;
}

/// Throws InvalidArgument for bins of channels in which nothing is to be removed.
inline void require_bins_in_scope(const BinChoice& bins, const std::vector<std::string>& in_channels) {
  for (const auto* selections : {&bins.drop, &bins.keep}) {
    for (const BinSelection& selection : *selections) {
      if (!muhat::detail::in_scope(in_channels, selection.channel)) {
        throw InvalidArgument("bins of the channel " + in_quotes(selection.channel) +
                              " cannot go while --in-channel names only " + quoted_list(in_channels) +
                              "; add this channel, or drop the bins in a second step");
      }
    }
  }
}

/// Names go first, then bins, then what is negligible in what is left.
inline ExitCode run_prune(const PruneCommandOptions& options, Context& context) {
  check_output(options.output.output);
  const BinChoice bins{.drop = parse_bins("--drop-bin", options.drop_bins),
                       .keep = parse_bins("--keep-bin", options.keep_bins)};
  require_bins_in_scope(bins, options.names.in_channels);
  EffectThresholds thresholds = options.thresholds;
  thresholds.in_channels = options.names.in_channels;
  thresholds.in_samples = options.names.in_samples;
  Workspace workspace = load_exact_workspace(options.workspace, context);
  return run_surgery(options.output, context, [&](Changes* changes) {
    const std::optional<Workspace> given =
        changes == nullptr ? std::nullopt : std::optional<Workspace>(workspace);
    muhat::detail::KeptBins kept;
    Workspace outcome = prune(std::move(workspace), options.names, changes);
    // The changes of later operations, too, are told of the workspace that was given.
    const auto go_on = [&](auto operate) {
      if (changes == nullptr) {
        outcome = operate(std::move(outcome), nullptr);
        return;
      }
      const Workspace before = outcome;
      Changes made;
      outcome = operate(std::move(outcome), &made);
      for (Change& change : made) {
        change.pointer =
            muhat::detail::original_pointer(change.pointer, before.document(), given->document(), kept);
        changes->push_back(std::move(change));
      }
    };
    if (!bins.drop.empty() || !bins.keep.empty()) {
      auto chosen = muhat::detail::kept_bins(outcome.specification(), bins);
      go_on([&](Workspace left, Changes* made) { return choose_bins(std::move(left), bins, made); });
      kept = std::move(chosen);
    }
    if (thresholds.normalization || thresholds.shape || thresholds.staterror) {
      go_on([&](Workspace left, Changes* made) { return prune_small(std::move(left), thresholds, made); });
    }
    return outcome;
  });
}

namespace detail {

inline void add_prune_options(CLI::App& command, PruneCommandOptions& options) {
  PruneOptions& names = options.names;
  const auto add = [&](const char* flags, std::vector<std::string>& values, const std::string& description) {
    add_repeatable(command, flags, values, description + "; may be given several times");
  };
  add_workspace_argument(command, options.workspace);
  add("-c,--channel", names.channels, "A channel to remove, with its observation");
  add("-s,--sample", names.samples, "A sample to remove");
  add("-m,--modifier", names.modifiers, "A modifier to remove");
  add("-t,--modifier-type", names.modifier_types, "A modifier type to remove");
  add("--measurement", names.measurements, "A measurement to remove");
  add("--in-channel", names.in_channels,
      "Remove samples, modifiers, bins and uncertainties only in this channel");
  add("--in-sample", names.in_samples, "Remove modifiers and uncertainties only in this sample");
  add("--drop-bin", options.drop_bins, "CHANNEL=BIN: a bin to remove, counted from 0");
  add("--keep-bin", options.keep_bins,
      "CHANNEL=BIN: a bin to keep, counted from 0, while others of its channel go");
  add_number(command, "--min-normalization", options.thresholds.normalization,
             "Remove normalization uncertainties with a relative effect below this");
  add_number(command, "--min-shape", options.thresholds.shape,
             "Remove shape uncertainties with a relative effect below this");
  add_number(command, "--min-staterror", options.thresholds.staterror,
             "Remove statistical uncertainties with a relative effect below this");
  add_surgery_output(command, options.output);
}

} // namespace detail

inline void add_prune_command(CLI::App& app, Selection& selection) {
  add_command<PruneCommandOptions>(app, selection,
                                   {"prune", "Remove channels, samples, modifiers, measurements or bins",
                                    "muhat prune --channel CR --modifier-type staterror workspace.json"},
                                   detail::add_prune_options, run_prune);
}

} // namespace muhat::cli
