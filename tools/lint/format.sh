#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every C file is as clang-format would write it. `tools/lint/format.sh --fix` rewrites those that are not.
set -euo pipefail
cd "$(dirname "$0")/../.."
mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.c' '*.h')
if [[ ${1:-} == --fix ]]; then
    clang-format -i "${files[@]}"
else
    printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 16 clang-format --dry-run -Werror
fi
echo "${#files[@]} files"
