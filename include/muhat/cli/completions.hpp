#pragma once

/// `muhat completions SHELL`: a script that completes commands, options and their values,
/// made from the parser itself, so that it knows whatever the tool knows.

#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/output.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace muhat::cli {

struct CompletionsOptions {
  std::string shell;
  OutputOptions output;
};

namespace detail {

/// A word that may follow, and what it means.
struct CompletionWord {
  std::string text;
  std::string description;
  /// Of an option: the values that it takes, where they are known.
  std::vector<std::string> choices = {};
};

/// What may follow a command.
struct CompletionNode {
  /// "" for the tool itself, "patchset apply" for a command of a command.
  std::string path;
  std::vector<CompletionWord> commands;
  /// Names without dashes.
  std::vector<CompletionWord> long_options;
  std::vector<CompletionWord> short_options;
  /// What an argument without a name may be, where that is known.
  std::vector<std::string> arguments;
};

/// The values that an option takes, which the parser tells only as a part of its type: `TEXT:{none,outer}`.
inline std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}', open);
  std::vector<std::string> choices;
  if (open == std::string::npos || close == std::string::npos) {
    return choices;
  }
  for (std::size_t start = open + 1; start < close;) {
    const std::size_t end = std::min(type.find(',', start), close);
    choices.push_back(type.substr(start, end - start));
    start = end + 1;
  }
  return choices;
}

inline void collect_completions(const CLI::App& app, const std::string& path,
                                std::vector<CompletionNode>& nodes) {
  CompletionNode node;
  node.path = path;
  for (const CLI::Option* option : app.get_options()) {
    const std::vector<std::string> choices = choices_of(*option);
    for (const std::string& name : option->get_lnames()) {
      node.long_options.push_back({name, option->get_description(), choices});
    }
    for (const std::string& name : option->get_snames()) {
      node.short_options.push_back({name, option->get_description(), choices});
    }
    if (option->get_lnames().empty() && option->get_snames().empty()) {
      node.arguments.insert(node.arguments.end(), choices.begin(), choices.end());
    }
  }
  const auto children = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* child : children) {
    node.commands.push_back({child->get_name(), child->get_description()});
  }
  nodes.push_back(std::move(node));
  for (const CLI::App* child : children) {
    collect_completions(*child, path + (path.empty() ? "" : " ") + child->get_name(), nodes);
  }
}

/// Everything that may be typed after a command, in one string.
inline std::string completion_words(const CompletionNode& node) {
  std::string words;
  for (const CompletionWord& command : node.commands) {
    words += command.text + ' ';
  }
  for (const CompletionWord& option : node.short_options) {
    words += '-' + option.text + ' ';
  }
  for (const CompletionWord& option : node.long_options) {
    words += "--" + option.text + ' ';
  }
  words.pop_back();
  return words;
}

/// The lines that find the command typed so far, in the variable `typed`. The same in bash and zsh.
inline std::string command_search(const std::vector<CompletionNode>& nodes, const std::string& words) {
  std::string text = "  local typed=\"\" word\n"
                     "  for word in " +
                     words +
                     "; do\n"
                     "    case \"$typed $word\" in\n";
  for (const CompletionNode& node : nodes) {
    if (!node.path.empty()) {
      const std::string pattern = node.path.find(' ') == std::string::npos ? ' ' + node.path : node.path;
      text += "      \"" + pattern + "\") typed=\"" + node.path + "\" ;;\n";
    }
  }
  return text + "    esac\n  done\n";
}

/// The lines that set `candidates`, and `files` to whether a file may follow.
inline std::string candidate_choice(const std::vector<CompletionNode>& nodes) {
  std::string text = "  local candidates=\"\" files=yes\n  case \"$typed\" in\n";
  for (const CompletionNode& node : nodes) {
    text += "    \"" + node.path + "\") candidates=\"" + completion_words(node) + '"' +
            (node.commands.empty() ? "" : " files=no") + " ;;\n";
  }
  return text + "  esac\n";
}

/// Each in double quotes, separated by spaces: the elements of an array in bash and zsh.
inline std::string quoted_words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "\"" : " \"") + word + '"';
  }
  return text;
}

/// The lines that set `choices` to the values that may follow `previous`. The same in bash and zsh.
inline std::string value_choice(const std::vector<CompletionNode>& nodes) {
  std::string text = "  local -a choices\n  choices=()\n  case \"$typed $previous\" in\n";
  const auto add = [&text](const std::string& pattern, const std::vector<std::string>& choices) {
    if (!choices.empty()) {
      text += "    " + pattern + ") choices=(" + quoted_words(choices) + ") ;;\n";
    }
  };
  for (const CompletionNode& node : nodes) {
    for (const CompletionWord& option : node.long_options) {
      add('"' + node.path + " --" + option.text + '"', option.choices);
    }
    for (const CompletionWord& option : node.short_options) {
      add('"' + node.path + " -" + option.text + '"', option.choices);
    }
    // Behind another option stands its value.
    if (!node.arguments.empty()) {
      text += "    \"" + node.path + " -\"*) ;;\n";
      add('"' + node.path + " \"*", node.arguments);
    }
  }
  return text + "  esac\n";
}

