#!/bin/sh
# Checks this pack with sha256sum and openssl 3 alone. VERIFY.txt says what this sees, and what only verify.py sees.
#     sh verify/verify.sh [--strict] [KEY [TRUST]]
# KEY: the public key of the log (PEM) that you obtained elsewhere. TRUST: certificates (PEM) for signature and stamps.
# --strict: KEY and TRUST must be given, and signature and time stamps must be there.
set -eu
STRICT=
if [ "${1:-}" = --strict ]; then
    STRICT=yes
    shift
fi
KEY=${1:-keys/log.pub.pem}
TRUST=${2:-}
W=$(mktemp -d)
trap 'rm -r "$W"' EXIT
fail() {
    echo "FAILED: $1" >&2
    exit 1
}
skip() {
    if [ -n "$STRICT" ]; then fail "$1, and --strict asks for it"; fi
    echo "$1."
}
if [ -n "$STRICT" ] && [ $# -lt 2 ]; then fail "--strict needs KEY and TRUST"; fi

# 1. Files: none changed, missing, added, listed twice, or a link.
find . ! -type f ! -type d > "$W/odd"
if [ -s "$W/odd" ]; then fail "$(head -n 1 "$W/odd") is neither a file nor a folder"; fi
for m in tagmanifest-sha256.txt manifest-sha256.txt; do
    if ! sha256sum --strict --quiet -c "$m" > "$W/said" 2>&1; then fail "$m: $(head -n 1 "$W/said")"; fi
    if [ -n "$(tail -c 1 "$m")" ]; then fail "$m: doesn't end with a newline"; fi
    cut -c67- "$m" | LC_ALL=C sort > "$W/$m"
    LC_ALL=C uniq -d "$W/$m" > "$W/twice"
    if [ -s "$W/twice" ]; then fail "$m: $(head -n 1 "$W/twice") is listed twice"; fi
done
find data -type f | LC_ALL=C sort > "$W/data"
find . -type f ! -path './data/*' ! -name 'tagmanifest-sha256.txt*' | cut -c3- | LC_ALL=C sort > "$W/tags"
if ! cmp -s "$W/data" "$W/manifest-sha256.txt"; then fail "manifest-sha256.txt: lists other files than there are in data/"; fi
if ! cmp -s "$W/tags" "$W/tagmanifest-sha256.txt"; then fail "tagmanifest-sha256.txt: lists other files than there are"; fi

# 2. Each stream: leaves are the hashes of the entries, and each entry names the leaf before it.
for e in data/ledger/entries.jsonl data/streams/*/entries.jsonl; do
    if [ ! -f "$e" ]; then continue; fi
    d=${e%entries.jsonl}
    while IFS= read -r l; do
        { printf '\000'; printf '%s' "$l"; } | sha256sum | cut -c1-64
    done < "$e" > "$W/leaves"
    if ! cmp -s "$W/leaves" "${d}leaves.txt"; then fail "${d}leaves.txt: are not the hashes of the entries"; fi
    sed -n 's/.*"prev":"\([0-9a-f]*\)".*/\1/p' "$e" > "$W/prevs"
    { printf '%064d\n' 0; sed '$d' "$W/leaves"; } > "$W/expected"
    if ! cmp -s "$W/prevs" "$W/expected"; then fail "$e: an entry doesn't name the hash of the one before it"; fi
    sed '1,/^$/d' "${d}head.tlog-proof" > "$W/note"
    if ! cmp -s "$W/note" data/ledger/checkpoint; then fail "${d}head.tlog-proof: is about another checkpoint"; fi
done

# 3. The checkpoint was signed with KEY: one of its lines, where there are several.
sed '/^$/,$d' data/ledger/checkpoint > "$W/text"
awk -v o="$(sed -n 1p "$W/text")" '$2==o{print $3}' data/ledger/checkpoint > "$W/lines"
SIGNED=
while IFS= read -r l; do
    printf '%s\n' "$l" | base64 -d 2> "$W/said" | tail -c 64 > "$W/sig"
    if openssl pkeyutl -verify -pubin -inkey "$KEY" -rawin -in "$W/text" -sigfile "$W/sig" > "$W/said" 2>&1; then SIGNED=yes; fi
done < "$W/lines"
if [ -z "$SIGNED" ]; then fail "data/ledger/checkpoint: is not signed with $KEY"; fi

# 4. Signature and time stamps, by certificates that you trust.
stamped() {
    if [ ! -f "$2" ]; then
        skip "Not there: $2"
    elif [ -z "$TRUST" ]; then
        skip "Not checked: $2, for want of certificates"
    else
        AT=$(openssl ts -reply -in "$2" -text 2> "$W/said" | sed -n 's/^Time stamp: //p')
        if [ -z "$AT" ]; then fail "$2: is not a time stamp"; fi
        AT=$(date -u -d "$AT" +%s)
        if ! openssl ts -verify -data "$1" -in "$2" -CAfile "$TRUST" -attime "$AT" > "$W/said" 2>&1; then fail "$2: is not a time stamp of $1 by an authority you trust"; fi
    fi
}
stamped tagmanifest-sha256.txt tagmanifest-sha256.txt.tsr
stamped data/ledger/checkpoint data/ledger/checkpoint.tsr
if [ ! -f tagmanifest-sha256.txt.p7s ]; then
    skip "Not there: tagmanifest-sha256.txt.p7s"
elif [ -z "$TRUST" ]; then
    skip "Not checked: tagmanifest-sha256.txt.p7s, for want of certificates"
elif ! openssl cms -verify -binary -inform DER -in tagmanifest-sha256.txt.p7s -content tagmanifest-sha256.txt -CAfile "$TRUST" -purpose any -out /dev/null > "$W/said" 2>&1; then
    fail "tagmanifest-sha256.txt.p7s: is not a signature by somebody you trust"
fi
echo "Holds, as far as sha256sum and openssl see: files, chain of hashes, signature of the checkpoint."
if [ "$KEY" = keys/log.pub.pem ]; then echo "The key was the one IN THE PACK: give your own to know whose it is."; fi
