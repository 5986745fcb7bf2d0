#pragma once

/// How a command joins the tool: its options are bound to a struct that lives
/// as long as the parser, and parsing leaves behind an action to run.

#include <muhat/cli/arguments.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/core/errors.hpp>
#include <muhat/core/number_text.hpp>

#include <CLI/CLI.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace muhat::cli {

/// What parsing chose: the command's full name, for messages, and what to run.
struct Selection {
  std::string name;
  Action action;
};

/// What help shows of a command.
struct CommandText {
  std::string name;
  std::string description;
  /// One line that can be typed as it stands, with the files of the example.
  std::string example;
};

/// An option that takes one value each time it is given, and may be given often.
/// CLI11's own default for vectors swallows the positional arguments after it.
template <class Value>
CLI::Option* add_repeatable(CLI::App& command, const std::string& name, Value& values,
                            const std::string& description) {
  return command.add_option(name, values, description)->expected(1)->take_all()->allow_extra_args(false);
}

/// An option that is a text, which must not be empty: a script whose variable is unset would otherwise get
/// what it did not ask for.
inline CLI::Option* add_text(CLI::App& command, const std::string& name, std::string& value,
                             const std::string& description) {
  const auto complain = [](const std::string& text) {
    return text.empty() ? std::string("the value is empty; leave the option out for its default")
                        : std::string();
  };
  return command.add_option(name, value, description)->check(CLI::Validator(complain, ""));
}

namespace detail {

/// An option whose text `parse_number` reads. CLI11 by itself takes an empty text for 0, wraps negative
/// integers around and knows hexadecimal numbers, infinities and NaN.
template <class Number, class Set>
CLI::Option* add_number_option(CLI::App& command, const std::string& name, const std::string& description,
                               Set set) {
  const auto read = [name, set](const std::string& text) {
    try {
      set(parse_number<Number>(name, text));
    } catch (const InvalidArgument& error) {
      throw CLI::ValidationError(error.what());
    }
  };
  return command.add_option_function<std::string>(name, read, description)
      ->type_name(std::is_integral_v<Number> ? "INTEGER" : "NUMBER");
}

} // namespace detail

/// An option that is a finite number, or an integer in the range of `Number`. What `value` is so far is the
/// default that help shows.
template <class Number>
CLI::Option* add_number(CLI::App& command, const std::string& name, Number& value,
                        const std::string& description) {
  std::string preset;
  if constexpr (std::is_integral_v<Number>) {
    preset = std::to_string(value);
  } else {
    preset = number_text(value);
  }
  return detail::add_number_option<Number>(command, name, description,
                                           [&value](Number number) { value = number; })
      ->default_str(preset);
}

/// The same without a default.
template <class Number>
CLI::Option* add_number(CLI::App& command, const std::string& name, std::optional<Number>& value,
                        const std::string& description) {
  return detail::add_number_option<Number>(command, name, description,
                                           [&value](Number number) { value = number; });
}

/// `--threads`.
inline CLI::Option* add_threads_option(CLI::App& command, std::size_t& threads) {
  constexpr std::size_t most = 1024;
  return add_number(command, "--threads", threads, "Threads; 0 for as many as the machine has")
      ->check(CLI::Range(std::size_t{0}, most));
}

/// Adds a command to `parent`. `bind(app, options)` declares its options, `run(options, context)` does the
/// work and returns an ExitCode. `selection` must outlive the parser.
template <class Options, class Bind, class Run>
CLI::App& add_command(CLI::App& parent, Selection& selection, const CommandText& text, Bind bind, Run run) {
  CLI::App* const command = parent.add_subcommand(text.name, text.description);
  const auto options = std::make_shared<Options>();
  bind(*command, *options);
  command->footer("Example:\n  " + text.example);
  const std::string prefix = parent.get_parent() == nullptr ? "" : parent.get_name() + ' ';
  command->callback([options, run, &selection, name = prefix + text.name] {
    selection.name = name;
    selection.action = [options, run](Context& context) { return run(*options, context); };
  });
  return *command;
}

} // namespace muhat::cli
