#!/bin/sh
# Recovers one Kubernetes object from its raw etcd value with the openssl program (3.0 or newer) and a POSIX shell,
# without Signet. crypto/ENVELOPE_FORMAT.md, "Recover an object by hand", explains every step.
#
# usage: recover_by_hand.sh --value FILE --etcd-key KEY --cluster-id ID KEY-OPTIONS
#   --value FILE          the value in etcd as hex, without the newline that etcdctl adds
#   --etcd-key KEY        its key, such as /registry/secrets/default/name
#   --cluster-id ID       the cluster_id of signetd's configuration
# and, either, when a KMS or its command-line tool has unwrapped the blob of the record:
#   --local-kek FILE      the local KEK, 32 bytes as hex
# or, for the `local` provider:
#   --keyring FILE        the keyring file, or a sealed copy of it
#   --passphrase-file FILE  its passphrase, when it is sealed
# or, when that file has been taken apart already:
#   --version-key FILE    the key of the keyring version that the record names, 32 bytes as hex
#   --keyring-id HEX      the 16 bytes of the keyring's id
# or, to see what has to be unwrapped:
#   --show-record
#
# Writes the object to standard output and nothing but the object; exit code 0 means that every tag, MAC and id
# was right. Keys stand on openssl's command line for a moment: run this where nobody else can list processes.
set -eu
LC_ALL=C
export LC_ALL

die() {
  echo "recover_by_hand: $*" >&2
  exit 1
}

