#!/usr/bin/env bash
# check_readme.sh <project folder> <folder of the tool muhat> <compare_output>: does the README tell the truth?
# Its program and that program's output are those of examples/ten_lines, and every `console` block says what
# its commands print.
set -euo pipefail
cd "$1"
PATH="$2:$PATH"
compare=$3

readme=$(<README.md)
for file in main.cpp expected.txt; do
  if [[ $readme != *$'\n'"$(<examples/ten_lines/$file)"$'\n```'* ]]; then
    echo "README.md does not show examples/ten_lines/$file as it is" >&2
    exit 1
  fi
done

# Runs the collected command and compares what it prints with the collected lines.
command=""
expected=$(mktemp)
trap 'rm -f "$expected"' EXIT
blocks=0
check() {
  [[ -n $command ]] || return 0
  echo "README.md: $command"
  bash -c "$command" | "$compare" "$expected"
  command=""
  blocks=$((blocks + 1))
}

inside=false
while IFS= read -r line; do
  if [[ $line == '```console' ]]; then
    inside=true
  elif [[ $line == '```' ]]; then
    check
    inside=false
  elif $inside && [[ $line == '$ '* ]]; then
    check
    command=${line#'$ '}
    : >"$expected"
  elif $inside; then
    printf '%s\n' "$line" >>"$expected"
  fi
done <README.md

if ((blocks == 0)); then
  echo "README.md shows no command of the tool" >&2
  exit 1
fi
