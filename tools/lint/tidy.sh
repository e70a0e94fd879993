#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# clang-tidy over every C file of a build folder's compile_commands.json, on all cores:
#   tools/lint/tidy.sh BUILD_FOLDER [PATH_PREFIX]
set -euo pipefail
build=$(realpath "$1")
cd "$(dirname "$0")/../.."
# One entry per file is enough: tests share sources, the flags are the same.
mapfile -t files < <(sed -n 's/^ *"file": "\(.*\)",*$/\1/p' "$build/compile_commands.json" |
    grep -F "$PWD/${2:-}" | grep -vF "$build/" | sort -u)
if [[ ${#files[@]} -eq 0 ]]; then
    echo "no files in $build/compile_commands.json" >&2
    exit 1
fi

# tidy_each [OPTION...]: clang-tidy over the file names on stdin, one process a core.
tidy_each() {
    xargs -r -P "$(nproc)" -n 1 clang-tidy --quiet -p "$build" "$@" \
        2> >(grep -vE '^[0-9]+ warnings? (generated|treated)' >&2)
}

# The path-sensitive analyzer is most of the time and finds little in tests, which run anyway.
status=0
printf '%s\n' "${files[@]}" | grep -v /tests/ | tidy_each || status=1
printf '%s\n' "${files[@]}" | grep /tests/ | tidy_each --checks='-clang-analyzer-*' || status=1
echo "${#files[@]} files"
exit $status
