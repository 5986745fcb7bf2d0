#!/usr/bin/env bash
# check_rooms.sh <project folder>: the rules that no compiler checks. A room includes only itself and the rooms
# above it; JSON stays in headers that parse or print; muhat.hpp brings in every header but the tool's and the
# adapters'.
set -euo pipefail
shopt -s globstar
cd "$1/include/muhat"

rooms=(core spec workspace model likelihood fit inference report cli)
failures=0

fail() {
  echo "$1" >&2
  failures=$((failures + 1))
}

allowed_rooms() { # the rooms that a header of room $1 may include
  if [[ $1 == adapters ]]; then
    echo core fit adapters
    return
  fi
  for room in "${rooms[@]}"; do
    echo "$room"
    [[ $room != "$1" ]] || break
  done
  # The tool offers the optimizers whose adapters are built.
  [[ $1 != cli ]] || echo adapters
}

for header in */**/*.hpp; do
  room=${header%%/*}
  allowed=" $(allowed_rooms "$room" | tr '\n' ' ') "
  while read -r included; do
    [[ $allowed == *" $included "* ]] || fail "$header: includes room $included, which is not above $room"
  done < <(grep -oP '#include <muhat/\K[a-z]+(?=/)' "$header" || true)
  case $room in
  core | model | likelihood | fit | inference | adapters)
    ! grep -q '#include <nlohmann/json.hpp>' "$header" || fail "$header: includes the JSON library"
    ;;
  esac
done

declare -A reached
visit() {
  [[ -z ${reached[$1]:-} ]] || return 0
  reached[$1]=yes
  local included
  while read -r included; do
    visit "$included"
  done < <(grep -oP '#include <muhat/\K[^>]+' "$1" || true)
}
visit muhat.hpp
for header in *.hpp */**/*.hpp; do
  case $header in
  cli/* | adapters/*) [[ -z ${reached[$header]:-} ]] || fail "muhat.hpp brings in $header" ;;
  *) [[ -n ${reached[$header]:-} ]] || fail "muhat.hpp does not bring in $header" ;;
  esac
done

if ((failures > 0)); then
  exit 1
fi
