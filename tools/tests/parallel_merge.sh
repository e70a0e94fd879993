#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# parallel_merge.sh BUILD: the line for GNU parallel in tools/README.md, as it stands there, ends in the
# bytes of a single run. Exit 77 with the reason when GNU parallel is not installed.
set -uo pipefail

build=$1
source=${PUNCH_SOURCE_DIR:?run this through ctest}
# shellcheck source=tools/tests/checks.sh
source "$source/tools/tests/checks.sh"

if ! parallel --version 2>/dev/null | grep -q 'GNU parallel'; then
    echo "skipped: GNU parallel is not installed (apt install parallel)"
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/punchlab-parallel-XXXXXX")
trap 'rm -rf "$work"' EXIT
export PUNCHLAB_AS=punchlab PATH=$build/tools:$PATH HOME=$work
cd "$work" || exit 1

line=$(grep '^parallel ' "$source/tools/README.md")
expect "one line of the README" 1 "$(wc -l <<<"$line")"
punchlab run quickstart --out single >single.txt 2>/dev/null
status=$?
bash -c "$line" >big.txt 2>big.err
expect "exit code" "$status" $?
expect "eight shards" 8 "$(find big/shards -name '*-of-8.trials' | wc -l)"
expect "standard output of the merge" "$(cat single.txt)" "$(cat big.txt)"
expect "every file but what tells of the machine" "" \
    "$(diff -rq --exclude=host.json --exclude=shards single big 2>&1)"
if [[ $failed -gt 0 ]]; then
    cat big.err
fi
conclude_checks