# --- bytes as hex -----------------------------------------------------------------------------------------------
to_hex() { od -An -v -tx1 | tr -d ' \n'; }
from_hex() {
  fold -w 64 | while read -r line || [ -n "$line" ]; do
    bytes=
    while [ -n "$line" ]; do
      rest=${line#??}
      number=$((0x${line%"$rest"}))
      bytes="$bytes\\$((number >> 6))$((number >> 3 & 7))$((number & 7))"
      line=$rest
    done
    printf "$bytes"
  done
}
hex_of() { printf '%s' "$1" | to_hex; }
size_of() { echo $((${#1} / 2)); }
# slice HEX OFFSET SIZE, in bytes
slice() {
  [ "$3" -ge 0 ] && [ $(($2 + $3)) -le $((${#1} / 2)) ] || die "the value ends too early"
  [ "$3" -eq 0 ] || printf '%s' "$1" | cut -c $((2 * $2 + 1))-$((2 * ($2 + $3)))
}
number_at() { echo $((0x$(slice "$1" "$2" "$3"))); }
read_hex() { tr -d ' \t\r\n' <"$1" | tr 'A-F' 'a-f'; }
zeros() { printf "%0$((2 * $1))d" 0; }
padding() { [ $(($1 % 16)) -eq 0 ] || zeros $((16 - $1 % 16)); }
xor16() {
  i=0
  while [ $i -lt 16 ]; do
    printf '%02x' $((0x$(slice "$1" $i 1) ^ 0x$(slice "$2" $i 1)))
    i=$((i + 1))
  done
}

# --- algorithms -------------------------------------------------------------------------------------------------
sha256() { printf '%s' "$1" | from_hex | openssl dgst -sha256 -binary | to_hex; }
hmac_sha256() { printf '%s' "$2" | from_hex | openssl mac -digest SHA256 -macopt "hexkey:$1" -binary HMAC | to_hex; }
hkdf_sha256() { openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt "hexkey:$1" -kdfopt "info:$2" -binary HKDF | to_hex; }
# aes_ctr KEY COUNTER-BLOCK HEX
aes_ctr() { printf '%s' "$3" | from_hex | openssl enc -aes-256-ctr -K "$1" -iv "$2" | to_hex; }
gmac() {
  printf '%s' "$3" | from_hex |
    openssl mac -cipher AES-256-GCM -macopt "hexkey:$1" -macopt "hexiv:$2" -binary GMAC | to_hex
}

# gcm_open KEY AAD SEALED: AES-256-GCM over nonce 12, ciphertext, tag 16. The openssl program has no GCM of its own,
# but counter mode to decrypt and GMAC to check: with S = what GHASH must give according to the tag, GMAC over
# (the blocks that GCM hashes, then S) is the same as over as many zeros if, and only if, GHASH gives S.
gcm_open() {
  gcm_size=$(($(size_of "$3") - 28))
  gcm_nonce=$(slice "$3" 0 12)
  gcm_text=$(slice "$3" 12 $gcm_size)
  gcm_tag=$(slice "$3" $((12 + gcm_size)) 16)
  gcm_aad_size=$(size_of "$2")
  gcm_mask=$(aes_ctr "$1" "${gcm_nonce}00000001" "$(zeros 16)")
  gcm_blocks=$2$(padding "$gcm_aad_size")$gcm_text$(padding $gcm_size)
  gcm_blocks=$gcm_blocks$(printf '%016x%016x' $((8 * gcm_aad_size)) $((8 * gcm_size)))$(xor16 "$gcm_tag" "$gcm_mask")
  gcm_expected=$(gmac "$1" "$gcm_nonce" "$(zeros "$(size_of "$gcm_blocks")")")
  [ ${#gcm_expected} -eq 32 ] || die "openssl mac failed"
  [ "$(gmac "$1" "$gcm_nonce" "$gcm_blocks")" = "$gcm_expected" ] || die "$4: authentication failed"
  aes_ctr "$1" "${gcm_nonce}00000002" "$gcm_text"
}

# --- the keyring file ---------------------------------------------------------------------------------------------
scrypt() { # PASSPHRASE SALT LOG2-N R P, the first two as hex
  openssl kdf -keylen 32 -kdfopt "hexpass:$1" -kdfopt "hexsalt:$2" -kdfopt n:$((1 << $3)) -kdfopt "r:$4" \
    -kdfopt "p:$5" -kdfopt maxmem_bytes:1200000000 -binary SCRYPT | to_hex
}

# open_keyring FILE VERSION-ID: sets keyring_id and version_key.
open_keyring() {
  ring=$(to_hex <"$1")
  case $ring in
    "$(hex_of SIGNETKR)01"*) ;;
    *) die "not a keyring file of format 1" ;;
  esac
  ring_size=$(($(size_of "$ring") - 32))
  [ "$(sha256 "$(slice "$ring" 0 $ring_size)")" = "$(slice "$ring" $ring_size 32)" ] || die "keyring: wrong checksum"
  keyring_id=$(slice "$ring" 12 16)
  if [ "$(slice "$ring" 9 1)" = 00 ]; then
    ring_body=$(slice "$ring" 40 "$(number_at "$ring" 36 4)")
  else
    [ -n "$passphrase_file" ] || die "the keyring is sealed: give --passphrase-file"
    ring_passphrase=$(to_hex <"$passphrase_file")
    ring_key=$(scrypt "${ring_passphrase%0a}" "$(slice "$ring" 42 16)" "$(number_at "$ring" 36 1)" \
      "$(number_at "$ring" 38 2)" "$(number_at "$ring" 40 2)")
    [ ${#ring_key} -eq 64 ] || die "openssl kdf failed"
    ring_body=$(gcm_open "$ring_key" "$(hex_of signet/v1/keyring)00$(slice "$ring" 0 74)" \
      "$(slice "$ring" 58 12)$(slice "$ring" 74 "$(number_at "$ring" 70 4)")" "keyring")
  fi
  ring_count=$(number_at "$ring_body" 8 2)
  ring_at=10
  while [ "$ring_count" -gt 0 ]; do
    ring_id=$(slice "$ring_body" $((ring_at + 4)) 8)
    ring_at=$((ring_at + 39 + $(number_at "$ring_body" $((ring_at + 38)) 1)))
    ring_key_size=$(number_at "$ring_body" $ring_at 1)
    [ "$ring_id" != "$2" ] || version_key=$(slice "$ring_body" $((ring_at + 1)) "$ring_key_size")
    ring_at=$((ring_at + 1 + ring_key_size)) ring_count=$((ring_count - 1))
  done
  [ -n "$version_key" ] || die "the keyring has no key of version $2 (never had it, or it was destroyed)"
}

# --- arguments --------------------------------------------------------------------------------------------------
value_file= etcd_key= cluster_id= local_kek= version_key= keyring_id= keyring= passphrase_file= show_record=no
while [ $# -gt 0 ]; do
  case $1 in
    --show-record) show_record=yes && shift && continue ;;
    --value | --etcd-key | --cluster-id | --local-kek | --version-key | --keyring-id | --keyring | --passphrase-file)
      [ $# -ge 2 ] || die "$1 needs a value"
      ;;
    *) die "unknown argument $1" ;;
  esac
  case $1 in
    --value) value_file=$2 ;;
    --etcd-key) etcd_key=$2 ;;
    --cluster-id) cluster_id=$2 ;;
    --local-kek) local_kek=$(read_hex "$2") ;;
    --version-key) version_key=$(read_hex "$2") ;;
    --keyring-id) keyring_id=$2 ;;
    --keyring) keyring=$2 ;;
    --passphrase-file) passphrase_file=$2 ;;
  esac
  shift 2
done
[ -n "$value_file" ] || die "--value is missing"
value=$(read_hex "$value_file")

# --- 1. the etcd value: k8s:enc:kms:v2:NAME: and a protobuf message ------------------------------------------------
prefix=$(hex_of k8s:enc:kms:v2:)
case $value in
  "$prefix"*) ;;
  *) die "not a value of KMS v2" ;;
