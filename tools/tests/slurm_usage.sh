#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slurm_usage.sh BUILD: what slurm-run refuses, it refuses before it submits anything; and where its
# results go. Slurm is played by scripts that write down how they were called.
set -uo pipefail

build=$1
source=${PUNCH_SOURCE_DIR:?run this through ctest}
# shellcheck source=tools/tests/checks.sh
source "$source/tools/tests/checks.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/punchlab-usage-XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/here"
cat >"$work/bin/sbatch" <<'SCRIPT'
#!/bin/sh
echo "$*" >>"$(dirname "$0")/../called"
echo 7
SCRIPT
printf '#!/bin/sh\n' >"$work/bin/squeue"
chmod +x "$work/bin/sbatch" "$work/bin/squeue"
cp "$work/bin/squeue" "$work/bin/scancel"
cp "$work/bin/squeue" "$work/bin/sinfo"
export PUNCHLAB=$build/tools/punchlab PUNCHLAB_AS=punchlab PATH=$work/bin:$PATH
unset PUNCHLAB_ROOT
cd "$work/here" || exit 1
cp "$source/tools/tests/data/tiny.json" "$source/tools/tests/data/paired.json" .

# refused SENTENCE SAYS WORD...
refused() {
    local sentence=$1 says=$2
    shift 2
    "$source/tools/slurm-run" "$@" --shards 2 --detach >said 2>&1
    expect "$sentence: exit code" 2 $?
    holds "$sentence: why" grep -qF -- "$says" said
    expect "$sentence: nothing was submitted" "" "$(cat ../called 2>/dev/null)"
    expect "$sentence: nothing was written" "" "$(find . -name slurm)"
    rm -f ../called
}

refused "a directory" "is not a file" . --out out
refused "a second scenario" "runs one scenario" tiny.json paired.json --out out
refused "behind an option" "runs one scenario" tiny.json --trials 4 paired.json --out out
refused "no such scenario" nonsuch nonsuch --out out
refused "an unknown option" "--trails" tiny.json --trails 5 --out out
refused "a wrong number" "--trials none" tiny.json --trials none --out out
refused "an unknown key" "nat.nowhere" tiny.json --set nat.nowhere=1 --out out
refused "options in one word" "by itself" tiny.json -qo out

# submitted SENTENCE DIRECTORY WORD...
submitted() {
    local sentence=$1 directory=$2
    shift 2
    "$source/tools/slurm-run" "$@" --shards 2 --detach >said 2>&1
    expect "$sentence: exit code" 0 $?
    expect "$sentence: where" "7 7 2" "$(cat "$directory/slurm/jobs" 2>/dev/null)"
    expect "$sentence: an array and a merge" 2 "$(wc -l <../called)"
    rm -rf ../called "$directory"
}

submitted "no directory" punchlab-results/tiny tiny.json
submitted "in two words" out tiny.json --out out
submitted "with a sign of equality" out tiny.json --out=out
submitted "by its letter" out tiny.json -o out
submitted "in one word" out tiny.json -oout --trials 5 -q
conclude_checks
