#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slurm_run.sh BUILD: a batch through a real Slurm, started here for this test alone, ends in the bytes
# of a single run: undisturbed, with a task that Slurm took back and started again, and after a task
# was killed. Exit 77 with the reason when Slurm is not installed.
set -uo pipefail

build=$1
source=${PUNCH_SOURCE_DIR:?run this through ctest}
# shellcheck source=tools/tests/slurm_cluster.sh
source "$source/tools/tests/slurm_cluster.sh"
# shellcheck source=tools/tests/checks.sh
source "$source/tools/tests/checks.sh"

if missing=$(cluster_missing); then
    echo "skipped: not installed: $missing (apt install slurm-wlm munge)"
    exit 77
fi
work=$(mktemp -d /tmp/punchlab-slurm-XXXXXX) # sockets have short names
trap 'cluster_stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

mkdir "$work/cluster"
cpus=$(nproc)
if ! cluster_start "$work/cluster" $((cpus < 2 ? 1 : 2)); then
    cluster_logs
    echo "the daemons of Slurm did not get ready"
    exit 1
fi

export PUNCHLAB=$build/tools/punchlab PUNCHLAB_AS=punchlab PATH=$build/tools:$PATH
unset PUNCHLAB_ROOT
cd "$work" || exit 1
slurm_run=$source/tools/slurm-run
# Shards of some seconds, so that they can be disturbed.
batch=(quickstart --trials 40000)

punchlab run "${batch[@]}" --out single >single.txt 2>single.err
single=$?
expect "a single run, to compare with, has something to say" 1 $((single <= 1 && $(wc -l <single.txt) > 10))

# like_single DIR STATUS: exit code, standard output and every file are those of the single run.
like_single() {
    expect "$1: exit code" "$single" "$2"
    expect "$1: standard output" "$(cat single.txt)" "$(cat "$1.txt")"
    expect "$1: every file but what tells of the machine" "" \
        "$(diff -rq --exclude=host.json --exclude=slurm --exclude=shards single "$1" 2>&1)"
}

# wait_for SENTENCE COMMAND...: up to a minute (chosen).
wait_for() {
    local sentence=$1 turn
    shift
    for ((turn = 0; turn < 600; turn++)); do
        if "$@" >/dev/null 2>&1; then
            return
        fi
        sleep 0.1
    done
    expect "$sentence" "within a minute" never
}

# has_begun DIR TASK: a task's journal grows.
has_begun() {
    [[ -s $1/shards/$2-of-2.trials.part && ! -e $1/slurm/$2.status ]]
}

echo "- undisturbed"
"$slurm_run" "${batch[@]}" --shards 2 --out calm >calm.txt 2>calm.err
like_single calm $?
holds "progress says how far it is" \
    grep -qF '[100%] 2 of 2 shards finished, 0 running, 0 waiting, 0 failed' calm.err

echo "- requeued"
holds "a batch can be left alone" "$slurm_run" "${batch[@]}" --shards 2 --out moved --detach
wait_for "task 1 begins" has_begun moved 1
read -r array merge _ <moved/slurm/jobs
"$slurm_run" "${batch[@]}" --shards 2 --out moved >second.txt 2>&1
expect "a second batch into the same directory is refused" 2 $?
holds "and says whose it is" grep -q "jobs $array and $merge are at it" second.txt
holds "Slurm takes task 1 back" scontrol requeue "${array}_1"
"$slurm_run" --follow moved >moved.txt 2>moved.err
like_single moved $?
holds "it was started twice" grep -q Restarts=1 <(scontrol show job "${array}_1")

echo "- killed"
"$slurm_run" "${batch[@]}" --shards 2 --out killed >killed.txt 2>killed.err &
running=$!
wait_for "task 2 begins" has_begun killed 2
task=$(pgrep -f "killed/slurm/punchlab run .*--shard 2/2")
holds "its process dies" kill -KILL "${task:-none}"
wait "$running"
expect "slurm-run ends with its exit code" 137 $?
holds "names the task and its log" \
    grep -q 'task 2 of 2 failed (exit 137); its log: killed/slurm/2.log' killed.err
repeat=$(grep '^    punchlab run ' killed.err)
expect "and the command that repeats it" \
    "punchlab run ${batch[*]} --shard 2/2 --resume --out killed" "${repeat#    }"
holds "which does" bash -c "$repeat --quiet"
expect "nothing was merged before" "" "$(find killed -maxdepth 1 -name 'cells.csv')"
"$slurm_run" "${batch[@]}" --shards 2 --out killed >killed.txt 2>killed.err
like_single killed $?

echo "- interrupted and cancelled"
env --default-signal=INT "$slurm_run" "${batch[@]}" --shards 2 --out left >left.txt 2>left.err &
running=$!
wait_for "task 1 begins" has_begun left 1
kill -INT "$running" 2>/dev/null
wait "$running"
expect "Ctrl-C: exit code" 130 $?
read -r array merge _ <left/slurm/jobs
holds "says that the jobs go on" grep -q "jobs $array and $merge go on" left.err
holds "they do" grep -q "${array}_1 RUNNING" <(squeue -h -r -o '%i %T')
holds "--cancel cancels" "$slurm_run" --cancel left
"$slurm_run" --follow left >left.txt 2>left.err
expect "following what was cancelled: exit code" 1 $?
holds "says so" grep -q 'task 1 of 2 failed (CANCELLED)' left.err

echo "- mistakes"
"$slurm_run" nonsuch --out wrong 2>wrong.err
expect "no such scenario: exit code" 2 $?
"$slurm_run" quickstart --shards 0 --out wrong 2>wrong.err
expect "no shards: exit code" 2 $?
"$slurm_run" "${batch[@]}" --shards 3 --out calm 2>wrong.err
expect "another cut of the same results: exit code" 2 $?
holds "says what to do" grep -qF 'continue with --shards 2' wrong.err
"$slurm_run" quickstart --shard 1/2 --out wrong 2>wrong.err
expect "a shard of one's own: exit code" 2 $?
"$slurm_run" --follow wrong 2>wrong.err
expect "nothing to follow: exit code" 2 $?

if [[ $failed -gt 0 ]]; then
    tail -n 5 ./*.err ./*/slurm/*.log
fi
conclude_checks
