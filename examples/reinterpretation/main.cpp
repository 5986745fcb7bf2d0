// A published likelihood asked about many signals: each gets its likelihood ratio and its CLs, on two threads
// and on one.
//
//     reinterpretation [WORKSPACE [PATCH_SET [SIGNALS]]]
#include <muhat/muhat.hpp>

#include <boost/random/uniform_01.hpp>

#include <charconv>
#include <chrono>
#include <iostream>

namespace {

/// Signal k: in each bin up to three times what the template has.
muhat::SignalYields random_signal(const muhat::Reinterpretation<>& likelihood, std::size_t k) {
  muhat::RandomEngine engine = muhat::random_stream(1, k);
  muhat::SignalYields signal;
  for (const muhat::SignalRegion& region : likelihood.regions()) {
    if (!region.signal_sample.empty()) {
      signal[region.name] = region.template_yields;
      for (double& events : signal[region.name]) {
        events *= 3.0 * boost::random::uniform_01<double>()(engine);
      }
    }
  }
  return signal;
}

std::vector<muhat::SignalEvaluation> evaluate_all(const muhat::ReinterpretationSession& session,
                                                  std::size_t signals, std::size_t threads) {
  std::vector<muhat::SignalEvaluation> results(signals);
  const auto start = std::chrono::steady_clock::now();
  muhat::parallel_for(muhat::ThreadExecutor(threads), signals, [&] {
    return [&](std::size_t k) {
      results[k] = session.try_evaluate("search", random_signal(session.likelihood("search"), k));
    };
  });
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::cerr << threads << " threads: " << static_cast<double>(signals) / seconds.count()
            << " signals per second\n";
  return results;
}

} // namespace

int main(int argc, char* argv[]) {
  const std::string workspace = argc > 1 ? argv[1] : "examples/data/two_bins.json";
  const std::string patch_set = argc > 2 ? argv[2] : "";
  const std::string count = argc > 3 ? argv[3] : "100";
  std::size_t signals = 0;
  std::from_chars(count.data(), count.data() + count.size(), signals);
  if (signals == 0) {
    std::cerr << "\"" << count << "\" is no number of signals\n";
    return 2;
  }
  muhat::ReinterpretationSession session;
  const auto outcome = session.try_read("search", workspace, {.patch_set = patch_set});
  if (!outcome.ok()) {
    std::cerr << outcome.message << '\n';
    return 2;
  }
  const auto one = evaluate_all(session, signals, 1);
  const auto two = evaluate_all(session, signals, 2);
  std::size_t excluded = 0;
  std::size_t equal = 0;
  for (std::size_t k = 0; k < signals; ++k) {
    if (!one[k].ok()) {
      std::cerr << "signal " << k << ": " << one[k].message << '\n';
      continue;
    }
    excluded += *one[k].cls_observed < 0.05 ? 1U : 0U;
    equal += one[k].delta_log_likelihood == two[k].delta_log_likelihood &&
                     one[k].cls_observed == two[k].cls_observed && one[k].cls_expected == two[k].cls_expected
                 ? 1U
                 : 0U;
  }
  std::cout << "signal 0: ln L(1) - ln L(0) = " << one[0].delta_log_likelihood
            << ", CLs = " << one[0].cls_observed.value_or(1.0) << '\n'
            << signals << " signals, " << excluded << " excluded, " << equal
            << " with equal bits on two threads and on one\n";
  return equal == signals ? 0 : 1;
}
