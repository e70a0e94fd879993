#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# plugin.sh BUILD: compiles the example plug-in with the command its README gives, and lets it
# compete; then plug-ins that must be refused, each made from the example by one change.
#
# Exit 0 when everything held, 77 without a compiler called cc, else 1.
set -uo pipefail

build=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/punchlab-plugin-XXXXXX")
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8
root=${PUNCH_SOURCE_DIR:?run this through ctest}
# shellcheck source=tools/tests/checks.sh
source "$root/tools/tests/checks.sh"
punchlab=$build/tools/punchlab
example=core/lab/example

if ! command -v cc >/dev/null; then
    echo "skipped: there is no cc here"
    exit 77
fi

# --- as the README says

mapfile -t commands < <(sed -n 's/^cc .*/&/p' "$root/$example/README.md")
expect "the README has one command that compiles" 1 "${#commands[@]}"
(cd "$root" && bash -c "${commands[0]/-o cautious.so/-o \"$work/cautious.so\"}") || exit 1
cat >"$work/tiny.json" <<'JSON'
{
  "name": "tiny", "trials": 2, "limit": "120s", "hold": "60s",
  "peers": {"a": {}, "b": {}},
  "factors": [
    {"name": "strategy", "treatment": true, "levels": [
      {"label": "agreed-15", "set": {"peers.a.keepalive": ["agreed-15"], "peers.b.keepalive": ["agreed-15"]}},
      {"label": "seed", "set": {"peers.a.keepalive": ["seed"], "peers.b.keepalive": ["seed"]}}
    ]},
    {"name": "start", "set": "peers.b.keepalive_phase", "levels": ["0s", "5s"]}
  ],
  "expect": [{"measure": "connected", "exactly": "0%"}]
}
JSON
cd "$work" || exit 1

said=$("$punchlab" run tiny.json --plugin cautious.so --out one 2>one.err)
expect "it runs; what is expected on purpose fails" 1 $?
expect "it is a level of the factor of strategies, in both cells of the other factor" 2 \
    "$(grep -c '^ *[0-9].* cautious ' <<<"$said")"
expect "six cells" 6 "$(grep -cE '^ +[0-9]+ +(agreed-15|seed|cautious) ' <<<"$said")"
replay=$(grep -oE '[^ ]*punchlab replay .*--cell 4.*' <<<"$said" | head -1)
expect "what repeats a trial names the plug-in" 1 "$(grep -c -- '--plugin cautious.so' <<<"$replay")"
told=$(bash -c "$replay" 2>&1)
expect "and works" 0 $?
expect "the strategy is the one in use there" 1 "$(($(grep -c 'core: cautious' <<<"$told") > 0))"
digest=$(sed -n 's/.*"plugins": \[\["cautious.so", "\([0-9a-f]*\)"\]\].*/\1/p' one/manifest.json)
expect "the manifest has its file and the digest of that" 16 "${#digest}"
"$punchlab" run tiny.json --plugin cautious.so --jobs 1 --out two >/dev/null 2>&1
expect "one thread or several: the same" "$(cut -d, -f2- one/trials.csv)" "$(cut -d, -f2- two/trials.csv)"
said=$("$punchlab" compare tiny.json --plugin cautious.so --out three 2>&1)
expect "it is compared" 1 "$(($(grep -c 'cautious' <<<"$said") > 0))"

holds "a scenario may name it" "$punchlab" validate tiny.json --plugin cautious.so
holds "and --set" "$punchlab" run tiny.json -q --out four --plugin cautious.so \
    --trials 1 --set 'broker.keepalive=cautious' --allow-inconclusive --dry-run
expect "listed" 1 "$("$punchlab" list strategies --plugin cautious.so | grep -c '^  cautious .*(cautious.so)$')"
expect "explained" "cautious: a tenth longer after a silence that held, half after one that did not" \
    "$("$punchlab" explain cautious --plugin cautious.so | head -1)"
sed 's/\["seed"\]/["cautious"]/g' tiny.json >named.json
said=$("$punchlab" run named.json --out five 2>&1)
expect "without --plugin it is unknown" 2 $?
expect "which is said where it stands" 1 "$(($(grep -c 'named.json:[0-9]*:[0-9]*: .*"cautious"' <<<"$said") > 0))"

# --- resumed with other bytes under the same name

sed 's/FIRST_US (30/FIRST_US (31/' "$root/$example/cautious.c" >changed.c

# compile SOURCE OUT
compile() {
    cc -std=c11 -fPIC -shared -I "$root/core/include" -I "$root/core/base/include" -o "$2" "$1"
}

compile changed.c changed.so
mkdir -p other && cp changed.so other/cautious.so
(cd other && cp ../tiny.json . && "$punchlab" run tiny.json --plugin cautious.so --out one >/dev/null 2>&1)
expect "other bytes, another digest" 1 "$(($(grep -c "$digest" other/one/manifest.json) == 0))"

# --- refused: one change to the example, and a word of what is said

# refused SENTENCE SED-EXPRESSION PATTERN
refused() {
    sed "$2" "$root/$example/cautious.c" >bad.c
    compile bad.c bad.so || exit 1
    local said
    said=$("$punchlab" run tiny.json --plugin bad.so --out bad 2>&1 >/dev/null)
    expect "$1: exit code" 2 $?
    expect "$1: one line that names the file" 1 "$(grep -c -- '--plugin bad.so: ' <<<"$said")"
    expect "$1: why ($said)" 1 "$(grep -cE -- "$3" <<<"$said")"
    expect "$1: nothing ran" no "$([[ -e bad ]] && echo yes || echo no)"
}

refused "another ABI" 's/\.abi = PUNCH_KEEPALIVE_ABI/.abi = 99/' 'version 99 .*version 1'
refused "no symbol" 's/punch_keepalive_plugin/something_else/' 'exports no .*punch_keepalive_plugin'
refused "a name that is taken" 's/"cautious"/"seed"/' "strategy 'seed' already"
refused "a name that is none" 's/"cautious"/"Very Cautious"/' 'lower-case'
refused "an id of another name" 's/"cautious"/"reckless"/' "id of 'reckless' must be \\{\\{0x"
refused "too large a state" 's/sizeof(cautious_state)/1025/' 'state_bytes is 1025; at most 1024'
refused "a state nobody fills" '/\.reset = reset/d; s/^static void reset/void reset/; s/^void reset/__attribute__((unused)) static void reset/' 'reset is NULL'
refused "no schedule" '/\.next_send_us = /d; s/^static punch_time_us next/__attribute__((unused)) static punch_time_us next/' 'next_send_us is NULL'
refused "no silence" 's/silence_after_first_us = FIRST_US/silence_after_first_us = 1/' 'silence_after_first_us'
refused "an interval below a second" 's/\.silence_after_last_us/.interval_us = 999999, .silence_after_last_us/' '1 s to 24 h'

echo "no object at all" >bad.so
said=$("$punchlab" run tiny.json --plugin bad.so --out bad 2>&1)
expect "not an object: exit code" 2 $?
said=$("$punchlab" run tiny.json --plugin missing.so --out bad 2>&1)
expect "no such file: exit code" 2 $?
expect "no such file: why" 1 "$(grep -c 'no such file' <<<"$said")"
said=$("$punchlab" run tiny.json --plugin cautious.so --plugin ./cautious.so --out bad 2>&1)
expect "twice: exit code" 2 $?
expect "twice: why" 1 "$(grep -c "strategy 'cautious' already" <<<"$said")"

conclude_checks
