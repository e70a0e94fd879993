#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The project's rules about its own text. Each rule is a function that takes a Tree and yields
complaints "file:line: what"; `lint.py RULE` runs one of them over the source tree and exits 1 when it
complains. canary.py shows that each of them can.

A Tree is only a list of paths and a way to read them, so that the canary can hand in bad ones.
"""
import os
import re
import subprocess
import sys

TOP = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md",
       "core", "nat_models", "results", "scenarios", "sim", "tools"}

# Each module may include only what is left of it.
MODULES = {
    "core/base": [],
    "nat_models": ["core/base"],
    "core": ["core/base"],
    "core/lab": ["core/base", "core"],
    "core/posix": ["core/base", "core"],
    "sim": ["core/base", "core", "nat_models", "core/lab"],
    "tools": ["core/base", "core", "nat_models", "core/lab", "core/posix", "sim"],
}

LIBC = set("""assert.h ctype.h errno.h float.h inttypes.h iso646.h limits.h locale.h math.h setjmp.h
signal.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h stdnoreturn.h
string.h""".split())  # C11 §7 without threads.h, time.h
# Modules that must run in any world: only libc, and the one library they were given.
SYSTEM = {"core/base": LIBC, "nat_models": LIBC, "core": LIBC | {"sodium.h"}, "core/lab": LIBC,
          "sim": LIBC | {"cjson/cJSON.h", "sys/mman.h"}}

BANNED = set("""time clock_gettime gettimeofday rand srand random getenv sleep usleep nanosleep printf
exit _exit system popen localtime gmtime strtok sprintf vsprintf strcpy strcat atoi atol atof gets""".split())
ALLOCATORS = set("malloc calloc realloc free strdup strndup alloca".split())
PURE = ("core/base/", "core/", "nat_models/", "sim/")  # where BANNED holds
OUTSIDE = ("core/posix/", "sim/backends/ns3/", "sim/backends/netns/")  # and where it does not

FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 70
PARAMETERS_MAX = 6
COLUMNS_MAX = 100


class Tree:
    """Paths relative to the top, and their text."""

    def __init__(self, texts=None):
        self._texts = texts
        self.paths = sorted(texts) if texts is not None else tracked()

    def read(self, path):
        if self._texts is not None:
            return self._texts[path]
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def matching(self, *endings):
        return [path for path in self.paths if path.endswith(endings)]


def tracked():
    """Tracked files and new ones that are not ignored; every file where there is no git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        paths = listing.splitlines()
    except (OSError, subprocess.CalledProcessError):
        paths = [os.path.join(folder, name)[2:] for folder, _, names in os.walk(".") for name in names]
        paths = [path for path in paths if not path.startswith((".git/", ".build/", "results/runs/"))]
    return sorted(path for path in paths if os.path.isfile(path))


def module_of(path):
    """The longest module that is a prefix of the path, or None."""
    names = [name for name in MODULES if path.startswith(name + "/")]
    return max(names, key=len, default=None)


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def without_comments(text, strings=True):
    """The C text with comments (and with strings=True, literals' contents) blanked; same lines."""
    literal = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\''
    comment = r"/\*.*?\*/|//[^\n]*"

    def replace(match):
        if match.group(0)[0] in "\"'" and not strings:
            return match.group(0)
        return blank(match)

    return re.sub(f"{comment}|{literal}", replace, text, flags=re.S)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def banned(tree):
    """Functions that bring in clocks, global state, unbounded copies or an end of the process."""
    for path in tree.matching(".c", ".h"):
        if not path.startswith(PURE) or path.startswith(OUTSIDE) or "/tests/" in path:
            continue
        text = without_comments(tree.read(path))
        words = BANNED | (ALLOCATORS if path.startswith(("core/", "nat_models/")) else set())
        for match in re.finditer(r"(?<![\w.>])(\w+)\s*\(", text):
            if match.group(1) in words:
                yield f"{path}:{line_of(text, match.start())}: {match.group(1)}() is banned here"


def globals(tree):
    """Function-static variables and file variables that are not const. (objects.py looks again, at
    the compiled sections.)"""
    for path in tree.matching(".c", ".h"):
        if not path.startswith(PURE) or "/tests/" in path:
            continue
        text = without_comments(tree.read(path))
        for match in re.finditer(r"^( *)static\b(?! inline\b)([^;{(]*)([;={(\[])", text, flags=re.M):
            declaration = match.group(2)
            is_function = match.group(3) == "(" and not match.group(1)
            if not is_function and not re.search(r"\bconst\b", declaration):
                yield (f"{path}:{line_of(text, match.start())}: a variable that outlives its function; "
                       "only constant tables may")


