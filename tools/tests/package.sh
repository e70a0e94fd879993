#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# package.sh BUILD: installs a build into a staging directory, moves it somewhere else, and uses it
# there as a stranger would: a program compiled with pkg-config, the manual, the completions, a
# scenario by name from an empty directory. Needs the whole build.
#
# CC and CFLAGS are those of the build. Exit 0 when everything held, else 1.
set -uo pipefail

build=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/punchlab-package-XXXXXX")
trap 'rm -rf "$work"' EXIT
unset PUNCHLAB_AS PUNCHLAB_ROOT
export LC_ALL=C.UTF-8
# shellcheck source=tools/tests/checks.sh
source "${PUNCH_SOURCE_DIR:?run this through ctest}/tools/tests/checks.sh"

has() {
    command -v "$1" >/dev/null
}

if ! DESTDIR=$work/stage cmake --install "$build" --prefix /opt/punch >"$work/install.log" 2>&1; then
    cat "$work/install.log"
    echo "cannot install $build: is the whole of it built?"
    exit 1
fi
root=$work/moved
mv "$work/stage/opt/punch" "$root"
expect "nothing is installed outside the prefix" "" "$(cd "$work/stage" && find . -type f)"
mapfile -t found < <(find "$root" -name punch.pc)
expect "one pkg-config file" 1 "${#found[@]}"
pc=${found[0]}
lib=$(dirname "$(dirname "$pc")")
export PKG_CONFIG_PATH=$lib/pkgconfig LD_LIBRARY_PATH=$lib

# --- the libraries

dynamic() {
    readelf -d "$lib/libpunch.so" | sed -n "s/.*($1).*\[\(.*\)\]/\1/p"
}

# The functions and tables that the headers declare; punch_panic() is the embedding program's.
declared() {
    local header
    for header in "$root"/include/punch/*.h; do
        "$CC" -std=c11 -E -P -I "$root/include" -x c "$header" | tr '\n' ' ' | sed 's/[;{}]/\n/g'
    done | grep -vE '^ *(typedef|static|return|else) ' |
        sed -nE -e 's/^ *([[:alnum:]_]+[ *]+)+(punch_[[:alnum:]_]+) ?\(.*/\2/p' \
            -e 's/^ *extern const [a-z_]+ (\w+)$/\1/p' |
        grep -vx punch_panic | sort -u
}

expect "SONAME" libpunch.so.0 "$(dynamic SONAME)"
expect "no search path of libraries is left in it" "" "$(dynamic 'RPATH\|RUNPATH')"
expect "libsodium and libc are all it needs" "libc libsodium" \
    "$(dynamic NEEDED | sed 's/\.so.*//' | grep -v 'san$' | sort | paste -sd ' ')"
expect "the shared library shows what the headers declare, no more and no less" "$(declared)" \
    "$(nm -D --defined-only "$lib/libpunch.so" | sed -n 's/.* [TRD] \(.*\)@@LIBPUNCH_0$/\1/p' | sort)"
expect "more than fifty names" 1 $(($(declared | wc -l) > 50))
expect "every global name of the static library begins with punch_" "" \
    "$(nm -g --defined-only "$lib/libpunch.a" 2>/dev/null | awk 'NF == 3 {print $3}' | grep -v '^punch_\|^__')"

# --- a program that embeds it

cat >"$work/consumer.c" <<'C'
#include <punch/assert.h>
#include <punch/keepalive.h>
#include <punch/peer.h>
#include <stdio.h>
#include <stdlib.h>
void punch_panic(const char *file, int line, const char *what, int64_t got, int64_t expected) {
    fprintf(stderr, "%s:%d: %s: %lld, %lld\n", file, line, what, (long long)got, (long long)expected);
    abort();
}
int main(void) {
    size_t count = 0;
    punch_keepalive_builtin(&count);
    printf("%s, %zu strategies, %s\n", punch_fail_name(PUNCH_FAIL_BYE), count, punch_crypto_sodium.name);
    return punch_crypto_sodium_init() != PUNCH_OK || count == 0;
}
C
expect "version of the package" \
    "$(sed -n 's/^## \([0-9.]*\) - .*/\1/p' "$root/share/doc/punchlab/CHANGELOG.md" | head -n 1)" \
    "$(pkg-config --modversion punch)"
