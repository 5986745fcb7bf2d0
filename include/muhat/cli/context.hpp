#pragma once

/// What a command runs in: its streams, and the codes it ends with.

#include <functional>
#include <istream>
#include <ostream>

namespace muhat::cli {

/// What the shell learns.
enum ExitCode : int {
  /// Done.
  success = 0,
  /// The computation did not succeed; standard error says why.
  computation_failed = 1,
  /// Bad usage or bad input.
  bad_input = 2
};

/// The streams of one run. Results go to `out`, everything else to `err`.
struct Context {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  /// Whether a person watches `err`, so that progress may redraw its line.
  bool terminal = false;
  /// Whether Ctrl-C may be caught, so that long computations keep what is done.
  bool interruptible = false;
};

/// A command whose options are parsed, ready to run.
using Action = std::function<ExitCode(Context&)>;

} // namespace muhat::cli
