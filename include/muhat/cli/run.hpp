#pragma once

/// The whole tool as one function: arguments and streams in, an exit code out.
/// No exception leaves it, and it touches no global state, so that tests run
/// it in their own process.

#include <muhat/cli/citation.hpp>
#include <muhat/cli/cls.hpp>
#include <muhat/cli/combine.hpp>
#include <muhat/cli/command.hpp>
#include <muhat/cli/completions.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/digest.hpp>
#include <muhat/cli/evaluate.hpp>
#include <muhat/cli/fit.hpp>
#include <muhat/cli/inspect.hpp>
#include <muhat/cli/output.hpp>
#include <muhat/cli/patchset.hpp>
#include <muhat/cli/prune.hpp>
#include <muhat/cli/rename.hpp>
#include <muhat/cli/scan.hpp>
#include <muhat/cli/signal_grid.hpp>
#include <muhat/cli/significance.hpp>
#include <muhat/cli/sort.hpp>
#include <muhat/cli/toys.hpp>
#include <muhat/cli/upper_limit.hpp>
#include <muhat/core/errors.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/version.hpp>

#include <CLI/CLI.hpp>

#include <cstddef>
#include <exception>
#include <istream>
#include <new>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace muhat::cli {

namespace detail {

/// Declares everything the tool understands. `selection` must outlive `app`.
inline void declare_commands(CLI::App& app, Selection& selection) {
  app.require_subcommand(1);
  app.set_version_flag("--version", "muhat " + std::string(version), "Print the version and exit");
  app.add_flag_callback(
      "--citation,--cite", [] { throw CLI::CallForVersion(citation_text(std::string(version)), 0); },
      "Print BibTeX entries for this software and its methods and exit");
  add_inspect_command(app, selection);
  add_fit_command(app, selection);
  add_cls_command(app, selection);
  add_upper_limit_command(app, selection);
  add_significance_command(app, selection);
  add_scan_command(app, selection);
  add_signal_grid_command(app, selection);
  add_toys_command(app, selection);
  add_merge_command(app, selection);
  add_evaluate_command(app, selection);
  add_combine_command(app, selection);
  add_prune_command(app, selection);
  add_rename_command(app, selection);
  add_sort_command(app, selection);
  add_digest_command(app, selection);
  add_patchset_command(app, selection);
  add_completions_command(app, selection);
}

/// Puts the example of every command below the list of commands.
inline void add_examples(CLI::App& app) {
  std::string footer = "Examples:";
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string example = command->get_footer();
    if (const std::size_t line = example.find('\n'); line != std::string::npos) {
      footer += example.substr(line);
    }
  }
  footer +=
      "\n\nWORKSPACE is a file; \"-\" or nothing means standard input. The result goes to standard output,\n"
      "messages go to standard error. Exit codes: 0 done, 1 the computation failed, 2 bad usage or input.";
  app.footer(footer);
}

/// What is wrong with an option that `app` does not have, with what was perhaps meant; "" where it has it.
inline std::string unknown_option(const CLI::App& app, const std::string& word) {
  const std::string option = word.substr(0, word.find('='));
  if (app.get_option_no_throw(option) != nullptr) {
    return {};
  }
  std::vector<std::string> names;
  for (const CLI::Option* known : app.get_options()) {
    for (const std::string& name : known->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  return unknown_name_message("option", option, names);
}

/// What is wrong with the first word that is neither an option nor a command of `app`, or of a group of
/// commands that precedes it, with what was perhaps meant; "" where there is no such word.
inline std::string unknown_word(const CLI::App& app, const std::vector<std::string>& arguments,
                                std::size_t first = 0) {
  if (first >= arguments.size() || arguments[first].empty()) {
    return {};
  }
  const std::string& word = arguments[first];
  if (word.front() == '-') {
    return unknown_option(app, word);
  }
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
    if (names.back() == word) {
      const bool is_group = command->get_require_subcommand_min() > 0;
      return is_group ? unknown_word(*command, arguments, first + 1) : std::string();
    }
  }
  return unknown_name_message("command", word, names);
}

/// The same for the first long option that the parsed command does not have. For arguments that do not
/// parse: in others such a word may be the value of an option.
inline std::string unknown_command_option(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
  }
  for (const std::string& word : arguments) {
    const bool is_long_option = word.size() > 2 && word.rfind("--", 0) == 0;
    if (std::string message = is_long_option ? unknown_option(*command, word) : ""; !message.empty()) {
      return message;
    }
  }
  return {};
}

/// Runs what was selected and turns exceptions into exit codes and messages.
inline ExitCode run_selection(const Selection& selection, Context& context) {
  const auto report = [&](std::string_view what, ExitCode code) {
    context.err << "muhat " << selection.name << ": " << what << '\n';
    return code;
  };
  try {
    return selection.action(context);
  } catch (const InputError& error) {
    return report(error.what(), ExitCode::bad_input);
  } catch (const std::bad_alloc&) {
    return report("not enough memory", ExitCode::computation_failed);
  } catch (const std::exception& error) {
    return report(error.what(), ExitCode::computation_failed);
  }
}

} // namespace detail

/// Runs the tool with the arguments of `main` in a context, whose members stand for the standard streams.
/// Returns 0 (done), 1 (the computation failed) or 2 (bad usage or bad input). Throws nothing.
inline int run(int argc, const char* const* argv, Context context) {
  try {
    Selection selection;
    CLI::App app("HistFactory statistics: fits, limits and tests of published likelihoods", "muhat");
    detail::declare_commands(app, selection);
    detail::add_examples(app);
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    const auto reject = [&](const std::string& message) {
      context.err << "muhat: " << message << "\nRun with --help for more information.\n";
      return ExitCode::bad_input;
    };
    if (const std::string message = detail::unknown_word(app, arguments); !message.empty()) {
      return reject(message);
    }
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      const std::string message = detail::unknown_command_option(app, arguments);
      if (error.get_exit_code() != 0 && !message.empty()) {
        return reject(message);
      }
      if (error.get_exit_code() != 0) {
        return reject(error.what());
      }
      app.exit(error, context.out, context.err);
      flush_output(context);
      return ExitCode::success;
    }
    return detail::run_selection(selection, context);
  } catch (const std::exception& error) {
    context.err << "muhat: " << error.what() << '\n';
    return ExitCode::computation_failed;
  }
}

/// The same with streams alone: no terminal, and Ctrl-C is left alone.
inline int run(int argc, const char* const* argv, std::istream& in, std::ostream& out, std::ostream& err) {
  return run(argc, argv, Context{in, out, err});
}

} // namespace muhat::cli