read -ra cflags <<<"${CFLAGS:-} $(pkg-config --cflags punch)"
read -ra shared <<<"$(pkg-config --libs punch)"
read -ra static <<<"$(pkg-config --static --libs punch | sed 's/-lpunch\b/-l:libpunch.a/')"
said="bye, 4 strategies, sodium"
holds "a consumer compiles against the shared library" \
    "$CC" -std=c11 -Wall -Werror "${cflags[@]}" -o "$work/shared" "$work/consumer.c" "${shared[@]}"
expect "and runs" "$said" "$("$work/shared" 2>&1)"
expect "with it" 1 "$(readelf -d "$work/shared" | grep -c 'NEEDED.*libpunch\.so\.0')"
holds "a consumer compiles against the static library" \
    "$CC" -std=c11 -Wall -Werror "${cflags[@]}" -o "$work/static" "$work/consumer.c" "${static[@]}"
expect "and runs without the shared one" "$said" "$(LD_LIBRARY_PATH='' "$work/static" 2>&1)"
unset LD_LIBRARY_PATH

# --- manual and completions

man=$root/share/man/man1/punchlab.1
holds "there is a manual page" test -s "$man"
if has mandoc; then
    expect "and nothing is wrong with it" "" "$(mandoc -T lint "$man" 2>&1)"
fi
if has man; then
    holds "man shows it" man -l "$man"
fi

# complete WORD...: what bash offers for the last word.
complete_bash() {
    # shellcheck disable=SC2016 # expanded by the bash that is called
    PATH=$root/bin:$PATH bash -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        "$(complete -p punchlab | sed "s/.*-F \([^ ]*\).*/\1/")" punchlab; printf "%s\n" "${COMPREPLY[@]}"' \
        bash "$root/share/bash-completion/completions/punchlab" "$@" | paste -sd ' '
}
mkdir "$work/empty" && cd "$work/empty" || exit 1
expect "bash completes options" --jobs "$(complete_bash punchlab run --jo)"
expect "commands" "replay run" \
    "$(complete_bash punchlab r | tr ' ' '\n' | grep -x 'replay\|run' | sort | paste -sd ' ')"
expect "choices" sodium "$(complete_bash punchlab run --crypto s)"
expect "names of scenarios" quickstart "$(complete_bash punchlab run quick)"
expect "also where a directory may stand" quickstart "$(complete_bash punchlab compare quick)"
mkdir -p "$work/files/a directory" && cd "$work/files" || exit 1
expect "directories" "a directory" "$(complete_bash punchlab run --out a)"
cd "$work/empty" || exit 1
if has zsh; then
    holds "the completion of zsh has no mistakes" zsh -n "$root/share/zsh/site-functions/_punchlab"
fi
if has fish; then
    fish=$root/share/fish/vendor_completions.d/punchlab.fish
    expect "fish completes options" --jobs \
        "$(HOME=$work PATH=$root/bin:$PATH fish --no-config -c "source '$fish'; complete -C 'punchlab run --jo'" 2>&1 | cut -f 1)"
fi

# --- the program, far from its sources

punchlab=$root/bin/punchlab
holds "list finds the scenarios" grep -q "  $root/share/punchlab/scenarios/quickstart.json (" \
    <("$punchlab" list scenarios)
holds "a scenario runs by its name" "$punchlab" run quickstart --trials 5 --allow-inconclusive
holds "its results are here" test -s punchlab-results/quickstart/manifest.json
expect "and nothing else" punchlab-results "$(ls)"
holds "a trial is told" "$punchlab" replay quickstart --cell 5 --trial 1
holds "bench finds its helper" "$punchlab" bench --quick
holds "batches on clusters have their program" "$root/bin/punchlab-slurm-run" --help
for name in README.md CHANGELOG.md LICENSE; do
    holds "$name is there" test -s "$root/share/doc/punchlab/$name"
done

conclude_checks
