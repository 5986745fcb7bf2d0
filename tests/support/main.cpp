/// The main function of every test executable. Its exit code tells ctest passed (0), failed (1) and
/// skipped (77) apart, with Catch2 2.13 and 3 alike.

#define CATCH_CONFIG_RUNNER
#include <support/catch.hpp>

namespace {

int started = 0;
bool failed = false;

#if __has_include(<catch2/catch_all.hpp>)
using ListenerBase = Catch::EventListenerBase;
#else
using ListenerBase = Catch::TestEventListenerBase;
#endif

class Counter : public ListenerBase {
public:
  using ListenerBase::ListenerBase;

  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    ListenerBase::testCaseStarting(info);
    ++started;
  }

  void testRunEnded(const Catch::TestRunStats& stats) override {
    failed = stats.totals.assertions.failed > 0 || stats.totals.testCases.failed > 0;
    ListenerBase::testRunEnded(stats);
  }
};

} // namespace

CATCH_REGISTER_LISTENER(Counter)

int main(int argc, char* argv[]) {
  Catch::Session session;
#if !__has_include(<catch2/catch_all.hpp>)
  // A name that matches no test case is a failure, which is version 3's default.
  session.configData().warnings = Catch::WarnAbout::NoTests;
#endif
  const int status = session.run(argc, argv);
  if (started > 0 && !failed && muhat::test::skipped() == started) {
    return 77;
  }
  return status == 0 ? 0 : 1;
}
