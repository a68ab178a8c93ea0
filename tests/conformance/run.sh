#!/usr/bin/env bash
# Builds the conformance tests once and runs them against the programs in SIGNET_BIN_DIR (default: the release
# build, else the dev build). Arguments go to the test program: run.sh -run Case2 -v
# Ends with "N passed, N failed, N skipped"; subtests are not counted.
set -euo pipefail

[ -z "${SIGNET_BIN_DIR-}" ] || SIGNET_BIN_DIR=$(cd "$SIGNET_BIN_DIR" && pwd)
export SIGNET_BIN_DIR=${SIGNET_BIN_DIR-}
cd "$(dirname "${BASH_SOURCE[0]}")"
out=../../build/conformance
mkdir -p "$out"

arguments=() verbose=
for argument in "$@"; do
  case $argument in
    -v) verbose=1 ;;
    -run | -short | -timeout | -skip) arguments+=("-test.${argument#-}") ;;
    *) arguments+=("$argument") ;;
  esac
done

export GOTOOLCHAIN=local GOFLAGS=${GOFLAGS:--mod=readonly}
go vet ./...
go test -c -o "$out/conformance.test" .

# The idle test's long run must end before the program gives up on itself.
timeout=$((20 + ${SIGNET_IDLE_MINUTES:-0}))m
log=$out/output.log
status=0
"$out/conformance.test" -test.count=1 -test.v -test.parallel=4 -test.timeout="$timeout" "${arguments[@]}" \
  >"$log" 2>&1 || status=$?

passed=$(grep -c '^--- PASS: ' "$log" || true)
failed=$(grep -c '^--- FAIL: ' "$log" || true)
skipped=$(grep -c '^--- SKIP: ' "$log" || true)
if [ -n "$verbose" ]; then
  cat "$log"
elif [ "$status" != 0 ]; then
  # Only what failed, with its output; all of it when the program itself ended badly.
  if [ "$failed" -gt 0 ] && ! grep -qE '^(panic|fatal error|SIG[A-Z]+): ' "$log"; then
    awk '/^=== RUN|^=== CONT|^=== PAUSE|^=== NAME/ { next }
         /^ *--- / { keep = /FAIL:/ } keep || !/^ / { print }' "$log" | grep -vE '^--- PASS' | head -n 200
  else
    tail -n 200 "$log"
  fi
fi
# A program that died has failed, whatever its tests said before.
[ "$status" = 0 ] || [ "$failed" -gt 0 ] || failed=1
if [ "$status" = 0 ] && [ "$passed" = 0 ]; then
  echo "no test ran"
  failed=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
