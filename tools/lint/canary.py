#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Shows that each rule of lint.py can fail, and does not where it must not: a table of small trees."""
import sys

sys.dont_write_bytecode = True
import lint  # noqa: E402

MIT = "/* SPDX-License-Identifier: MIT */\n"
GPL = "/* SPDX-License-Identifier: GPL-2.0-or-later */\n"
LONG_BODY = "static int f(int a) {\n" + "    a++;\n" * 68 + "    return a;\n}\n"  # 71 lines

# rule, sentence, files, complaints expected
ROWS = [
    ("banned", "a clock in core", {"core/src/a.c": MIT + "void f(void) { time(0); }\n"}, 1),
    ("banned", "malloc in nat_models", {"nat_models/src/a.c": "int *p(void) { return malloc(1); }\n"}, 1),
    ("banned", "malloc in sim is allowed at creation", {"sim/src/a.c": "x = malloc(1);\n"}, 0),
    ("banned", "printf in tools is allowed", {"tools/src/a.c": "printf(\"x\");\n"}, 0),
    ("banned", "a word in a comment or a string", {"core/src/a.c": "/* time(0) */ f(\"exit(1)\");\n"}, 0),
    ("banned", "a member called like a banned function", {"core/src/a.c": "port->random(host);\n"}, 0),
    ("banned", "sockets of core/posix need more", {"core/posix/src/a.c": "clock_gettime(1, 0);\n"}, 0),
    ("globals", "a counter at file level", {"core/src/a.c": "static int count = 0;\n"}, 1),
    ("globals", "a counter in a function", {"sim/src/a.c": "int f(void) {\n    static int n;\n}\n"}, 1),
    ("globals", "a constant table", {"core/src/a.c": "static const int a[] = {1};\n"}, 0),
    ("globals", "a static function", {"core/src/a.c": "static int f(int a) {\n}\n"}, 0),
    ("includes", "core includes nat", {"core/src/a.c": "#include \"nat/nat.h\"\n",
                                       "nat_models/include/nat/nat.h": ""}, 1),
    ("includes", "sim includes core", {"sim/src/a.c": "#include \"punch/peer.h\"\n",
                                       "core/include/punch/peer.h": ""}, 0),
    ("includes", "sim includes a private header of core", {"sim/src/a.c": "#include \"wire_x.h\"\n",
                                                           "core/src/wire_x.h": ""}, 1),
    ("includes", "a header nobody has", {"sim/src/a.c": "#include \"nobody.h\"\n"}, 1),
    ("includes", "sockets in sim", {"sim/src/a.c": "#include <sys/socket.h>\n"}, 1),
    ("includes", "libsodium in nat_models", {"nat_models/src/a.c": "#include <sodium.h>\n"}, 1),
    ("includes", "libsodium in core", {"core/src/a.c": "#include <sodium.h>\n"}, 0),
    ("includes", "the test support in any test", {"sim/tests/a.c": "#include \"punch_test.h\"\n",
                                                  "core/base/tests/punch_test.h": ""}, 0),
    ("includes", "test support outside tests", {"sim/src/a.c": "#include \"punch_test.h\"\n",
                                                "core/base/tests/punch_test.h": ""}, 1),
    ("length", "801 lines", {"core/src/a.c": "\n" * 801}, 1),
    ("length", "800 lines", {"core/src/a.c": "\n" * 800}, 0),
    ("length", "a function of 71 lines", {"core/src/a.c": LONG_BODY}, 1),
    ("length", "a function of 70 lines", {"core/src/a.c": LONG_BODY.replace("    a++;\n", "", 1)}, 0),
    ("length", "seven parameters", {"core/src/a.c": "int f(int a, int b, int c,\n      int d, int e, int f,"
                                    " int g) {\n}\n"}, 1),
    ("length", "six, one a function", {"core/src/a.c": "int f(int a, int b, int c, int d, int e,\n"
                                       "      int (*g)(int, int)) {\n}\n"}, 0),
    ("length", "a prototype and a static assertion before a function",
     {"core/src/a.c": "int f(int,\n      int);\n_Static_assert(a(1, 2, 3) == b(4, 5, 6),\n    \"x\");\nint g(void) {\n}\n"},
     0),
    ("length", "101 columns", {"core/src/a.c": "x" * 101 + "\n"}, 1),
    ("spdx", "no licence", {"core/src/a.c": "int a;\n"}, 1),
    ("spdx", "the other licence", {"core/src/a.c": GPL}, 1),
    ("spdx", "the right ones", {"core/src/a.c": MIT, "sim/src/a.c": GPL,
                                "tools/a.py": "#!x\n# SPDX-License-Identifier: GPL-2.0-or-later\n"}, 0),
    ("words", "half done", {"core/src/a.c": "/* TO" "DO: more */\n"}, 1),
    ("words", "a tracker number", {"README.md": "see issue #12\n"}, 1),
    ("words", "a folder of one machine", {"README.md": "cd /home/ann/x\n"}, 1),
    ("words", "a document that is not here", {"core/src/a.c": "/* see design_x.md */\n"}, 1),
    ("words", "a document that is here", {"core/README.md": "", "core/src/a.c": "/* core/README.md */\n"}, 0),
    ("layout", "a new folder", {"docs/a.md": ""}, 1),
    ("layout", "the promised ones", {"core/a.c": "", ".ci/run": "", "README.md": ""}, 0),
    ("links", "nowhere", {"README.md": "[a](core/none.c)\n"}, 1),
    ("links", "somewhere", {"README.md": "[a](core/a.c#L1) [b](https://a.b/c) [d](core)\n", "core/a.c": ""}, 0),
    ("links", "a command that is not here", {"README.md": "```\n$ tools/none x\n```\n"}, 1),
    ("links", "a scenario that is not here", {"README.md": "```\n$ tools/a run scenarios/b.json\n```\n",
                                              "tools/a": ""}, 1),
]


def main():
    failed = 0
    for rule, sentence, files, expected in ROWS:
        complaints = list(lint.RULES[rule](lint.Tree(files)))
        if len(complaints) != expected:
            failed += 1
            print(f"{rule}: {sentence}: expected {expected} complaints, got {complaints}")
    untested = set(lint.RULES) - {row[0] for row in ROWS if row[3] > 0}
    for rule in sorted(untested):
        failed += 1
        print(f"{rule}: no row shows that it can fail")
    print(f"{len(ROWS)} rows, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
