#!/bin/sh
# Runs recover_by_hand.sh on the golden object with nothing in reach but openssl and four POSIX text tools, and
# shows that it refuses whatever is not exactly right.
# usage: recover_by_hand_test.sh SOURCE_DIRECTORY
set -eu
golden=$1/tests/testdata/golden
script=$1/tests/integration/recover_by_hand.sh
shell=$(command -v dash || command -v sh)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin"
for tool in openssl od tr fold cut; do ln -s "$(command -v $tool)" "$scratch/bin/$tool"; done

recover() { PATH=$scratch/bin "$shell" "$script" "$@"; }
failures=0
checks=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# expect_object NAME ARGUMENTS...: the plaintext and nothing else.
expect_object() {
  name=$1 && shift
  checks=$((checks + 1))
  recover "$@" >"$scratch/out" 2>"$scratch/err" || fail "$name: $(cat "$scratch/err")"
  [ "$(od -An -v -tx1 <"$scratch/out" | tr -d ' \n')" = "$(tr -d '\n' <"$golden/object.hex")" ] ||
    fail "$name: other bytes than the object's"
}

# expect_refusal NAME MESSAGE ARGUMENTS...: an error that says MESSAGE, and not one byte.
expect_refusal() {
  name=$1 message=$2 && shift 2
  checks=$((checks + 1))
  if recover "$@" >"$scratch/out" 2>"$scratch/err"; then fail "$name: not refused"; fi
  [ ! -s "$scratch/out" ] || fail "$name: wrote something"
  grep -q "$message" "$scratch/err" || fail "$name: says '$(cat "$scratch/err")' and not '$message'"
}

value=$golden/etcd_value.hex
etcd_key=/registry/secrets/default/golden
keyring_id=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf
local_kek=$golden/local_kek.hex
version_key=$golden/keyring_version_key.hex

expect_object "with the local KEK from a KMS" \
  --value "$value" --etcd-key $etcd_key --cluster-id golden-cluster --local-kek "$local_kek"
expect_object "with the keyring's key" --value "$value" --etcd-key $etcd_key --cluster-id golden-cluster \
  --version-key "$version_key" --keyring-id $keyring_id

# The golden keyring, plain and sealed: the bytes come from hex by way of printf, one by one.
bytes_of() { for byte in $(tr -d '\n' <"$1" | fold -w 2); do printf "\\$(printf %03o 0x$byte)"; done; }
bytes_of "$golden/keyring.hex" >"$scratch/keyring"
bytes_of "$golden/keyring_sealed.hex" >"$scratch/sealed"
echo "golden passphrase" >"$scratch/passphrase"
echo "other passphrase" >"$scratch/other"
expect_object "with the keyring file" --value "$value" --etcd-key $etcd_key --cluster-id golden-cluster \
  --keyring "$scratch/keyring"
expect_object "with the sealed keyring file" --value "$value" --etcd-key $etcd_key --cluster-id golden-cluster \
  --keyring "$scratch/sealed" --passphrase-file "$scratch/passphrase"
expect_refusal "another passphrase" "keyring: authentication failed" --value "$value" --etcd-key $etcd_key \
  --cluster-id golden-cluster --keyring "$scratch/sealed" --passphrase-file "$scratch/other"
expect_refusal "no passphrase" "give --passphrase-file" --value "$value" --etcd-key $etcd_key \
  --cluster-id golden-cluster --keyring "$scratch/sealed"
{ head -c 100 "$scratch/keyring" && printf x && tail -c +102 "$scratch/keyring"; } >"$scratch/edited"
expect_refusal "an edited keyring" "keyring: wrong checksum" --value "$value" --etcd-key $etcd_key \
  --cluster-id golden-cluster --keyring "$scratch/edited"

checks=$((checks + 1))
recover --value "$value" --show-record | grep -q "blob          202122" || fail "does not show the record"

expect_refusal "another cluster" "record: wrong MAC" \
  --value "$value" --etcd-key $etcd_key --cluster-id other-cluster --local-kek "$local_kek"
expect_refusal "another cluster in the blob" "blob of the local provider: authentication failed" --value "$value" \
  --etcd-key $etcd_key --cluster-id other-cluster --version-key "$version_key" --keyring-id $keyring_id
expect_refusal "another keyring" "blob of the local provider: authentication failed" --value "$value" \
  --etcd-key $etcd_key --cluster-id golden-cluster --version-key "$version_key" --keyring-id "${keyring_id%f}e"
expect_refusal "another local KEK" "record: wrong MAC" \
  --value "$value" --etcd-key $etcd_key --cluster-id golden-cluster --local-kek "$version_key"
expect_refusal "another etcd key" "object: authentication failed" \
  --value "$value" --etcd-key ${etcd_key}x --cluster-id golden-cluster --local-kek "$local_kek"

# expect_flip_refused WHERE MESSAGE HEX: the first byte of HEX, wherever it begins in the value, is changed.
plain_value=$(tr -d '\n' <"$value")
expect_flip_refused() {
  before=${plain_value%%"$3"*}
  [ "$before" != "$plain_value" ] || fail "$1: no such bytes in the golden value"
  after=${plain_value#"$before"??}
  byte=${plain_value#"$before"} && byte=${byte%"$after"}
  printf '%s%02x%s' "$before" $((0x$byte ^ 1)) "$after" >"$scratch/flipped.hex"
  expect_refusal "flip in $1" "$2" --value "$scratch/flipped.hex" --etcd-key $etcd_key \
    --cluster-id golden-cluster --local-kek "$local_kek"
}
expect_flip_refused "the object's salt" "object: authentication failed" 808182838485
expect_flip_refused "the object's nonce" "object: authentication failed" 303132333435
expect_flip_refused "the object's text" "object: authentication failed" 6553dbbd41e9
expect_flip_refused "the object's tag" "object: authentication failed" 29adad15a860
expect_flip_refused "the envelope's format" "unknown envelope format" e5010000
expect_flip_refused "the local KEK id" "another record" b05e8433a100
expect_flip_refused "the DEK's nonce" "wrapped DEK: authentication failed" 606162636465
expect_flip_refused "the wrapped DEK" "wrapped DEK: authentication failed" fe339c079562
expect_flip_refused "the payload's nonce" "payload: authentication failed" 6c6d6e6f7071
expect_flip_refused "the payload's tag" "payload: authentication failed" 0ad9f1bf0029
expect_flip_refused "the key_id" "another key_id" 6c6f63616c2d7631
expect_flip_refused "the time of the record" "record: wrong MAC" 6553f10001
expect_flip_refused "the fingerprint" "record: wrong MAC" f0f1f2f3f4f5
expect_flip_refused "the MAC" "record: wrong MAC" 53417a669f42
expect_flip_refused "the annotation's name" "not kek.signet.internal" 6b656b2e7369

printf '%s' "${plain_value%??????}" >"$scratch/cut.hex"
expect_refusal "a value cut short" "ends too early" --value "$scratch/cut.hex" --etcd-key $etcd_key \
  --cluster-id golden-cluster --local-kek "$local_kek"

echo "$checks checks, $failures failed"
[ $failures -eq 0 ]