def includes(tree):
    """Module borders, from the #include lines; private headers are looked for as the compiler does."""
    known = set(tree.paths)
    for path in tree.matching(".c", ".h"):
        module = module_of(path)
        if module is None:
            continue
        text = without_comments(tree.read(path), strings=False)
        for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)', text, flags=re.M):
            where = f"{path}:{line_of(text, match.start())}"
            name = match.group(2)
            if match.group(1) == "<":
                yield from system_include(where, path, module, name)
                continue
            target = resolve(path, module, name, known)
            if target is None:
                yield f'{where}: "{name}" is not a header of {module} or of a module left of it'
                continue
            owner = module_of(target)
            in_tests = "/tests/" in path
            if owner != module and owner not in MODULES[module]:
                yield f'{where}: {module} may not include "{name}" of {owner}'
            elif owner != module and "/include/" not in target and not (in_tests and "/tests/" in target):
                yield f'{where}: "{name}" is private to {owner}'


def system_include(where, path, module, name):
    if module in SYSTEM and not path.startswith(OUTSIDE) and "/tests/" not in path:
        if name not in SYSTEM[module]:
            yield f"{where}: <{name}> is not for {module}: libc only, beside its one library"


def resolve(path, module, name, known):
    places = [os.path.dirname(path), f"{module}/src"]
    places += [f"{other}/{part}" for part in ("include", "tests", "src") for other in [module, *MODULES]]
    for place in places:
        candidate = os.path.normpath(os.path.join(place, name))
        if candidate in known:
            return candidate
    return None


def functions(text):
    """(name, first line, lines, parameter count) of each function body, in clang-formatted C: it opens
    with '{' at the end of a line that began in column 0 and closes with '}' in column 0."""
    lines = text.split("\n")
    start = None
    for number, line in enumerate(lines):
        if line.startswith("}"):
            start = None
        if start is None and re.match(r"[A-Za-z_]", line):
            start = number
        if line.endswith(";"):
            start = None
        if start is None or not line.endswith("{"):
            continue
        head = " ".join(lines[start:number + 1])
        signature = re.match(r"(?!typedef|struct|union|enum\b|extern \")[\w\s*]*?(\w+)\((.*)\) \{$", head)
        if signature and "=" not in head.split("(")[0]:
            end = next((n for n in range(number, len(lines)) if lines[n].startswith("}")), len(lines) - 1)
            inner = re.sub(r"\([^()]*\)", "", signature.group(2))
            yield signature.group(1), start + 1, end - start + 1, inner.count(",") + 1
        start = None


def length(tree):
    """Files, functions, parameter lists and lines that no longer fit one head."""
    for path in tree.matching(".c", ".h", ".py", ".sh", ".txt") + ["tools/punchlab", "tools/slurm-run", "tools/test", ".ci/run"]:
        if path not in tree.paths or path == "LICENSE":
            continue
        text = tree.read(path)
        count = text.count("\n")
        if count > FILE_LINES_MAX:
            yield f"{path}:1: {count} lines; {FILE_LINES_MAX} are the limit: which two concepts are in it?"
        if not path.endswith((".c", ".h")):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if len(line) > COLUMNS_MAX and "http" not in line:
                yield f"{path}:{number}: {len(line)} columns; {COLUMNS_MAX} are the limit"
        for name, line, lines, parameters in functions(without_comments(text)):
            if lines > FUNCTION_LINES_MAX:
                yield f"{path}:{line}: {name} has {lines} lines; {FUNCTION_LINES_MAX} are the limit"
            if parameters > PARAMETERS_MAX:
                yield f"{path}:{line}: {name} has {parameters} parameters; {PARAMETERS_MAX} are the limit"


def spdx(tree):
    """The licence on the first line (the second, behind #!), as LICENSE divides the tree."""
    for path in tree.paths:
        name = os.path.basename(path)
        if not path.endswith((".c", ".h", ".py", ".sh", ".yml")) and name != "CMakeLists.txt" \
                and path not in ("tools/punchlab", "tools/slurm-run", "tools/test", ".ci/run", "tools/packages.txt"):
            continue
        lines = tree.read(path).split("\n")
        first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
        gpl = path.startswith(("sim/", "scenarios/", "results/", "tools/"))
        licence = "GPL-2.0-or-later" if gpl else "MIT"
        if not re.fullmatch(rf"(/\*|#) SPDX-License-Identifier: {re.escape(licence)}( \*/)?", first):
            yield f"{path}:1: the first line must be SPDX-License-Identifier: {licence}"


