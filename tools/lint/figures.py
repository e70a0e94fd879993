#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables of figures in Markdown files, made by the scenarios they quote.

    figures.py PROGRAM            exit 1 when a table is not what its scenarios say now
    figures.py PROGRAM --write    renews the tables

A table stands between `<!-- figures: FILE.json ... -->` and `<!-- end of figures -->`; the files are
named as seen from the Markdown file. It has a row per cell: scenario, levels, trials, and the share
that connected with its interval, in the words and decimals of `punchlab run`.

Between `<!-- choices: TRIALS FILE.json ... -->` and `<!-- end of choices -->` stands what scenarios with a
"tradeoff" say to use, in each cell of their other factors (or the only one), with so many trials: the best level,
how much less it costs than the baseline, and the harm of both.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import lint  # noqa: E402

TABLE = re.compile(r"(<!-- (figures|choices): ([^>]+?) -->\n)(.*?)(<!-- end of \2 -->)", re.S)
SECONDS_MAX = 120
SHARE = "connected [95 %]"
HEAD = "| scenario | cell | trials | connected [95 %] |\n|---|---|--:|---|\n"


CHOICES = ("| scenario | cell | use | cost of it | less than {0} | harm of it | of {0} |\n"
           "|---|---|---|--:|--:|--:|--:|\n")


def cut(line):
    """`run` keeps two blanks or more between columns, and one within them."""
    return re.split(r" {2,}", line.strip())


def cells(program, path):
    """(levels in words, trials, share) of each cell of a scenario."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([program, "run", path, "--out", os.path.join(folder, "run")],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=SECONDS_MAX, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{path}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    table = done.stdout.split("\n\n", 1)[0].strip("\n").split("\n")
    names = cut(table[0])
    trials, share = names.index("n"), names.index(SHARE)
    for line in table[1:]:
        row = cut(line)
        if len(row) != len(names):
            raise RuntimeError(f"{path}: a row of {len(row)} columns under {len(names)}:\n{line}")
        levels = (f"{name} {level}" for name, level in zip(names[1:trials], row[1:trials]))
        yield ", ".join(levels), row[trials], row[share]


def run_json(program, path, trials):
    """What a run with so many trials says; that they do not decide an expectation is no failure."""
    with tempfile.TemporaryDirectory() as folder:
        said = os.path.join(folder, "said.json")
        subprocess.run([program, "run", path, "--trials", trials, "--allow-inconclusive", "--quiet", "--json", said,
                        "--out", os.path.join(folder, "run")], stdin=subprocess.DEVNULL, capture_output=True,
                       timeout=SECONDS_MAX, check=False)
        with open(said, encoding="utf-8") as file:
            return json.load(file)


def rounded(number):
    """Three significant digits, or whole."""
    if number is None:
        return "never"
    return f"{number:.0f}" if abs(number) >= 100 or number == 0 else f"{number:.3g}"


def choices(program, path, trials):
    """Rows of (cell in words, best level, its cost, how much less that is, its harm, the baseline's harm)."""
    tradeoff = run_json(program, path, trials)["tradeoff"]
    tables = tradeoff["tables"]
    for table in tables[1:] or tables:
        levels = {level["level"]: level for level in table["levels"]}
        best, base = levels[table["best"]], levels[tradeoff["baseline"]]
        less = "-" if best is base else f"{100 - 100 * best['cost_ratio']['value']:.0f} %"
        words = ", ".join(f"{name} {level}" for name, level in table["factors"].items())
        yield (words or "-", table["best"], rounded(best["cost"]["value"]), less,
               rounded(best["harm"]["value"]), rounded(base["harm"]["value"]))


def make_choices(program, folder, words):
    """The same for what to use."""
    text = CHOICES.format("agreed-15")
    for name in words[1:]:
        label = os.path.splitext(os.path.basename(name))[0]
        for row in choices(program, os.path.join(folder, name), words[0]):
            text += f"| [{label}]({name}) | " + " | ".join(row) + " |\n"
    return text


def make(program, folder, kind, files):
    """The text between the two marks."""
    if kind == "choices":
        return make_choices(program, folder, files)
    text = HEAD
    for name in files:
        label = os.path.splitext(os.path.basename(name))[0]
        for levels, trials, share in cells(program, os.path.join(folder, name)):
            text += f"| [{label}]({name}) | {levels} | {trials} | {share} |\n"
    return text


def main(arguments):
    if not arguments or arguments[1:] not in ([], ["--write"]):
        print(__doc__, file=sys.stderr)
        return 2
    program, complaints, count = os.path.abspath(arguments[0]), [], 0
    for path in lint.Tree().matching(".md"):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        renewed = text
        for found in TABLE.finditer(text):
            count += 1
            made = make(program, os.path.dirname(path), found.group(2), found.group(3).split())
            was, now = found.group(4).split("\n"), made.split("\n")
            line = lint.line_of(text, found.start(4))
            complaints += [f"{path}:{line}: is not in the runs: {row}" for row in was if row not in now]
            complaints += [f"{path}:{line}: is missing: {row}" for row in now if row not in was]
            if was != now and not complaints:
                complaints.append(f"{path}:{line}: the rows are in another order")
            renewed = renewed.replace(found.group(0), found.group(1) + made + found.group(5))
        if renewed != text and arguments[1:] == ["--write"]:
            with open(path, "w", encoding="utf-8") as file:
                file.write(renewed)
    if arguments[1:] == ["--write"]:
        complaints = []
    elif complaints:
        complaints.append(f"renew: tools/lint/figures.py {arguments[0]} --write")
    print("\n".join(complaints + [f"{count} tables"]))
    return 1 if complaints or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
