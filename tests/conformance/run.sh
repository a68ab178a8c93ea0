#!/usr/bin/env bash
# Builds the conformance tests once and runs them against the programs in SIGNET_BIN_DIR (default: the release
# build, else the dev build).
#
#   run.sh [--release R]… [ARGUMENTS FOR THE TEST PROGRAMS]       run.sh --release 0.29 -run Case2 -v
#
# R is a release of Kubernetes' libraries: "newest" (go.mod: the driver, and the custom-resource API server on
# etcd), one of releases/ (0.29: the driver only), or "all". Without --release: newest and 0.29, as CI does.
# Ends with "N passed, N failed, N skipped"; subtests are not counted.
set -euo pipefail

[ -z "${SIGNET_BIN_DIR-}" ] || SIGNET_BIN_DIR=$(cd "$SIGNET_BIN_DIR" && pwd)
export SIGNET_BIN_DIR=${SIGNET_BIN_DIR-}
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p ../../build/conformance
out=$(cd ../../build/conformance && pwd)

releases=() arguments=() verbose=
while [ $# -gt 0 ]; do
  case $1 in
    --release)
      releases+=("${2:?--release needs a release}")
      shift
      ;;
    -v) verbose=1 ;;
    -run | -short | -timeout | -skip) arguments+=("-test.${1#-}") ;;
    *) arguments+=("$1") ;;
  esac
  shift
done
[ ${#releases[@]} -gt 0 ] || releases=(newest 0.29)
if [ "${releases[*]}" = all ]; then
  mapfile -t releases < <(cd releases && printf '%s\n' *.mod | sed 's/\.mod$//' | sort -V)
  releases+=(newest)
fi

export GOTOOLCHAIN=local GOFLAGS=${GOFLAGS:--mod=readonly}
passed=0 failed=0 skipped=0

# run NAME PROGRAM: one test program in this folder; counts.
run() {
  local log=$out/$1.log status=0 good bad none
  # The idle test's long run and ten million mutations must end before the program gives up on itself.
  local timeout=$((20 + ${SIGNET_IDLE_MINUTES:-0} + ${SIGNET_MUTATIONS:-0} / 100000))m
  "$2" -test.count=1 -test.v -test.parallel=4 -test.timeout="$timeout" "${arguments[@]}" >"$log" 2>&1 || status=$?
  good=$(grep -c '^--- PASS: ' "$log" || true)
  bad=$(grep -c '^--- FAIL: ' "$log" || true)
  none=$(grep -c '^--- SKIP: ' "$log" || true)
  if [ -n "$verbose" ]; then
    cat "$log"
  elif [ "$status" != 0 ]; then
    # Only what failed, with its output; all of it when the program itself ended badly.
    if [ "$bad" -gt 0 ] && ! grep -qE '^(panic|fatal error|SIG[A-Z]+): ' "$log"; then
      awk '/^=== RUN|^=== CONT|^=== PAUSE|^=== NAME/ { next }
           /^ *--- / { keep = /FAIL:/ } keep || !/^ / { print }' "$log" | grep -vE '^--- PASS' | head -n 200
    else
      tail -n 200 "$log"
    fi
  fi
  # A program that died has failed, whatever its tests said before.
  [ "$status" = 0 ] || [ "$bad" -gt 0 ] || bad=1
  echo "$1: $good passed, $bad failed, $none skipped"
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + none))
}

# Where the API has changed between releases, a file with a build tag stands in for another.
tags_of() {
  case $1 in
    0.29 | 0.3[0-4]) echo apiserver_before_0_35 ;;
  esac
}

# fetch ARGUMENTS…: the modules that `go list` needs for them, thrice if need be: a proxy may fail for a moment.
fetch() {
  local pause
  for pause in 5 20; do
    ! go list -deps -test "$@" >"$out/fetch.log" || return 0
    sleep "$pause"
  done
  go list -deps -test "$@" >"$out/fetch.log"
}

newest() {
  fetch ./... go.etcd.io/etcd/server/v3
  go vet ./...
  go build -o "$out/etcd" go.etcd.io/etcd/server/v3
  go test -c -o "$out/driver-newest" .
  go test -c -o "$out/customresources" ./customresources
  run driver-newest "$out/driver-newest"
  SIGNET_ETCD=$out/etcd run customresources "$out/customresources"
}

older() {
  [ -f "releases/$1.mod" ] || {
    echo "no such release: $1 (there are newest, all and: $(cd releases && echo *.mod | sed 's/\.mod//g'))" >&2
    exit 2
  }
  fetch -modfile="releases/$1.mod" -tags "$(tags_of "$1")" .
  go test -vet=off -modfile="releases/$1.mod" -tags "$(tags_of "$1")" -c -o "$out/driver-$1" .
  run "driver-$1" "$out/driver-$1"
}

for release in "${releases[@]}"; do
  if [ "$release" = newest ]; then newest; else older "$release"; fi
done
if [ "$failed" = 0 ] && [ "$passed" = 0 ]; then
  echo "no test ran"
  failed=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
