#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""report_junit.py REPORT_SAMPLE: junit.xml of made-up runs fits data/junit.xsd, counts what it holds, and
says in every failure what was found and how to repeat it. Exit 77 without xmllint (libxml2-utils)."""
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "junit.xsd")


def valid(paths):
    said = subprocess.run(["xmllint", "--noout", "--schema", SCHEMA, *paths], capture_output=True, text=True)
    return said.returncode == 0, said.stderr


def complaints_about(path):
    for suite in ElementTree.parse(path).getroot():
        cases = suite.findall("testcase")
        failed = [case for case in cases if case.find("failure") is not None]
        errors = [case for case in cases if case.find("error") is not None]
        names = [case.get("name") for case in cases]
        if int(suite.get("errors")) != len(errors) or (suite.get("name") == "absent") != (len(errors) == 1):
            yield f"errors of {suite.get('name')} are not what it holds"
        if int(suite.get("tests")) != len(cases) or int(suite.get("failures")) != len(failed):
            yield f"tests and failures of {suite.get('name')} are not what it holds"
        if len(set(names)) != len(names) and "beyond" not in path:
            twice = sorted(name for name in set(names) if names.count(name) > 1)
            yield f"two cases are called {twice[0]}"
        for case in failed:
            failure = case.find("failure")
            if failure.get("type") not in ("fail", "inconclusive", "partial"):
                yield f"a failure of type {failure.get('type')}"
            if failure.get("type") == "fail" and "punchlab replay " not in failure.text:
                yield f"no replay command in {case.get('name')}"


def main():
    if shutil.which("xmllint") is None:
        print("skipped: xmllint is missing (apt install libxml2-utils)")
        return 77
    complaints = []
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([sys.argv[1], directory], check=True)
        paths = sorted(glob.glob(directory + "/**/junit.xml", recursive=True))
        good, said = valid(paths)
        if not good:
            complaints.append(said)
        for path in paths:
            complaints += [f"{os.path.relpath(path, directory)}: {what}" for what in complaints_about(path)]
        # The schema must be able to refuse.
        with open(paths[0], encoding="utf-8") as file:
            text = file.read()
        for what, bad in (("a suite without its timestamp", text.replace(" timestamp=", " moment=")),
                          ("cases before properties", text.replace("properties>", "property>")),
                          ("a time that is none", text.replace(' time="0"', ' time="soon"'))):
            with open(os.path.join(directory, "bad.xml"), "w", encoding="utf-8") as file:
                file.write(bad)
            if valid([os.path.join(directory, "bad.xml")])[0]:
                complaints.append(f"the schema accepts {what}")
        print(f"{len(paths)} files")
    for complaint in complaints:
        print(complaint)
    return 1 if complaints or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
