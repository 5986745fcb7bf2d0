#include <muhat/cli/context.hpp>
#include <muhat/cli/interruption.hpp>
#include <muhat/cli/progress.hpp>

#include <support/catch.hpp>

#include <chrono>
#include <csignal>
#include <sstream>
#include <string>

using muhat::cli::Context;
using muhat::cli::ProgressReporter;
using std::chrono::seconds;

TEST_CASE("progress: a log gets a line every ten seconds, and nothing of a short run") {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Context context{in, out, err};
  {
    ProgressReporter report(context, "toys");
    report({10, 100, seconds(1), seconds(9)});
    CHECK(err.str().empty());
    report({50, 100, seconds(10), seconds(10)});
    report({60, 100, seconds(12), seconds(8)});
    report({100, 100, seconds(20), seconds(0)});
  }
  CHECK(err.str() == "50/100 toys in 10 s, 10 s left\n100/100 toys in 20 s\n");
  CHECK(out.str().empty());
}

TEST_CASE("progress: a terminal gets a bar that redraws itself and ends its line") {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Context context{in, out, err, true};
  {
    ProgressReporter report(context, "toys");
    report({1, 2, seconds(3), seconds(3)});
    report({2, 2, seconds(6), seconds(0)});
  }
  const std::string half(15, '#');
  CHECK(err.str() == "\r[" + half + std::string(15, ' ') + "] 1/2 toys in 3 s, 3 s left  " + "\r[" + half +
                         half + "] 2/2 toys in 6 s  \n");
}

TEST_CASE("progress: durations in the unit that suits them") {
  CHECK(muhat::cli::duration_text(seconds(0)) == "0 s");
  CHECK(muhat::cli::duration_text(seconds(119)) == "119 s");
  CHECK(muhat::cli::duration_text(seconds(120)) == "2 min");
  CHECK(muhat::cli::duration_text(seconds(7200)) == "2.0 h");
  CHECK(muhat::cli::duration_text(seconds(12600)) == "3.5 h");
}

TEST_CASE("interruption: the first signal asks to stop, the handler before is put back") {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  const auto own = +[](int) {};
  for (const int signal : {SIGINT, SIGTERM}) {
    const auto before = std::signal(signal, own);
    {
      const muhat::cli::Interruption interruption(Context{in, out, err, false, true});
      CHECK(!interruption.requested().load());
      std::raise(signal);
      CHECK(interruption.requested().load());
    }
    {
      const muhat::cli::Interruption interruption(Context{in, out, err});
      CHECK(!interruption.requested().load());
    }
    CHECK(std::signal(signal, before) == own);
  }
}

TEST_CASE("interruption: an ignored signal stays ignored") {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  const auto before = std::signal(SIGINT, SIG_IGN);
  {
    const muhat::cli::Interruption interruption(Context{in, out, err, false, true});
    std::raise(SIGINT);
    CHECK(!interruption.requested().load());
  }
  CHECK(std::signal(SIGINT, before) == SIG_IGN);
}