esac
at=15
while [ "$(slice "$value" $at 1)" != 3a ]; do at=$((at + 1)); done
at=$((at + 1))

# Reads a varint at `at`, into `varint`.
read_varint() {
  varint=0 shift=0 byte=128
  while [ $byte -ge 128 ]; do
    byte=$(number_at "$1" $at 1)
    varint=$((varint | (byte & 127) << shift))
    shift=$((shift + 7)) at=$((at + 1))
    [ $shift -le 35 ] || die "malformed etcd value"
  done
}
encrypted_data= key_id= ciphertext= annotation= source_type=0
while [ $at -lt "$(size_of "$value")" ]; do
  tag=$(slice "$value" $at 1) at=$((at + 1))
  read_varint "$value"
  case $tag in
    28) source_type=$varint && continue ;;
    0a) encrypted_data=$(slice "$value" $at $varint) ;;
    12) key_id=$(slice "$value" $at $varint) ;;
    1a) ciphertext=$(slice "$value" $at $varint) ;;
    22) [ -z "$annotation" ] || die "more than one annotation" && annotation=$(slice "$value" $at $varint) ;;
    *) die "malformed etcd value" ;;
  esac
  at=$((at + varint))
done

# The annotation: kek.signet.internal and the record, both behind their lengths.
name=$(hex_of kek.signet.internal)
case $annotation in
  "0a13${name}12"*) ;;
  *) die "the annotation is not kek.signet.internal" ;;
esac
at=22
read_varint "$annotation"
record=$(slice "$annotation" $at $varint)
[ $((at + varint)) -eq "$(size_of "$annotation")" ] || die "malformed annotation"

