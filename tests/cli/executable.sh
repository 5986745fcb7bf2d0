#!/usr/bin/env bash
# executable.sh <muhat> <workspace>: the tool as a process, with files, pipes and exit codes.
set -euo pipefail
muhat=$1
workspace=$2
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"

expect() { # expect <exit code> <command...>: the command's output is left in out and err
  local expected=$1 code=0
  shift
  "$@" >out 2>err || code=$?
  if ((code != expected)); then
    echo "exit code $code instead of $expected: $*" >&2
    cat err >&2
    exit 1
  fi
}

same() { # same <file> <file>
  cmp "$1" "$2" || {
    echo "$1 and $2 differ" >&2
    exit 1
  }
}

expect 0 "$muhat" cls "$workspace"
[[ ! -s err ]]
grep -q '"CLs_obs": 0.0525' out
cp out from_file

expect 0 "$muhat" cls <"$workspace"
same out from_file
expect 0 bash -c 'cat "$1" | "$0" cls -' "$muhat" "$workspace"
same out from_file

expect 0 "$muhat" cls --output-file result.json "$workspace"
[[ ! -s out ]]
same result.json from_file

expect 2 "$muhat" cls --output-file missing/result.json "$workspace"
expect 2 "$muhat" cls no-such-file
grep -q no-such-file err
expect 2 "$muhat"
expect 2 bash -c 'echo "{" | "$0" fit' "$muhat"
expect 0 "$muhat" --version
expect 0 "$muhat" --help
expect 1 "$muhat" fit --optconf maxiter=1 "$workspace"

if [[ -w /dev/full ]]; then
  expect 1 bash -c '"$0" cls "$1" >/dev/full' "$muhat" "$workspace"
  grep -q 'standard output' err
fi
# Nothing but the files made above: no unfinished ones.
[[ $(ls) == $'err\nfrom_file\nout\nresult.json' ]]

# Bash lets what it starts in the background ignore Ctrl-C.
with_ctrl_c=(env --default-signal=INT)

start() { # start <file> <command...>: in the background, until the command has saved the file
  local file=$1
  shift
  rm -f "$file" "$file".part*
  "$@" --output-file "$file" 2>err &
  process=$!
  until [[ -s $file ]]; do
    kill -0 $process
    sleep 0.01
  done
}

stop() { # stop <signal>: ends what was started last, whose exit code is left in code
  code=0
  kill -"$1" $process
  wait $process || code=$?
}

# Ctrl-C keeps the toys made so far, and the run can go on from them.
start toys.json "${with_ctrl_c[@]}" "$muhat" toys --ntoys 100000000 --threads 1 "$workspace"
stop INT
((code == 1))
grep -q interrupted err
grep -q '"CLs_obs"' toys.json
expect 0 "$muhat" toys --ntoys 10 --continue toys.json --output-file continued.json "$workspace"
same continued.json toys.json

# A process that ignores Ctrl-C goes on.
start ignoring.json "$muhat" toys --ntoys 100000000 --threads 1 "$workspace"
kill -INT $process
sleep 0.2
stop TERM
((code == 1))
grep -q interrupted err

# Nothing is lost without a word.
if [[ -c /dev/full ]]; then
  code=0
  "$muhat" --help >/dev/full 2>err || code=$?
  ((code == 1))
  grep -q 'standard output failed' err
fi

# Ctrl-C keeps the points of a scan; the others are null, with the reason. It may come before there is a point.
interrupt_scan() { # interrupt_scan <seconds>
  rm -f scan.json
  "${with_ctrl_c[@]}" "$muhat" scan --scan 0:5:300000 --threads 1 --output-file scan.json "$workspace" 2>err &
  process=$!
  sleep "$1"
  stop INT
  ((code == 1)) && grep -q interrupted err && grep -q '"reason": "not reached' scan.json &&
    grep -q '"CLs_obs": [01]' scan.json
}
interrupt_scan 0.2 || interrupt_scan 1 || interrupt_scan 5

