#pragma once

/// Digests that tell one experiment from another: its data, and its model with the setup of the fits. They
/// hash what was put in, bit for bit, and nothing that was computed from it, so that they agree on all
/// machines.

#include <muhat/core/hash.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/fit/fit_options.hpp>
#include <muhat/fit/fit_setup.hpp>
#include <muhat/model/layout.hpp>

#include <map>
#include <string>
#include <string_view>

namespace muhat {

namespace detail {

/// Texts and numbers in a row, each ended by a character that no number has and that counts in texts.
class DigestText {
public:
  void add(std::string_view text) {
    text_ += std::to_string(text.size());
    text_ += ':';
    text_ += text;
    text_ += ';';
  }
  void add(double number) {
    text_ += number_text(number);
    text_ += ';';
  }
  template <class Numbers>
  void add_all(const Numbers& numbers) {
    for (const auto number : numbers) {
      add(static_cast<double>(number));
    }
    text_ += '|';
  }

  [[nodiscard]] std::string digest() const { return sha256(text_); }

private:
  std::string text_;
};

} // namespace detail

/// `data` and `model`, each a SHA-256: that of the data (main bins, then auxiliary data); and that of the
/// names of channels and parameters, the nominal yields, and the start, bounds and fixed parameters of the
/// fits, drawn and extra starts included. Modifiers are known by their parameters alone: two models that
/// differ in nothing but their effect have the same digest. O(size of the model).
template <class AnyModel>
[[nodiscard]] std::map<std::string, std::string> experiment_digests(const AnyModel& model, const Vector& data,
                                                                    const FitSetup& setup,
                                                                    const FitOptions& options) {
  detail::DigestText counts;
  counts.add_all(data);
  detail::DigestText fits;
  for (const ChannelSummary& channel : model.channels()) {
    fits.add(channel.name);
    fits.add(static_cast<double>(channel.nbins));
  }
  for (const std::string& name : model.par_names()) {
    fits.add(name);
  }
  if constexpr (requires { model.tables().nominal; }) {
    fits.add_all(model.tables().nominal);
  }
  fits.add_all(setup.start);
  fits.add_all(setup.bounds.lower);
  fits.add_all(setup.bounds.upper);
  for (const bool fixed : setup.fixed) {
    fits.add(fixed ? "fixed" : "free");
  }
  for (const Vector& start : options.extra_starts) {
    fits.add_all(start);
  }
  fits.add(static_cast<double>(options.starts));
  if (options.starts > 1) {
    fits.add(std::to_string(options.seed));
  }
  fits.add(options.explore ? "explore" : "");
  return {{"data", counts.digest()}, {"model", fits.digest()}};
}

} // namespace muhat
