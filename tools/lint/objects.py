#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules about compiled code, read with binutils.

  --no-writable-data LIBRARY...   no variable survives outside the caller's memory: the sections for
                                  writable data are empty (constant tables live in read-only ones)
  --libpunch LIBRARY...           the core stays embeddable: at most 7,000 lines of code (blank lines
                                  and comments not counted), 800 more in the base that it shares with
                                  everything else, and 100 KB of text
"""
import glob
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import lint  # noqa: E402

WRITABLE = re.compile(r"\.(data|bss|tdata|tbss)(\.(?!rel\.ro)[\w.]+)?$|\*COM\*$")
LINES_MAX = {"core": 7000, "core/base": 800}
LIBPUNCH_TEXT_BYTES_MAX = 100 * 1000


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def writable(library):
    """(object file, symbol, bytes) of every writable variable in the archive."""
    member = library
    for line in output("objdump", "-t", library).splitlines():
        if re.match(r"\S+:\s+file format", line):
            member = line.split(":")[0]
        # value, seven flag characters ('O' = object), section, size, name
        match = re.match(r"[0-9a-f]+ (.{7}) (\S+)\s+([0-9a-f]+) (?:\.hidden )?(.+)$", line)
        if match and "O" in match.group(1) and WRITABLE.match(match.group(2)):
            yield member, match.group(4), int(match.group(3), 16)


def no_writable_data(libraries):
    found = [(library, *entry) for library in libraries for entry in writable(library)]
    for library, member, symbol, size in found:
        print(f"{library}({member}): {symbol}: {size} bytes of writable data; only constants may be global")
    print(f"{len(libraries)} libraries, {len(found)} writable variables")
    return not found


def lines_of(module):
    """(lines of code, all lines) of the headers and sources of a module."""
    lines = all_lines = 0
    for pattern in ("include/punch/*.h", "src/*.[ch]"):
        for path in glob.glob(f"{module}/{pattern}"):
            with open(path, encoding="utf-8") as file:
                source = file.read()
            all_lines += source.count("\n")
            code = lint.without_comments(source, strings=False)
            lines += sum(1 for line in code.split("\n") if line.strip())
    return lines, all_lines


def libpunch(libraries):
    good = True
    for module, most in LINES_MAX.items():
        lines, all_lines = lines_of(module)
        good = good and 0 < lines <= most
        print(f"{module}: {lines} lines of code of {most} at most ({all_lines} with comments)")
    text = sum(int(row.split()[0]) for library in libraries
               for row in output("size", "-B", library).splitlines()[1:])
    print(f"libpunch: {text} bytes of text of {LIBPUNCH_TEXT_BYTES_MAX} at most")
    return good and 0 < text <= LIBPUNCH_TEXT_BYTES_MAX


def main(arguments):
    rules = {"--no-writable-data": no_writable_data, "--libpunch": libpunch}
    if len(arguments) < 2 or arguments[0] not in rules:
        print(__doc__, file=sys.stderr)
        return 2
    return 0 if rules[arguments[0]](arguments[1:]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
