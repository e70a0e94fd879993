#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""html_chromium.py REPORT_SAMPLE: a browser opens the report of 81 cells without a complaint on its console
and without a request; its script has run. Exit 77 when there is no Chromium."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

BYTES_MAX = 2_000_000
WAIT_S = 60


def browse(chromium, page, directory):
    """The page's elements after its script ran, the console's lines, and every address asked for."""
    log = os.path.join(directory, "net.json")
    # A browser as such talks to its maker; here it finds nobody, and only what the page asks for counts.
    command = [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
               "--no-first-run", "--disable-background-networking", "--disable-component-update",
               "--disable-sync", "--disable-extensions", "--disable-default-apps",
               "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
               f"--user-data-dir={directory}/profile", f"--log-net-log={log}",
               "--enable-logging=stderr", "--dump-dom", "file://" + page]
    said = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=WAIT_S,
                          stdin=subprocess.DEVNULL)
    console = [line for line in said.stderr.splitlines() if ":CONSOLE" in line]
    with open(log, encoding="utf-8") as file:
        text = file.read()
    try:
        events = json.loads(text)["events"]
    except ValueError:  # cut off where the browser ended
        events = [json.loads(line.rstrip(",")) for line in text.splitlines()[1:] if line.startswith('{"params"')]
    params = [event.get("params", {}) for event in events]
    asked = {what.get("url", "") for what in params if what.get("network_isolation_key", "").startswith("file://")}
    return said.stdout, console, sorted(url for url in asked if url.startswith(("http", "ws", "ftp")))


def complaints_about(page, chromium, directory):
    elements, console, asked = browse(chromium, page, directory)
    yield from (f"console: {line}" for line in console)
    yield from (f"asked for {url}" for url in asked)
    if len(re.findall(r'<article class="card"', elements)) != 81:
        yield "not 81 cells"
    if "<button" not in elements:
        yield "the script did not run"
    if os.path.getsize(page) >= BYTES_MAX:
        yield f"{os.path.getsize(page)} bytes, expected fewer than {BYTES_MAX}"


def main():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("skipped: chromium is missing (apt install chromium)")
        return 77
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([sys.argv[1], directory], check=True)
        page = os.path.join(directory, "many", "report.html")
        complaints = list(complaints_about(page, chromium, directory))
        # A browser that says nothing whatever happens would say nothing here.
        with open(page, encoding="utf-8") as file:
            text = file.read()
        bad = os.path.join(directory, "bad.html")
        with open(bad, "w", encoding="utf-8") as file:
            file.write(text.replace("</body>", '<img src="http://127.0.0.1:9/x.png"><script>nowhere()</script></body>')
                       .replace("default-src 'none'; ", "").replace("img-src data:; ", ""))
        found = list(complaints_about(bad, chromium, directory))
        if not any("nowhere" in what for what in found):
            complaints.append("a script's error was not noticed")
        if not any(what.startswith("asked for") for what in found):
            complaints.append("a request was not noticed")
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
