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
rm -rf "$directory/npm" "$directory/python"
mkdir -p "$directory/npm"
cp "$pins/package.json" "$pins/package-lock.json" "$directory/npm"
say "installing Alibaba Cloud's clients for Node.js"
(cd "$directory/npm" && quietly alibaba-npm thrice npm ci --ignore-scripts --no-audit --no-fund)
say "installing Alibaba Cloud's clients for Python"
quietly alibaba-venv python3 -m venv "$directory/python"
quietly alibaba-pip thrice "$directory/python/bin/pip" install --quiet --requirement "$pins/requirements.txt"
echo "$stamp" >"$directory/stamp"
