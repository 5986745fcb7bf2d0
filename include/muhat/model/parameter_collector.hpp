#pragma once

/// From the parameters that single modifiers ask for to a model's parameter sets.
///
/// One set per distinct name. Sets stand by modifier type and, within a type,
/// where they are first met walking the sorted channels and samples; a name that
/// two types share stands at the first of them.

#include <muhat/core/errors.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/core/sort_stably.hpp>
#include <muhat/model/modifier_site.hpp>
#include <muhat/model/parameters.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat {

/// How several modifiers of one name combine.
enum class Sharing {
  /// One parameter, the same for all.
  scalar,
  /// One component per bin of the channel; every channel must have as many bins.
  by_bin,
  /// One component per bin of every channel that carries it, channel after channel.
  by_channel_bin,
  /// A second modifier of the name is an error.
  none
};

/// A parameter that a modifier asks for, with its defaults.
struct ParameterRequirement {
  std::string name = {};
  Sharing sharing = Sharing::scalar;
  Index size = 1;
  double init = 0.0;
  std::pair<double, double> bounds = {-5.0, 5.0};
  Constraint constraint = Constraint::normal;
  /// Per component: auxiliary datum, width (Normal) or rate (Poisson), suggested fixed.
  std::vector<double> auxdata = {0.0};
  std::vector<double> scales = {1.0};
  std::vector<bool> fixed = {false};
  /// by_channel_bin: the sample's yields and absolute uncertainties, in events.
  std::vector<double> yields = {};
  std::vector<double> uncertainties = {};
  /// Whether the measurement has to supply init, bounds, auxdata and width.
  bool configured = false;
  /// Whether it may join a scalar set of any other modifier type (user-defined modifiers).
  bool joins_any = false;
};

/// A set in the making.
struct CollectedSet {
  ParameterRequirement requirement;
  /// (index of the modifier type in the list of kinds, how many of that type were met before).
  std::pair<std::size_t, std::size_t> rank;
  std::vector<std::string> types;
  std::string first_site;
  /// by_channel_bin: the channels that carry it (index into the sorted channels) and their
  /// first component; yields and variances summed over samples, per component.
  std::vector<std::pair<Index, Index>> channels;
  std::vector<double> yields, variances;
  /// by_channel_bin: per component, whether any uncertainty is other than zero, however small its square.
  std::vector<bool> uncertain = {};
  /// by_channel_bin: the name of each of `channels`.
  std::vector<std::string> channel_names = {};
  /// by_channel_bin: by sample, the names of the channels where it carries the set.
  std::map<std::string, std::set<std::string>, std::less<>> carriers = {};
};

/// Whether two types may stand under one name.
[[nodiscard]] inline bool may_share_name(std::string_view a, std::string_view b) {
  const auto interpolated = [](std::string_view type) { return type == "normsys" || type == "histosys"; };
  return a == b || (interpolated(a) && interpolated(b));
}

/// sqrt(variance) / yield; 0 unless the yield is positive.
[[nodiscard]] inline double relative_width(double yield, double variance) {
  return yield > 0.0 ? std::sqrt(variance) / yield : 0.0;
}

/// Whether that is a number of full precision, or need not be one for want of a yield. False for
/// uncertainties like 1e-170 or 1e170 events, whose squares are none.
[[nodiscard]] inline bool has_relative_width(double yield, double variance) {
  return !(yield > 0.0) || (std::isnormal(variance) && std::isnormal(relative_width(yield, variance)));
}

/// What to say where it is not.
[[nodiscard]] inline std::string width_problem(double yield, double variance) {
  return "the squares of the uncertainties sum to " + number_text(variance) + ", the yields to " +
         number_text(yield) +
         ": a relative width beyond the range of numbers; give uncertainties in events, 0 where there is "
         "none";
}

class ParameterCollector {
public:
  /// Notes what the modifier at `site`, of the kind with index `kind`, asks for.
  /// Call in walking order. Throws InvalidNameReuse, InvalidModel.
  void add(const ModifierSite& site, std::size_t kind, ParameterRequirement requirement) {
    const auto [position, is_new] = by_name_.try_emplace(requirement.name, sets_.size());
    if (is_new) {
      sets_.push_back(
          {std::move(requirement), {kind, met_++}, {site.modifier.type}, site.describe(), {}, {}, {}});
    } else {
      join(sets_[position->second], site, kind, requirement);
    }
    CollectedSet& set = sets_[position->second];
    if (set.requirement.sharing == Sharing::by_channel_bin) {
      accumulate(set, site, is_new ? set.requirement : requirement);
    }
  }

  /// The sets in parameter order; `finish` turns sums over samples into widths.
  [[nodiscard]] std::vector<CollectedSet> finish() {
    for (CollectedSet& set : sets_) {
      if (set.requirement.sharing == Sharing::by_channel_bin) {
        finish_channel_bins(set);
      }
    }
    sort_stably(sets_, [](const CollectedSet& a, const CollectedSet& b) {
      if (a.rank.first == b.rank.first && a.requirement.sharing == Sharing::by_channel_bin &&
          b.requirement.sharing == Sharing::by_channel_bin) {
        return a.requirement.name < b.requirement.name;
      }
      return a.rank < b.rank;
    });
    return std::move(sets_);
  }

private:
  /// A sample, and the channels where it carries a set.
  using Carrier = std::map<std::string, std::set<std::string>, std::less<>>::value_type;

