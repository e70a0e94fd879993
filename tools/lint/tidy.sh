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
printf '%s\0' "${files[@]}" |
    xargs -0 -P "$(nproc)" -n 1 clang-tidy --quiet -p "$build" 2> >(grep -vE '^[0-9]+ warnings? (generated|treated)' >&2)
echo "${#files[@]} files"