# A run that is killed in the middle, by whatever signal, is continued to the bits of one that was not.
expect 0 "$muhat" toys --ntoys 60000 --seed 5 --threads 2 --output-file whole.json "$workspace"
for signal in INT TERM KILL; do
  start part.json "${with_ctrl_c[@]}" "$muhat" toys --ntoys 100000000 --seed 5 --threads 1 "$workspace"
  stop $signal
  ((code != 0))
  # On a fast machine the part has more toys than the whole run, and more of one hypothesis than of the other.
  wanted=$(grep -A 2 '"ntoys"' part.json | grep -o '[0-9]\+' | sort -n | tail -n 1)
  ((wanted > 60000)) || wanted=60000
  expect 0 "$muhat" toys --ntoys "$wanted" --threads 5 --continue part.json --output-file resumed.json "$workspace"
  expect 0 "$muhat" toys --ntoys "$wanted" --threads 2 --continue whole.json --output-file expected.json \
    "$workspace"
  same resumed.json expected.json
done

# A grid of signals likewise: its file is complete JSON at any time.
{
  printf '{"version": "1.0.0", "metadata": {"references": {"hepdata": "ins1234567"}, "labels": ["k"],'
  printf ' "description": "many", "digests": {"sha256": "%s"}}, "patches": [' \
    "$("$muhat" digest -a sha256 "$workspace" | cut -d : -f 2)"
  for k in {1..4000}; do
    printf '%s{"metadata": {"name": "s%d", "values": [%d]}, "patch": [{"op": "replace",' \
      "$( ((k == 1)) || echo ,)" "$k" "$k"
    printf ' "path": "/channels/0/samples/0/data", "value": [%d.0, 8.0]}]}' "$k"
  done
  printf ']}'
} >patchset.json
expect 0 "$muhat" signal-grid --limits --threads 2 --output-file whole.json "$workspace" patchset.json
for signal in INT KILL; do
  start part.json "${with_ctrl_c[@]}" "$muhat" signal-grid --limits --threads 1 "$workspace" patchset.json
  stop $signal
  ((code != 0))
  expect 0 "$muhat" signal-grid --limits --threads 5 --continue part.json --output-file resumed.json \
    "$workspace" patchset.json
  same resumed.json whole.json
done

# The completion script works in the shell it is for.
"$muhat" completions bash >completions.bash
source completions.bash
COMP_WORDS=(muhat patchset ver) COMP_CWORD=2
_muhat
[[ ${COMPREPLY[*]} == verify ]]
COMP_WORDS=(muhat cls --test-p) COMP_CWORD=2
_muhat
[[ ${COMPREPLY[*]} == --test-poi ]]
COMP_WORDS=(muhat combine --join '') COMP_CWORD=3
_muhat
[[ ${COMPREPLY[*]} == 'none outer left\ outer right\ outer' ]]
COMP_WORDS=(muhat combine --join = o) COMP_CWORD=4
_muhat
[[ ${COMPREPLY[*]} == outer ]]
COMP_WORDS=(muhat completions z) COMP_CWORD=2
_muhat
[[ ${COMPREPLY[*]} == zsh ]]
touch 'a workspace.json'
COMP_WORDS=(muhat completions --output-file 'a w') COMP_CWORD=3
_muhat
[[ ${COMPREPLY[*]} == 'a workspace.json' ]]
COMP_WORDS=(muhat cls 'a w') COMP_CWORD=2
_muhat
[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == 'a workspace.json' ]]

# A pipe gets the finished run alone, even one that is long enough to be saved on its way.
mkfifo pipe
cat pipe >piped &
reader=$!
expect 0 timeout 60 "$muhat" toys --ntoys 100000000 --time-budget 3 --output-file pipe "$workspace"
wait $reader
grep -q '"CLs_obs"' piped
