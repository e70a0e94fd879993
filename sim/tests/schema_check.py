#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Validates every scenario against scenarios/schema.json, and that wrong ones do not pass.

usage: schema_check.py SCENARIOS_DIRECTORY      exit 77: python3-jsonschema is not installed
"""
import copy
import glob
import json
import os
import sys

try:
    import jsonschema

    Validator = jsonschema.Draft202012Validator
except (ImportError, AttributeError):
    print("skipped: python3-jsonschema with draft 2020-12 is not installed")
    sys.exit(77)

GOOD = {
    "name": "x",
    "nat": {"home": {"preset": "linux-masquerade", "mapping": "EIM"}},
    "link": {"dsl": {"delay": "10ms", "up": {"loss": 0.02}}},
    "peers": {"a": {"nat": "home", "link": "dsl"}, "b": {"nat": "none", "keepalive": ["seed"]}},
    "populations": {"p": {"source": "s", "classes": [{"share": "100%", "mapping": "ADM"}]},
                    "q": {"source": "s", "classes": [{"share": "100%", "population": "p", "without": ["0"]}]}},
    "timeline": [{"at": "1s", "do": "link-down", "on": "a"}],
    "factors": [{"name": "f", "set": "internet.loss", "levels": ["1%", {"label": "x", "value": 0.5}]}],
    "until": {"measure": "held", "half_width": "1%", "max_trials": 5000},
    "expect": [
        {"measure": "connected", "cell": {"f": ["1%", "x"]}, "exactly": "100%", "why": "so"},
        {"measure": "held", "cell": {"f": "x"}, "minus": {"f": "1%"}, "at_least": -0.01, "at_most": "3%"},
    ],
}

# What is changed, and to what: the schema must refuse each.
BAD = [
    (["nmae"], "y"),
    (["name"], "two words"),
    (["seed"], 1),
    (["limit"], "30"),
    (["limit"], "30sec"),
    (["limit"], "-1s"),
    (["limit"], {"uniform": ["1s", "2s"]}),
    (["same_site"], "true"),
    (["nat", "home", "mapping"], "EDM"),
    (["nat", "home", "preset"], "unheard-of"),
    (["nat", "home", "maping"], "EIM"),
    (["nat", "home", "port_min"], 0),
    (["nat", "a.b"], {}),
    (["link", "dsl", "loss"], "2 %"),
    (["link", "dsl", "loss"], 2),
    (["link", "dsl", "delay"], {"unifrom": ["1ms", "2ms"]}),
    (["link", "dsl", "delay"], {"uniform": ["1ms"]}),
    (["link", "dsl", "rate"], "1MB"),
    (["link", "dsl", "up", "up"], {}),
    (["peers", "c"], {}),
    (["peers", "a", "nat"], None),
    (["peers", "a", "nat"], {"population": 5}),
    (["peers", "b", "keepalive"], []),
    (["peers", "b", "keepalive"], ["seed", "seed"]),
    (["core"], {"fire_rule": "now"}),
    (["core"], {"backoff": 0.5}),
    (["populations", "p", "classes", 0, "share"], 0),
    (["populations", "p", "source"], 1),
    (["populations", "q", "classes", 0, "population"], 1),
    (["populations", "q", "classes", 0, "without"], "0"),
    (["populations", "q", "classes", 0, "mapping"], "EIM"),
    (["timeline", 0, "do"], "explode"),
    (["timeline", 0], {"do": "link-down", "on": "a"}),
    (["factors", 0, "levels"], []),
    (["factors", 0, "treatment"], "yes"),
    (["factors", 0, "levels", 1], {"label": "x"}),
    (["trials"], 100),
    (["until", "measure"], "hold"),
    (["until", "half_width"], True),
    (["until", "max_trials"], 0),
    (["until"], {"measure": "held"}),
    (["expect", 0, "measure"], "conected"),
    (["expect", 0, "at_least"], "99%"),
    (["expect", 0, "cell"], "x"),
    (["expect", 0, "cell", "f"], []),
    (["expect", 1, "over"], {"f": "1%"}),
    (["expect", 1], {"measure": "held"}),
    (["expect", 1], {"at_least": "1%"}),
]


# The same without "until", which excludes "trials".
FIXED = {key: value for key, value in GOOD.items() if key != "until"}
BAD_FIXED = [(["trials"], 0), (["trials"], "100")]


def changed(scenario, path, value):
    out = copy.deepcopy(scenario)
    at = out
    for key in path[:-1]:
        at = at.setdefault(key, {}) if isinstance(at, dict) else at[key]
    at[path[-1]] = value
    return out


def main():
    directory = sys.argv[1]
    with open(os.path.join(directory, "schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    Validator.check_schema(schema)
    validator = Validator(schema)
    failed = 0
    count = 0
    for path in sorted(sum((glob.glob(os.path.join(directory, at, "*.json")) for at in ("", "published")), [])):
        if os.path.basename(path) == "schema.json":
            continue
        with open(path, encoding="utf-8") as file:
            errors = list(validator.iter_errors(json.load(file)))
        count += 1
        for error in errors:
            failed += 1
            print(f"{path}: /{'/'.join(map(str, error.path))}: {error.message}")
    if not validator.is_valid(GOOD):
        failed += 1
        print("the good example does not pass:", next(validator.iter_errors(GOOD)).message)
    if not validator.is_valid(changed(FIXED, ["trials"], 100)):
        failed += 1
        print("the good example with trials does not pass")
    wrong = [(GOOD, *row) for row in BAD] + [(FIXED, *row) for row in BAD_FIXED]
    for base, path, value in wrong:
        if validator.is_valid(changed(base, path, value)):
            failed += 1
            print(f"/{'/'.join(map(str, path))} = {value!r}: expected a refusal, got none")
    print(f"{count} scenarios, {len(wrong)} wrong ones, {failed} failures")
    return 1 if failed or count == 0 else 0


sys.exit(main())