  void join(CollectedSet& set, const ModifierSite& site, std::size_t kind,
            const ParameterRequirement& other) {
    const bool joins = (other.joins_any || set.requirement.joins_any) && other.sharing == Sharing::scalar &&
                       set.requirement.sharing == Sharing::scalar;
    for (const std::string& type : set.types) {
      if (!joins && !may_share_name(type, site.modifier.type)) {
        throw InvalidNameReuse("invalid name reuse: " + site.describe() + " shares its name with " +
                               set.first_site +
                               "; only normsys and histosys may share a parameter, rename one");
      }
    }
    if (set.requirement.sharing == Sharing::none) {
      throw InvalidModel("invalid model: a " + site.modifier.type + " may not be shared, but " +
                         site.describe() + " repeats " + set.first_site + "; give each its own name");
    }
    if (set.requirement.sharing == Sharing::by_bin && set.requirement.size != other.size) {
      throw InvalidModel("invalid model: " + site.describe() + " has " + std::to_string(other.size) +
                         " bins but " + set.first_site + " has " + std::to_string(set.requirement.size) +
                         "; channels that share a " + site.modifier.type + " need the same number of bins");
    }
    if (std::find(set.types.begin(), set.types.end(), site.modifier.type) == set.types.end()) {
      set.types.insert(kind < set.rank.first ? set.types.begin() : set.types.end(), site.modifier.type);
      if (kind < set.rank.first) {
        set.rank = {kind, met_++};
        if (set.requirement.joins_any) {
          set.requirement = other;
        }
      }
    }
  }

  static void accumulate(CollectedSet& set, const ModifierSite& site, const ParameterRequirement& share) {
    const auto nbins = static_cast<std::size_t>(share.size);
    if (set.channels.empty() || set.channels.back().first != site.cell.channel) {
      set.channels.emplace_back(site.cell.channel, static_cast<Index>(set.yields.size()));
      set.yields.resize(set.yields.size() + nbins, 0.0);
      set.variances.resize(set.variances.size() + nbins, 0.0);
      set.uncertain.resize(set.uncertain.size() + nbins, false);
      set.channel_names.push_back(site.channel.name);
    }
    set.carriers[site.sample.name].insert(site.channel.name);
    const auto first = static_cast<std::size_t>(set.channels.back().second);
    for (std::size_t b = 0; b < nbins; ++b) {
      set.yields[first + b] += share.yields[b];
      set.variances[first + b] += share.uncertainties[b] * share.uncertainties[b];
      if (share.uncertainties[b] != 0.0) {
        set.uncertain[first + b] = true;
      }
    }
  }

  /// All samples that carry the set have to carry it on the same bins, hence in the same channels
  /// as the first of them. Complexity: samples times channels.
  static void check_carriers(const CollectedSet& set) {
    const auto& first = *set.carriers.begin();
    for (const auto& other : set.carriers) {
      if (other.second != first.second) {
        require_channels(set, first, other);
        require_channels(set, other, first);
      }
    }
  }

  /// Throws InvalidModel for a channel where `carrier` carries the set but `sample` does not.
  static void require_channels(const CollectedSet& set, const Carrier& sample, const Carrier& carrier) {
    for (const std::string& channel : carrier.second) {
      if (sample.second.count(channel) == 0) {
        throw InvalidModel("invalid model: " + set.types.front() + " \"" + set.requirement.name +
                           "\" is carried in channel \"" + channel + "\" by sample \"" + carrier.first +
                           "\" but not by sample \"" + sample.first +
                           "\", which carries it elsewhere; all its samples have to carry it in the same "
                           "channels, give it one name per channel");
      }
    }
  }

  [[noreturn]] static void refuse_width(const CollectedSet& set, std::size_t component) {
    std::size_t c = set.channels.size() - 1;
    while (static_cast<std::size_t>(set.channels[c].second) > component) {
      --c;
    }
    std::vector<std::string_view> samples;
    for (const auto& [sample, channels] : set.carriers) {
      if (channels.count(set.channel_names[c]) > 0) {
        samples.push_back(sample);
      }
    }
    throw InvalidModel("invalid model: " + set.types.front() + " \"" + set.requirement.name + "\" in bin " +
                       std::to_string(component - static_cast<std::size_t>(set.channels[c].second)) +
                       " of channel \"" + set.channel_names[c] + "\" (samples " + quoted_list(samples) +
                       "): " + width_problem(set.yields[component], set.variances[component]));
  }

  static void finish_channel_bins(CollectedSet& set) {
    check_carriers(set);
    ParameterRequirement& requirement = set.requirement;
    const std::size_t size = set.yields.size();
    requirement.size = static_cast<Index>(size);
    requirement.auxdata.assign(size, requirement.auxdata.front());
    requirement.scales.assign(size, 1.0);
    requirement.fixed.assign(size, true);
    for (std::size_t i = 0; i < size; ++i) {
      if (set.uncertain[i] && !has_relative_width(set.yields[i], set.variances[i])) {
        refuse_width(set, i);
      }
      const double width = relative_width(set.yields[i], set.variances[i]);
      if (width > 0.0) {
        requirement.scales[i] = width;
        requirement.fixed[i] = false;
      }
    }
  }

  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::vector<CollectedSet> sets_;
  std::size_t met_ = 0;
};

} // namespace muhat
