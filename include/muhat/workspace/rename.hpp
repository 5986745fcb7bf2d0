#pragma once

/// Renaming channels, samples, modifiers and measurements, one by one or by regular expression.

#include <muhat/core/errors.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/core/utf8.hpp>
#include <muhat/spec/specification.hpp>
#include <muhat/workspace/change.hpp>
#include <muhat/workspace/components.hpp>
#include <muhat/workspace/name_pattern.hpp>
#include <muhat/workspace/parameter_configuration.hpp>
#include <muhat/workspace/sharing.hpp>
#include <muhat/workspace/workspace.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat {

/// `from` becomes `to`.
struct NameChange {
  std::string from;
  std::string to;
  /// `from` is a regular expression (ECMAScript) over the characters of a name; what it matches becomes `to`,
  /// where `$1` is the first group.
  bool is_pattern = false;
};

/// New names. All changes happen at once, so that two names can be swapped. A
/// name takes the first change that fits.
struct RenameOptions {
  std::vector<NameChange> channels = {};
  std::vector<NameChange> samples = {};
  std::vector<NameChange> modifiers = {};
  std::vector<NameChange> measurements = {};
};

namespace detail {

using NewNames = std::map<std::string, std::string, std::less<>>;

/// Throws InvalidArgument for a new name that no document can have.
inline void require_name(std::string_view kind, std::string_view from, std::string_view to) {
  if (to.empty()) {
    throw InvalidArgument("the new name of the " + std::string(kind) + ' ' + in_quotes(from) +
                          " is empty: give it one");
  }
  if (!decoded_utf8(to)) {
    throw InvalidArgument("the new name " + in_quotes(to) + " of the " + std::string(kind) + ' ' +
                          in_quotes(from) + " is no UTF-8 text, which a JSON document needs");
  }
}

/// Adds the new name of each known name that the pattern of `change` matches; false if there is none. A
/// template so that the regular expressions are compiled only where something is renamed.
template <class Text>
bool replace_matches(std::string_view kind, const NameChange& change, const std::vector<Text>& known,
                     NewNames& names) {
  const NamePattern pattern(kind, change.from);
  bool matches = false;
  for (const Text& name : known) {
    if (const std::optional<std::string> replaced = pattern.replaced(name, change.to)) {
      matches = true;
      require_name(kind, name, *replaced);
      names.emplace(name, *replaced);
    }
  }
  return matches;
}

/// The new name of each known name that changes.
template <class Text>
NewNames new_names(std::string_view kind, const std::vector<NameChange>& changes,
                   const std::vector<Text>& known) {
  NewNames names;
  for (const NameChange& change : changes) {
    if (!change.is_pattern) {
      require_name(kind, change.from, change.to);
      require_known(kind, {change.from}, known);
      if (!names.emplace(change.from, change.to).second) {
        throw InvalidArgument("the " + std::string(kind) + ' ' + in_quotes(change.from) +
                              " is renamed twice");
      }
      continue;
    }
    if (!replace_matches(kind, change, known, names)) {
      throw UnknownName("no " + std::string(kind) + " matches the pattern " + in_quotes(change.from) + "; " +
                        suggestion(change.from, known));
    }
  }
  return names;
}

/// Throws InvalidOperation where new names would make modifiers share a parameter that may not.
inline void require_sharable(const spec::Workspace& workspace, const NewNames& names) {
  const auto new_name = [&](const spec::Modifier& modifier) {
    const auto renamed = names.find(modifier.name);
    return std::string_view(renamed == names.end() ? modifier.name : renamed->second);
  };
  const auto conflict =
      find_sharing_conflict(workspace.channels, new_name,
                            [](const spec::Channel&, const spec::Sample&, const spec::Modifier& modifier) {
                              return std::string_view(modifier.name);
                            });
  if (conflict) {
    const auto& [first, second, reason] = *conflict;
    throw InvalidOperation("renaming would make the " + second.modifier->type + ' ' +
                           in_quotes(second.modifier->name) + " and the " + first.modifier->type + ' ' +
                           in_quotes(first.modifier->name) + " share the parameter " +
                           in_quotes(new_name(*first.modifier)) + ", " + reason + "; choose another name");
  }
}

template <class Json>
class Renamer {
public:
  Renamer(BasicWorkspace<Json>& workspace, const RenameOptions& options, Changes* changes)
      : options_(workspace.parse_options()), changes_(changes), document_(take_document(workspace)) {
    const ComponentNames known = component_names(workspace.specification());
    channels_ = new_names("channel", options.channels, known.channels);
    samples_ = new_names("sample", options.samples, known.samples);
    modifiers_ = new_names("modifier", options.modifiers, known.modifiers);
    measurements_ = new_names("measurement", options.measurements, known.measurements);
    if (!modifiers_.empty()) {
      require_sharable(workspace.specification(), modifiers_);
      for (const auto& [name, parameter] : binwise_parameters(workspace.specification().channels)) {
        const auto renamed = modifiers_.find(name);
        numbers_[renamed == modifiers_.end() ? name : renamed->second].insert(parameter.bins.size());
      }
    }
  }

