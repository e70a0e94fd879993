# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Set-up shared by tools/punchlab, tools/test and .ci/run: which packages are missing and how to get
# them, and one build at a time. Sourced by bash; everything it says goes to stderr.
#
# Callers set PUNCH_ROOT (top of the source tree) and PUNCH_YES (1 = never ask).

say() {
    printf 'punchlab: %s\n' "$*" >&2
}

# Prints "package<TAB>what for" for every package of the groups given that is neither installed nor
# found by its probe.
missing_packages() {
    local groups=" $* " group package probe purpose installed=
    if command -v dpkg-query >/dev/null; then
        installed=" $(dpkg-query -W -f='${db:Status-Status}:${Package} ' 2>/dev/null) "
    fi
    while read -r group package probe purpose; do
        if [[ -z $group || $group == \#* || $groups != *" $group "* ]]; then
            continue
        fi
        if [[ $installed != *" installed:$package "* ]] && ! probe_finds "$probe"; then
            printf '%s\t%s\n' "$package" "$purpose"
        fi
    done <"$PUNCH_ROOT/tools/packages.txt"
}

# Is the thing here although no Debian package brought it?
probe_finds() {
    local what=${1#*:}
    case $1 in
    cmd:*) command -v "$what" >/dev/null ;;
    pc:*) pkg-config --exists "$what" 2>/dev/null ;;
    h:*) echo "#include <$what>" | cc -E -o /dev/null -x c - 2>/dev/null ;;
    py:*) python3 -c "import $what" 2>/dev/null ;;
    lib:clang_rt) compgen -G "$(clang -print-resource-dir 2>/dev/null)/lib/*/libclang_rt.*" >/dev/null ;;
    *) return 1 ;;
    esac
}

# Makes sure that the packages of the groups given are there: asks on a terminal before using sudo,
# installs when root may do so unasked, else says what to type. Exit 2 when it cannot go on.
need_packages() {
    local missing package purpose packages answer as_root=()
    missing=$(missing_packages "$@")
    if [[ -z $missing ]]; then
        return
    fi
    say "these packages are needed and missing:"
    while IFS=$'\t' read -r package purpose; do
        printf '    %-22s %s\n' "$package" "$purpose" >&2
    done <<<"$missing"
    mapfile -t packages < <(cut -f1 <<<"$missing")
    if ! command -v apt-get >/dev/null; then
        say "there is no apt-get here: install what is listed above (Debian 12 names) by other means,"
        say "then run the same command again"
        exit 2
    fi
    if [[ $EUID -ne 0 ]]; then
        as_root=(sudo)
    fi
    local install=(apt-get install -y --no-install-recommends "${packages[@]}")
    if [[ $PUNCH_YES != 1 && ! (-t 0 && -t 2) && $EUID -ne 0 ]]; then
        say "not root, and no terminal to ask on. Run this, or repeat with --yes to use sudo:"
        printf '    %s\n' "sudo apt-get update && sudo ${install[*]}" >&2
        exit 2
    fi
    if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
        say "there is no sudo here. As root, run:"
        printf '    %s\n' "apt-get update && ${install[*]}" >&2
        exit 2
    fi
    if [[ $PUNCH_YES != 1 && -t 0 && -t 2 ]]; then
        read -r -p "Install them now with ${as_root[*]:+sudo }apt-get? [Y/n] " answer
        if [[ ! $answer =~ ^([Yy]([Ee][Ss])?)?$ ]]; then
            say "nothing was installed. By hand: ${as_root[*]:+sudo }${install[*]}"
            exit 2
        fi
    fi
    say "installing (apt-get) ..."
    if ! install_packages; then
        say "apt-get failed; its output is above"
        exit 2
    fi
}

# apt-get update, then install; uses as_root and install of need_packages. Output only on failure.
install_packages() {
    local log
    log=$(mktemp)
    if "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update >"$log" 2>&1 </dev/null &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "${install[@]}" >>"$log" 2>&1 </dev/null; then
        rm -f "$log"
        return 0
    fi
    cat "$log" >&2
    rm -f "$log"
    return 1
}

# build_preset PRESET [TARGET]: configures when needed, builds on all cores; silent unless it fails.
# One build at a time in one source tree; others wait. Leaves .build/PRESET/.built, dated when the
# build that succeeded began: every source newer than that is not in it yet.
build_preset() {
    local preset=$1 dir=$PUNCH_ROOT/.build/$1 lock
    if ! mkdir -p "$dir" || ! touch "$PUNCH_ROOT/.build/lock"; then
        say "cannot write to $PUNCH_ROOT/.build; a build needs a writable source tree"
        exit 2
    fi
    exec {lock}>"$PUNCH_ROOT/.build/lock"
    if ! flock -n "$lock"; then
        say "another build is under way in this tree; waiting for it"
        flock "$lock"
    fi
    # A tree that was moved or copied has a cache that names its old place.
    if [[ -f $dir/CMakeCache.txt ]] &&
        ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PUNCH_ROOT" "$dir/CMakeCache.txt"; then
        rm -rf "$dir"
        mkdir -p "$dir"
    fi
    touch "$dir/.begun"
    if [[ ! -f $dir/.built ]]; then
        say "building $preset for the first time ..."
    elif [[ -t 2 ]]; then
        say "building $preset ..."
    fi
    if ! run_cmake "$@" >"$dir/build.log" 2>&1 </dev/null; then
        cat "$dir/build.log" >&2
        say "the $preset build failed; its output is above and in .build/$preset/build.log"
        exit 2
    fi
    mv -f "$dir/.begun" "$dir/.built"
    exec {lock}>&-
}

# The two cmake calls of build_preset; in a subshell, because the caller's folder is the user's.
run_cmake() (
    preset=$1 target=${2:-} configured=.build/$1/.configured
    cd "$PUNCH_ROOT" || exit
    if [[ ! $configured -nt CMakePresets.json ]]; then
        cmake --preset "$preset" && touch "$configured" || exit
    fi
    cmake --build --preset "$preset" -j "$(nproc 2>/dev/null || echo 1)" ${target:+--target "$target"}
)