inline std::string bash_completions(const std::vector<CompletionNode>& nodes) {
  return "# Completion of muhat for bash: source <(muhat completions bash)\n"
         "_muhat() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
         "  # Bash takes the equals sign of --option=value for a word.\n"
         "  if [[ $current == = ]]; then\n"
         "    current=\"\"\n"
         "  elif [[ $previous == = && $COMP_CWORD -gt 1 ]]; then\n"
         "    previous=\"${COMP_WORDS[COMP_CWORD-2]}\"\n"
         "  fi\n" +
         command_search(nodes, "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"") + candidate_choice(nodes) +
         value_choice(nodes) +
         "  COMPREPLY=()\n"
         "  if [[ ${#choices[@]} -gt 0 && $current != -* ]]; then\n"
         "    for word in \"${choices[@]}\"; do\n"
         "      if [[ $word == \"$current\"* ]]; then\n"
         "        COMPREPLY+=(\"$(printf '%q' \"$word\")\")\n"
         "      fi\n"
         "    done\n"
         "  elif [[ $current == -* || $files == no ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$candidates\" -- \"$current\"))\n"
         "  else\n"
         "    compopt -o filenames 2>/dev/null || true\n"
         "    local IFS=$'\\n'\n"
         "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
         "  fi\n"
         "}\n"
         "complete -F _muhat muhat\n";
}

inline std::string zsh_completions(const std::vector<CompletionNode>& nodes) {
  return "#compdef muhat\n"
         "# Completion of muhat for zsh: source <(muhat completions zsh)\n"
         "_muhat() {\n"
         "  local previous=\"${words[CURRENT-1]}\"\n" +
         command_search(nodes, "${words[2,CURRENT-1]}") + candidate_choice(nodes) + value_choice(nodes) +
         "  if [[ ${#choices[@]} -gt 0 && $PREFIX != -* ]]; then\n"
         "    compadd -- \"${choices[@]}\"\n"
         "  elif [[ $PREFIX == -* || $files == no ]]; then\n"
         "    compadd -- ${=candidates}\n"
         "  else\n"
         "    _files\n"
         "  fi\n"
         "}\n"
         "# Loaded from fpath, this file is itself the function; sourced, it declares it.\n"
         "if [[ ${funcstack[1]} == _muhat ]]; then\n"
         "  _muhat \"$@\"\n"
         "else\n"
         "  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }\n"
         "  compdef _muhat muhat\n"
         "fi\n";
}

/// In single quotes, as fish reads it.
inline std::string fish_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char character : text) {
    if (character == '\'' || character == '\\') {
      quoted += '\\';
    }
    quoted += character;
  }
  return quoted + '\'';
}

/// The rest of a line that offers `words` alone, without files; empty where there are none.
inline std::string fish_words(const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words) {
    list += (list.empty() ? "" : " ") + fish_quoted(word);
  }
  return list.empty() ? list : " -x -a " + fish_quoted(list);
}

/// When the words of `node` apply: its command was typed, and none of its own commands yet.
inline std::string fish_condition(const CompletionNode& node) {
  if (node.path.empty()) {
    return "__fish_use_subcommand";
  }
  const std::size_t space = node.path.find(' ');
  const std::string outer = node.path.substr(0, space);
  std::string condition = "__fish_seen_subcommand_from " + outer;
  if (space != std::string::npos) {
    condition += "; and __fish_seen_subcommand_from " + node.path.substr(space + 1);
  } else if (node.commands.empty()) {
    condition += "; and not __fish_seen_subcommand_from patchset";
  }
  if (!node.commands.empty()) {
    condition += "; and not __fish_seen_subcommand_from";
    for (const CompletionWord& command : node.commands) {
      condition += ' ' + command.text;
    }
  }
  return condition;
}

inline std::string fish_completions(const std::vector<CompletionNode>& nodes) {
  std::string text = "# Completion of muhat for fish: muhat completions fish | source\n";
  for (const CompletionNode& node : nodes) {
    const std::string start = "complete -c muhat -n " + fish_quoted(fish_condition(node));
    for (const CompletionWord& command : node.commands) {
      text += start + " -f -a " + command.text + " -d " + fish_quoted(command.description) + '\n';
    }
    if (!node.arguments.empty()) {
      text += start + fish_words(node.arguments) + '\n';
    }
    for (const CompletionWord& option : node.long_options) {
      text += start + " -l " + option.text + fish_words(option.choices) + " -d " +
              fish_quoted(option.description) + '\n';
    }
    for (const CompletionWord& option : node.short_options) {
      text += start + " -s " + option.text + fish_words(option.choices) + " -d " +
              fish_quoted(option.description) + '\n';
    }
  }
  return text;
}

} // namespace detail

/// The completion script of a tool for "bash", "zsh" or "fish".
inline std::string completions_text(const CLI::App& app, const std::string& shell) {
  std::vector<detail::CompletionNode> nodes;
  detail::collect_completions(app, "", nodes);
  if (shell == "bash") {
    return detail::bash_completions(nodes);
  }
  return shell == "zsh" ? detail::zsh_completions(nodes) : detail::fish_completions(nodes);
}

/// `app` is the whole tool, which outlives the command.
inline void add_completions_command(CLI::App& app, Selection& selection) {
  add_command<CompletionsOptions>(
      app, selection,
      {"completions", "Print a completion script for a shell", "source <(muhat completions bash)"},
      [](CLI::App& command, CompletionsOptions& options) {
        command.add_option("SHELL", options.shell, "The shell")
            ->required()
            ->check(CLI::IsMember({"bash", "zsh", "fish"}));
        add_output_options(command, options.output);
      },
      [&app](const CompletionsOptions& options, Context& context) {
        check_output(options.output);
        write_text(context, options.output, completions_text(app, options.shell));
        return ExitCode::success;
      });
}

} // namespace muhat::cli
