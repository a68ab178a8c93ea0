#!/usr/bin/env bash
# Installs Alibaba Cloud's own clients, in the versions that sdks/ pins, with npm and pip into DIRECTORY/npm and
# DIRECTORY/python; at once when they are there. CTest runs it before the tests that need them.
# usage: install_sdks.sh DIRECTORY
. "$(dirname "$0")/../../../scripts/lib/common.sh"

pins=$SIGNET_ROOT/tests/integration/alibaba/sdks
mkdir -p "$1"
directory=$(cd "$1" && pwd)
exec 9>"$directory/lock"
flock 9

stamp=$(cat "$pins"/* | sha256sum)
[ "$(cat "$directory/stamp" 2>/dev/null)" != "$stamp" ] || exit 0

install_packages python
command -v npm >/dev/null || install_packages node
# persistently COMMAND…: three times at most, for a registry that hiccups.
persistently() {
  local try
  for try in 1 2 3; do
    if "$@"; then return 0; fi
    say "failed (try $try of 3)"
    [ "$try" = 3 ] || sleep "$((try * 5))"
  done
  return 1
}

rm -rf "$directory/npm" "$directory/python"
mkdir -p "$directory/npm"
cp "$pins/package.json" "$pins/package-lock.json" "$directory/npm"
say "installing Alibaba Cloud's clients for Node.js"
(cd "$directory/npm" && persistently quietly alibaba-npm npm ci --ignore-scripts --no-audit --no-fund)
say "installing Alibaba Cloud's clients for Python"
quietly alibaba-venv python3 -m venv "$directory/python"
persistently quietly alibaba-pip "$directory/python/bin/pip" install --quiet --requirement "$pins/requirements.txt"
echo "$stamp" >"$directory/stamp"