  BasicWorkspace<Json> operator()() && {
    auto& channels = elements(document_["channels"]);
    for (std::size_t c = 0; c < channels.size(); ++c) {
      auto& samples = elements(channels[c]["samples"]);
      for (std::size_t s = 0; s < samples.size() && !modifiers_.empty(); ++s) {
        rename_list(samples[s]["modifiers"], modifiers_, "modifier", "channels", c, "samples", s,
                    "modifiers");
      }
      rename_list(channels[c]["samples"], samples_, "sample", "channels", c, "samples");
    }
    rename_list(document_["channels"], channels_, "channel", "channels");
    rename_list(document_["observations"], channels_, "observation", "observations");
    auto& measurements = elements(document_["measurements"]);
    for (std::size_t m = 0; m < measurements.size(); ++m) {
      Json& config = measurements[m]["config"];
      rename(config["poi"], modifiers_, "parameter of interest", "measurements", m, "config", "poi");
      rename_list(config["parameters"], modifiers_, "parameter", "measurements", m, "config", "parameters");
    }
    rename_list(document_["measurements"], measurements_, "measurement", "measurements");
    BasicWorkspace<Json> outcome = finish_operation(std::move(document_), options_, "renaming");
    require_fitting_configurations(outcome.specification(), numbers_, "renaming");
    return outcome;
  }

private:
  template <class... Tokens>
  void rename(Json& name, const NewNames& names, const char* what, const Tokens&... tokens) {
    auto& text = name.template get_ref<typename Json::string_t&>();
    const auto found = names.find(text);
    if (found == names.end() || found->second == text) {
      return;
    }
    record(changes_, changes_ == nullptr ? std::string() : pointer_to(tokens...), [&] {
      return "rename " + std::string(what) + ' ' + in_quotes(text) + " to " + in_quotes(found->second);
    });
    text = found->second;
  }

  template <class... Tokens>
  void rename_list(Json& list, const NewNames& names, const char* what, const Tokens&... tokens) {
    if (names.empty()) {
      return;
    }
    auto& entries = elements(list);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      rename(entries[i]["name"], names, what, tokens..., i, "name");
    }
  }

  const ParseOptions& options_;
  Changes* changes_;
  Json document_;
  NewNames channels_, samples_, modifiers_, measurements_;
  ComponentNumbers numbers_;
};

} // namespace detail

/// The workspace with new names. A channel's observation, and a modifier's parameter configurations and place
/// as parameter of interest, follow. A modifier that is given the name of another shares its parameter from
/// then on. Appends to `changes` what was renamed. Throws UnknownName for a name, or a pattern, that fits
/// nothing, InvalidArgument for a pattern that is no regular expression or takes too long to match, for a
/// pattern or a name beside one of more than 2000 characters, for a name that is renamed twice, to nothing or
/// to what is no UTF-8, and InvalidOperation where two things that must differ would have one name, modifiers
/// that may not share a parameter, or a configuration that does not fit its parameter any more. Linear in the
/// size of the workspace.
template <class Json>
[[nodiscard]] BasicWorkspace<Json> rename(BasicWorkspace<Json> workspace, const RenameOptions& options,
                                          Changes* changes = nullptr) {
  return detail::Renamer<Json>(workspace, options, changes)();
}

} // namespace muhat
