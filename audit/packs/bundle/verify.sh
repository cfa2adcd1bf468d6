#!/bin/sh
# Checks this pack with sha256sum and openssl 3 alone: files, chain of hashes, signature of the checkpoint.
#     sh verify/verify.sh KEY     KEY: the public key of the log (PEM) that you obtained elsewhere
# What only verify.py checks: root, inclusion in the signed tree, disclosures and redactions.
set -eu
KEY=${1:-keys/log.pub.pem}
W=$(mktemp -d)
sha256sum --strict --quiet -c tagmanifest-sha256.txt
sha256sum --strict --quiet -c manifest-sha256.txt
find data -type f | LC_ALL=C sort > "$W/have"
cut -c67- manifest-sha256.txt | LC_ALL=C sort > "$W/want"
cmp "$W/have" "$W/want"
while IFS= read -r l; do { printf '\000'; printf '%s' "$l"; } | sha256sum | cut -c1-64; done < data/ledger/entries.jsonl > "$W/leaves"
cmp "$W/leaves" data/ledger/leaves.txt
sed '/^$/,$d' data/ledger/checkpoint > "$W/text"
awk -v o="$(sed -n 1p "$W/text")" '$2==o{print $3}' data/ledger/checkpoint | sed -n 1p | base64 -d | tail -c 64 > "$W/sig"
openssl pkeyutl -verify -pubin -inkey "$KEY" -rawin -in "$W/text" -sigfile "$W/sig"
rm -r "$W"
