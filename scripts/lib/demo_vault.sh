# An OpenBao for scripts/demo, with a Transit key and an AppRole for signetd. Sourced after common.sh and openbao.sh.

# openbao FOLDER ARGUMENTS…: the client, as administrator.
openbao() {
  local folder=$1
  shift
  HOME=$folder BAO_ADDR=$(cat "$folder/address") BAO_TOKEN=$(cat "$folder/root-token") "$SIGNET_BAO" "$@"
}

# start_openbao FOLDER: sets `openbao_process`; its address and root token are files in the folder, which must be ours
# alone.
start_openbao() {
  local folder=$1 port token
  for _ in $(seq 5); do
    token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    (umask 077 && printf 'demo-%s' "$token" >"$folder/root-token")
    # Below the ports that the kernel gives to outgoing connections.
    port=$((20000 + RANDOM % 12000))
    echo "http://127.0.0.1:$port" >"$folder/address"
    # The token is no argument: those can be seen by everybody on the machine.
    HOME=$folder BAO_DEV_ROOT_TOKEN_ID=$(cat "$folder/root-token") "$SIGNET_BAO" server -dev -dev-no-store-token \
      "-dev-listen-address=127.0.0.1:$port" >"$folder/openbao.log" 2>&1 &
    openbao_process=$!
    for _ in $(seq 300); do
      # Only our own server knows this token: another one on this port may answer until ours has noticed and ends.
      ! openbao "$folder" token lookup >/dev/null 2>&1 || return 0
      kill -0 "$openbao_process" 2>/dev/null || break
      sleep 0.1
    done
    # It may live and only be late.
    kill -KILL "$openbao_process" 2>/dev/null || true
    wait "$openbao_process" 2>/dev/null || true
    openbao_process=
  done
  tail -n 20 "$folder/openbao.log" >&2
  fail "OpenBao did not start"
}

# write_vault_config FOLDER ROLE_ID: signetd.yaml in FOLDER, whose secret id comes to FOLDER/secret-id.
write_vault_config() {
  local folder=$1 role_id=$2
  (umask 077 && mkdir -p "$folder/state")
  cat >"$folder/signetd.yaml" <<CONFIG
cluster_id: demo
state_directory: $folder/state
active: primary
providers:
  - name: primary
    vault:
      address: $(cat "$folder/address")
      key: signet
      instance: demo
      auth: {method: app_role, role_id: $role_id, secret_file: $folder/secret-id}
kms_socket: {path: $folder/kms.sock}
admin_socket: {path: $folder/admin.sock}
allow_remote_rotation: true
# For this demo: a rotation in seconds. The defaults, which a cluster keeps, make it two to four minutes.
watch: {interval: 1s, confirm_interval: 1s, activation_delay: 5s}
CONFIG
}