# --- 2. the record -----------------------------------------------------------------------------------------------
[ "$(slice "$record" 0 1)" = 01 ] || die "unknown record format"
key_id_size=$(number_at "$record" 1 1)
[ "$(slice "$record" 2 "$key_id_size")" = "$key_id" ] || die "the record is of another key_id"
at=$((2 + key_id_size + 8))
entries=$(number_at "$record" $at 1)
at=$((at + 1)) local_field= local_blob=
while [ "$entries" -gt 0 ]; do
  type=$(number_at "$record" $at 1)
  fingerprint=$(slice "$record" $((at + 1)) 8)
  field_size=$(number_at "$record" $((at + 9)) 1)
  field=$(slice "$record" $((at + 10)) "$field_size")
  at=$((at + 10 + field_size))
  blob_size=$(number_at "$record" $at 2)
  blob=$(slice "$record" $((at + 2)) "$blob_size")
  at=$((at + 2 + blob_size))
  if [ "$type" -eq 1 ]; then local_field=$field local_blob=$blob; fi
  if [ $show_record = yes ]; then
    echo "provider type $type"
    echo "  fingerprint   $fingerprint"
    echo "  backend field $field"
    echo "  blob          $blob"
  fi
  entries=$((entries - 1))
done
[ $((at + 16)) -eq "$(size_of "$record")" ] || die "the record has a wrong length"
[ $show_record = no ] || exit 0

# --- 3. the local KEK --------------------------------------------------------------------------------------------
[ -n "$cluster_id" ] || die "--cluster-id is missing"
if [ -z "$local_kek" ]; then
  [ -n "$local_blob" ] || die "the record has no entry of the local provider"
  [ -z "$keyring" ] || open_keyring "$keyring" "$local_field"
  [ -n "$version_key" ] && [ -n "$keyring_id" ] ||
    die "give --local-kek, or --keyring, or --version-key and --keyring-id"
  context=$(hex_of "{\"cluster_id\":\"$cluster_id\",\"purpose\":\"signet-local-kek\"}")
  local_kek=$(gcm_open "$version_key" "$(hex_of signet/v1/local)00$keyring_id$local_field$context" \
    "$local_blob" "blob of the local provider")
fi
[ ${#local_kek} -eq 64 ] || die "the local KEK must be 32 bytes"
wrap_key=$(hkdf_sha256 "$local_kek" signet/v1/wrap)
record_key=$(hkdf_sha256 "$local_kek" signet/v1/record)

body=$(slice "$record" 0 $at)
mac_input=$(hex_of signet/v1/record-mac)00$body$(printf '%02x' ${#cluster_id})$(hex_of "$cluster_id")
[ "$(slice "$(hmac_sha256 "$record_key" "$mac_input")" 0 16)" = "$(slice "$record" $at 16)" ] ||
  die "record: wrong MAC (other local KEK or cluster_id, or tampered)"

# --- 4. the envelope ---------------------------------------------------------------------------------------------
[ "$(slice "$ciphertext" 0 4)" = e5010000 ] || die "unknown envelope format"
[ "$(slice "$ciphertext" 4 16)" = "$(slice "$(sha256 "$record")" 0 16)" ] || die "the envelope is of another record"
bound=$(slice "$ciphertext" 0 20)$(slice "$record" 1 1)$key_id
dek=$(gcm_open "$wrap_key" "$(hex_of signet/v1/dek)00$bound" "$(slice "$ciphertext" 20 60)" "wrapped DEK")
payload=$(slice "$ciphertext" 80 $(($(size_of "$ciphertext") - 80)))
seed=$(gcm_open "$dek" "$(hex_of signet/v1/payload)00$bound" "$payload" "payload")

# --- 5. the object, as kube-apiserver encrypted it under the seed ----------------------------------------------------
[ -n "$etcd_key" ] || die "--etcd-key is missing"
case $source_type in
  0) object_key=$seed ;;
  1)
    object_key=$(hmac_sha256 "$seed" "$(slice "$encrypted_data" 0 32)01")
    encrypted_data=$(slice "$encrypted_data" 32 $(($(size_of "$encrypted_data") - 32)))
    ;;
  *) die "unknown encryptedDEKSourceType" ;;
esac
object=$(gcm_open "$object_key" "$(hex_of "$etcd_key")" "$encrypted_data" "object")
printf '%s' "$object" | from_hex
