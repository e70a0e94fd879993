# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A Slurm of one's own: munged, slurmctld and slurmd in a directory, on the loopback interface, with
# ports that are free now, as whoever calls. Sourced by bash.
#
#   cluster_missing         prints what is not installed; fails when nothing is missing
#   cluster_start DIR CPUS  DIR is new and empty; exports SLURM_CONF; 0 when jobs can be submitted
#   cluster_stop            ends all jobs and daemons; may be called at any time, and twice

cluster_dir=
cluster_pids=()

cluster_missing() {
    local program absent=()
    PATH=$PATH:/usr/sbin:/sbin
    for program in munged slurmctld slurmd sbatch squeue scancel scontrol sinfo; do
        if ! command -v "$program" >/dev/null; then
            absent+=("$program")
        fi
    done
    echo "${absent[*]}"
    [[ ${#absent[@]} -gt 0 ]]
}

# cluster_port NOT: a port nobody listens on, drawn anew each time, so that a bad one is not tried twice.
cluster_port() {
    local port
    while port=$((20000 + RANDOM % 30000)); do
        if [[ $port != "$1" ]] && ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
}

# Keys are explained in slurm.conf(5). cred_expire: a requeued task waits that long, 120 s otherwise.
cluster_configure() {
    local cpus=$1 port user
    user=$(id -un)
    port=$(cluster_port none)
    cat >"$cluster_dir/slurm.conf" <<CONF
ClusterName=punchlab
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$(cluster_port "$port")
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$cluster_dir/munge/socket,cred_expire=5
StateSaveLocation=$cluster_dir/state
SlurmdSpoolDir=$cluster_dir/spool
SlurmctldPidFile=$cluster_dir/slurmctld.pid
SlurmdPidFile=$cluster_dir/slurmd.pid
SlurmctldLogFile=$cluster_dir/slurmctld.log
SlurmdLogFile=$cluster_dir/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,batch_sched_delay=0
MpiDefault=none
ReturnToService=2
KillWait=2
NodeName=localhost NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=localhost Default=YES MaxTime=INFINITE State=UP
CONF
}

# cluster_daemon NAME COMMAND...: in the background, its output in NAME.out; dies with this shell,
# should that be killed.
cluster_daemon() {
    local name=$1
    shift
    setpriv --pdeathsig KILL "$@" >"$cluster_dir/$name.out" 2>&1 </dev/null &
    cluster_pids+=($!)
}

# cluster_wait COMMAND...: up to 15 s (half a second is usual; chosen for busy machines).
cluster_wait() {
    local turn
    for ((turn = 0; turn < 150; turn++)); do
        if "$@" >/dev/null 2>&1; then
            return 0
        fi
        sleep 0.1
    done
    return 1
}

cluster_is_idle() {
    sinfo -h -o %T | grep -qx idle
}

cluster_start() {
    local munge
    PATH=$PATH:/usr/sbin:/sbin
    cluster_dir=$1
    munge=$cluster_dir/munge
    mkdir -p "$munge" "$cluster_dir/state" "$cluster_dir/spool"
    # munged wants a directory that others may enter, and a key that nobody else may read.
    chmod 755 "$cluster_dir" "$munge"
    (umask 077 && head -c 128 /dev/urandom >"$munge/key")
    cluster_configure "$2"
    export SLURM_CONF=$cluster_dir/slurm.conf
    cluster_daemon munged munged --foreground --force --socket="$munge/socket" \
        --key-file="$munge/key" --pid-file="$munge/pid" --seed-file="$munge/seed" \
        --log-file="$munge/log"
    cluster_wait test -S "$munge/socket" || return
    cluster_daemon slurmctld slurmctld -D -i
    cluster_daemon slurmd slurmd -D -N localhost
    cluster_wait cluster_is_idle
}

# What the daemons said, for when they do not do what they should.
cluster_logs() {
    tail -n 20 "$cluster_dir"/*.out "$cluster_dir"/*.log "$cluster_dir/munge/log" 2>/dev/null
}

cluster_stop() {
    local pid turn
    if [[ ${#cluster_pids[@]} -gt 1 ]]; then
        scancel --quiet --user="$(id -un)" 2>/dev/null
        for ((turn = 0; turn < 50; turn++)); do
            if [[ -z $(squeue -h 2>/dev/null) ]]; then
                break
            fi
            sleep 0.1
        done
    fi
    for pid in "${cluster_pids[@]}"; do
        kill "$pid" 2>/dev/null
    done
    for pid in "${cluster_pids[@]}"; do
        for ((turn = 0; turn < 50; turn++)); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    cluster_pids=()
}
