#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the examples in README files and compares what they print.

An example is a fenced block behind the line `<!-- example -->` (exit code 0 expected) or
`<!-- example: exit 2 -->`. Its lines that begin with "$ " are commands; the lines behind one are what
it prints. stdout and stderr are compared apart, so a line must come in order within its own stream;
`...` stands for any lines left out. Times, rates, versions and commits are not compared.

`tools/punchlab` in a command is the program given on the command line; commands run in a folder that
looks like the source tree, so that results do not land in it.
"""
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import lint  # noqa: E402

EXAMPLE = re.compile(r"^<!-- example(?:: exit (\d+))? -->\n+```\w*\n(.*?)^```", re.S | re.M)
SECONDS_MAX = 120

# What differs from run to run or machine to machine.
VARIES = [
    (re.compile(r"\(([0-9a-f]{7,40}(-dirty(-[0-9a-f]+)?)?|unknown)\)"), "(<commit>)"),
    (re.compile(r"\b\d+\.\d+\.\d+\b"), "<version>"),
    (re.compile(r"[\d.,]+ ?(k|M|G)?(trials|events|packets)/s"), "<rate>"),
    (re.compile(r"\b(in|after|took|eta) [\d.,:]+ ?(h|min|s|ms|us)?\b"), r"\1 <time>"),
    (re.compile(r"\b\d+ (threads|jobs|workers|cores)\b"), r"<n> \1"),
]


def normal(line):
    for pattern, replacement in VARIES:
        line = pattern.sub(replacement, line)
    return re.sub(r"\s+", " ", line).strip()


def examples(text):
    """(line, command, expected lines, exit code) of each command in the marked blocks."""
    for block in EXAMPLE.finditer(text):
        code = int(block.group(1) or 0)
        line = lint.line_of(text, block.start(2))
        command, expected, at = None, [], line
        for number, row in enumerate(block.group(2).rstrip("\n").split("\n"), line):
            if row.startswith("$ "):
                if command is not None:
                    yield at, command, expected, code
                command, expected, at = row[2:], [], number
            elif command is not None:
                expected.append(row)
        if command is not None:
            yield at, command, expected, code


def first_difference(expected, streams):
    """The first expected line that neither stream prints behind what was found already, or None."""
    rows = [[normal(row) for row in stream.split("\n")] for stream in streams]
    at = [0 for _ in rows]
    for line in expected:
        wanted = normal(line)
        if wanted in ("", "...", "…"):
            continue
        for stream, printed in enumerate(rows):
            if wanted in printed[at[stream]:]:
                at[stream] = printed.index(wanted, at[stream]) + 1
                break
        else:
            return line
    return None


def scratch_tree(folder, program):
    """The source tree as links, but results/ and tools/punchlab of its own."""
    for name in os.listdir("."):
        if name not in (".build", ".git", "results", "tools"):
            os.symlink(os.path.abspath(name), os.path.join(folder, name))
    os.makedirs(os.path.join(folder, "results"))
    os.makedirs(os.path.join(folder, "tools"))
    for top in ("results", "tools"):
        for name in os.listdir(top) if os.path.isdir(top) else []:
            if (top, name) not in (("results", "runs"), ("tools", "punchlab")):
                os.symlink(os.path.abspath(os.path.join(top, name)), os.path.join(folder, top, name))
    launcher = os.path.join(folder, "tools", "punchlab")
    with open(launcher, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nPUNCHLAB_AS="$0" exec "{program}" "$@"\n')
    os.chmod(launcher, 0o755)


def run(where, command, expected, code, folder):
    """Complaints about one example."""
    try:
        done = subprocess.run(["bash", "-c", command], cwd=folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    except subprocess.TimeoutExpired:
        return [f"{where}: $ {command}: not done after {SECONDS_MAX} s"]
    complaints = []
    if done.returncode != code:
        complaints.append(f"{where}: $ {command}: expected exit {code}, got {done.returncode}")
    missing = first_difference(expected, (done.stdout, done.stderr))
    if missing is not None:
        complaints.append(f"{where}: $ {command}: expected the line\n  {missing}")
    if complaints:
        complaints.append(f"it printed:\n{done.stdout}{done.stderr}")
    return complaints


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    complaints, count = [], 0
    with tempfile.TemporaryDirectory() as folder:
        scratch_tree(folder, os.path.abspath(arguments[0]))
        for path in lint.Tree().matching(".md"):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            for line, command, expected, code in examples(text):
                count += 1
                complaints += run(f"{path}:{line}", command, expected, code, folder)
    print("\n".join(complaints + [f"{count} examples"]))
    if count == 0:
        print("nothing to run: no README has a marked example yet")
        return 77
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
