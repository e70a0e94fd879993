# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What tests written in bash share: comparisons that say what was expected and what was there.
# Sourced; ends with conclude_checks.

checks=0
failed=0

# expect SENTENCE EXPECTED GOT
expect() {
    checks=$((checks + 1))
    if [[ $2 != "$3" ]]; then
        failed=$((failed + 1))
        printf '%s\n  expected: %s\n  got:      %s\n' "$1" "$2" "$3"
    fi
}

# holds SENTENCE COMMAND...: the command succeeds; what it said is shown when not.
holds() {
    local sentence=$1 said
    shift
    checks=$((checks + 1))
    if ! said=$("$@" 2>&1); then
        failed=$((failed + 1))
        printf '%s\n  failed: %s\n%s\n' "$sentence" "$*" "$said"
    fi
}

# The exit code of the test: 0 when everything held.
conclude_checks() {
    echo "$checks checks, $failed failed"
    [[ $failed -eq 0 && $checks -gt 0 ]]
}
