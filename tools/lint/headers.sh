#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every header compiles alone, and twice in one file: all as C11, those others may include (include/)
# as C++17 too.
set -euo pipefail
cd "$(dirname "$0")/../.."
mapfile -t headers < <(git ls-files --cached --others --exclude-standard '*.h')
# POSIX names are for tools only; elsewhere the lint rules keep them out.
flags=(-fsyntax-only -Wall -Wextra -Wpedantic -Werror -D_POSIX_C_SOURCE=200809L)
for folder in core/base core core/lab core/posix nat_models sim tools; do
    flags+=(-I "$folder/include" -I "$folder/src" -I "$folder/tests")
done
failed=0
for header in "${headers[@]}"; do
    # The declaration keeps a header of macros only from being an empty translation unit.
    unit=$(printf '#include "%s"\n#include "%s"\nextern int header_alone;' "$header" "$header")
    if ! "${CC:-gcc}" -std=c11 "${flags[@]}" -I . -x c - <<<"$unit"; then
        echo "$header: does not compile alone as C11" >&2
        failed=$((failed + 1))
    fi
    if [[ $header == */include/* ]] && ! "${CXX:-g++}" -std=c++17 "${flags[@]}" -I . -x c++ - <<<"$unit"; then
        echo "$header: does not compile alone as C++17" >&2
        failed=$((failed + 1))
    fi
done
echo "${#headers[@]} headers, $failed failed"
[[ ${#headers[@]} -gt 0 && $failed -eq 0 ]]
