#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""report_html.py REPORT_SAMPLE: the pages of made-up runs are well-formed, ask for nothing, lead nowhere
that is not there, keep the text of scenarios text, stay small, and can be read in light and dark."""
import glob
import os
import re
import subprocess
import sys
import tempfile
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "hr", "input"}
BYTES_MAX = 2_000_000  # of a page of 81 cells
MARKDOWN_BYTES_MAX = 65536  # GitHub's limit of a comment


class Page(HTMLParser):
    """Tags in balance, ids, references, and what a browser would fetch or run."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open = []
        self.ids = []
        self.fragments = []
        self.links = []
        self.complaints = []
        self.scripts = 0
        self.text = []

    def handle_starttag(self, tag, attributes):
        if len({name for name, _ in attributes}) != len(attributes):
            self.complaints.append(f"an attribute twice in <{tag}>")
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            elif name.startswith("on") or name == "style":
                self.complaints.append(f"an attribute {name} in <{tag}>")
            elif name in ("src", "srcset", "action", "data", "poster"):
                self.complaints.append(f"<{tag} {name}={value}> fetches")
            elif name in ("href", "xlink:href"):
                if value.startswith("#"):
                    self.fragments.append(value[1:])
                elif tag == "a":
                    self.links.append(value)
                elif value != "data:,":
                    self.complaints.append(f"<{tag} {name}={value}> fetches")
            elif name == "aria-labelledby":
                self.fragments.append(value)
        self.scripts += tag == "script"
        if tag in ("iframe", "object", "embed", "form", "base", "img"):
            self.complaints.append(f"<{tag}>")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.complaints.append(f"</{tag}> closes {self.open[-1:] or 'nothing'} at {self.getpos()}")
        elif self.open:
            self.open.pop()

    def handle_data(self, data):
        if self.open[-1:] not in (["script"], ["style"]):
            self.text.append(data)


def complaints_about(text):
    page = Page()
    page.feed(text)
    page.close()
    yield from page.complaints
    if page.open:
        yield f"never closed: {page.open}"
    if page.scripts != 1:
        yield f"{page.scripts} scripts, expected the page's own"
    if len(set(page.ids)) != len(page.ids):
        yield "an id twice"
    for fragment in sorted(set(page.fragments) - set(page.ids)):
        yield f"#{fragment} leads nowhere"
    outside = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", text, flags=re.S)
    if re.search(r"url\(|@import", text):
        yield "a style sheet that fetches"
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", outside):
        yield "a control character"
    if re.search(r"\b(nan|inf)\b", outside):
        yield "a number that is none"


def luminance(colour):
    """WCAG 2.1, relative luminance."""
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def poor_contrasts(text):
    blocks = re.findall(r":root \{(.*?)\}", text, flags=re.S)
    if len(blocks) != 2:
        yield "expected the colours of a light and of a dark page"
    for mode, block in zip(("light", "dark"), blocks):
        colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", block))
        wanted = [(name, "page", 4.5) for name in ("text", "quiet", "link", "pass", "fail", "open")]
        wanted += [(name, "box", 4.5) for name in ("text", "quiet")]
        wanted += [(f"c{i}", "page", 3.0) for i in range(9)] + [("other", "page", 3.0)]
        wanted += [("on-heat", f"h{i}", 4.5) for i in range(11)]
        for front, back, least in wanted:
            got = contrast(colours[front], colours[back])
            if got < least:
                yield f"{mode}: {front} on {back} is {got:.2f}:1, expected {least}:1"


def hostile_text_survives(text):
    """The text is there, as text."""
    page = Page()
    page.feed(text)
    shown = "".join(page.text)
    for piece in ("<script>alert(1)</script>\"'>", "]]>&amp;&#0;-->", "</title></style></svg>"):
        if piece not in shown:
            yield f"{piece} is not shown as it is"


# What must be noticed: a change to a good page, and a word of the complaint.
CANARIES = (
    ("</h1>", "", "closes"),
    ("<main>", "<main><script>1</script>", "scripts"),
    ("<main>", "<main><img src=x onerror=y>", "fetches"),
    ("<main>", "<main onclick=x>", "attribute onclick"),
    ("<main>", "<main id=grid>", "id twice"),
    ('id="cell-0"', 'id="cell-none"', "#cell-0 leads nowhere"),
    ("<main>", '<link rel="stylesheet" href="http://example.org/a.css"><main>', "fetches"),
    ("* { box-sizing", "* { background: url(x); box-sizing", "style sheet that fetches"),
    ("<main>", "<main>nan", "a number that is none"),
    ("--quiet: #575757", "--quiet: #bbbbbb", "light: quiet on page"),
)


def unnoticed(text):
    for good, bad, word in CANARIES:
        changed = text.replace(good, bad, 1)
        found = list(complaints_about(changed)) + list(poor_contrasts(changed))
        if changed == text or not any(word in what for what in found):
            yield f"'{good}' as '{bad}' was not noticed"


def main():
    complaints = []
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([sys.argv[1], directory], check=True)
        pages = sorted(glob.glob(directory + "/**/*.html", recursive=True))
        for path in pages:
            name = os.path.relpath(path, directory)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            found = list(complaints_about(text)) + list(poor_contrasts(text))
            if "hostile" in name:
                found += hostile_text_survives(text)
            if "six" in name:
                found += unnoticed(text)
            if "many" in name and len(text) >= BYTES_MAX:
                found.append(f"{len(text)} bytes, expected fewer than {BYTES_MAX}")
            complaints += [f"{name}: {what}" for what in found]
            print(f"{name}: {len(text)} bytes")
        for path in glob.glob(directory + "/**/*.md", recursive=True):
            if os.path.getsize(path) >= MARKDOWN_BYTES_MAX:
                complaints.append(f"{os.path.relpath(path, directory)}: {os.path.getsize(path)} bytes")
    for complaint in complaints:
        print(complaint)
    return 1 if complaints or not pages else 0


if __name__ == "__main__":
    sys.exit(main())