# What a reader of the sources cannot follow: half-done work, tracker numbers, one machine's folders.
LEFT_OVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\bnot (yet )?implemented\b", re.I)
OUTSIDE_WORLD = re.compile(r"\bissues? ?#\d+|\bissues/\d+\b|(?<![\w.~-])/(?:home|root|work|Users)/\w"
                           r"|\.\./shared\b")
DOCUMENT = re.compile(r"(?<![\w:/.*{%<-])((?:[\w-]+/)*[\w-]+\.md)\b")
MADE_AT_RUN_TIME = {"compare.md", "index.md", "report.md"}


def words(tree):
    """Left-overs, and words that mean nothing outside the place where they were written."""
    names = {os.path.basename(path) for path in tree.paths}
    for path in tree.paths:
        if path.startswith("tools/lint/") or path == "LICENSE" or not is_text(path):
            continue
        for number, line in enumerate(tree.read(path).split("\n"), 1):
            for rule, why in ((LEFT_OVER, "left over"), (OUTSIDE_WORLD, "means nothing to a reader")):
                match = rule.search(line)
                if match and "://" not in line[max(0, match.start() - 60):match.start()]:
                    yield f'{path}:{number}: "{match.group(0)}": {why}'
            if path.endswith((".c", ".h", ".md", ".txt", ".py", ".json")):
                for match in DOCUMENT.finditer(line):
                    name = os.path.basename(match.group(1))
                    if name not in names and name not in MADE_AT_RUN_TIME and "://" not in line:
                        yield f"{path}:{number}: {match.group(1)}: there is no such file here"


def is_text(path):
    return path.endswith((".c", ".h", ".md", ".txt", ".py", ".sh", ".json", ".yml", ".gp", ".cmake")) \
        or path in ("tools/punchlab", "tools/slurm-run", "tools/test", ".ci/run", ".clang-tidy", ".clang-format")


def layout(tree):
    """The top level is a promise: nothing beside the list, dot-files apart."""
    for name in sorted({path.split("/")[0] for path in tree.paths}):
        if name not in TOP and not name.startswith("."):
            yield f"{name}:1: does not belong at the top level ({', '.join(sorted(TOP))})"


def links(tree):
    """Links of Markdown files lead somewhere, and programs named in their console blocks exist."""
    folders = {os.path.dirname(path) for path in tree.paths}
    folders |= {folder[:at] for folder in folders for at in range(len(folder)) if folder[at] == "/"}
    known = set(tree.paths) | folders
    for path in tree.matching(".md"):
        text = tree.read(path)
        prose = re.sub(r"^```.*?^```", blank, text, flags=re.S | re.M)
        for match in re.finditer(r"\]\(([^)\s]+)\)", prose):
            target = match.group(1).split("#")[0]
            if target == "" or "://" in target or target.startswith("mailto:"):
                continue
            if os.path.normpath(os.path.join(os.path.dirname(path), target)).rstrip("/") not in known:
                yield f"{path}:{line_of(text, match.start())}: {target}: the link leads nowhere"
        for match in re.finditer(r"^\$ (?:\w+=\S+ )*((?:\./)?(?:tools|\.ci)/[\w./-]+)(.*)$", text, flags=re.M):
            for word in [match.group(1)] + re.findall(r"\bscenarios/[\w./-]+", match.group(2)):
                if word.removeprefix("./") not in known:
                    yield f"{path}:{line_of(text, match.start())}: {word}: there is no such file"


RULES = {rule.__name__: rule for rule in (banned, globals, includes, length, spdx, words, layout, links)}


def main(arguments):
    if len(arguments) != 1 or arguments[0] not in RULES:
        print(f"usage: lint.py {'|'.join(RULES)}", file=sys.stderr)
        return 2
    tree = Tree()
    complaints = list(RULES[arguments[0]](tree))
    for complaint in complaints:
        print(complaint)
    print(f"{len(tree.paths)} files, {len(complaints)} complaints")
    return 1 if complaints or not tree.paths else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main(sys.argv[1:]))
