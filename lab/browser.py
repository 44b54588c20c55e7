# SPDX-License-Identifier: Apache-2.0
"""Chromium, headless, in secure mode: it resolves by DNS over HTTPS or not at all.

    text, said = page(node, where, "http://page.home.example/")     # the document as the browser made it, its log

The policy is a managed one (DnsOverHttpsMode `secure`, DnsOverHttpsTemplates), as an owner of a fleet sets it; the
authority goes into the browser's NSS store with certutil. Chromium with all it needs is 600 MB unpacked, so it lives in a
folder of its own, build/browser-peers, and comes there by `fetch`.
"""

import json
import os
import shutil
import subprocess

import rooted
from servers import write
from spaces import RUN, TOP, LabError

FOLDER = os.environ.get("WEIR_BROWSER_PEERS", os.path.join(TOP, "build", "browser-peers"))
PROGRAM = "/usr/lib/chromium/chromium"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-features=HttpsUpgrades",
         "--no-first-run", "--no-proxy-server", "--enable-logging=stderr", "--log-level=1", "--timeout=20000",
         "--dump-dom"]


def fetch():
    """Get Chromium where it is not there yet; outside of namespaces, where there is a network."""
    environment = {**os.environ, "WEIR_PEERS": FOLDER}
    done = subprocess.run([os.path.join(TOP, "tools", "peers.sh"), "chromium", "libnss3-tools"], env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(f"Chromium cannot be fetched: {done.stderr.strip()[-200:]}")


def page(node, where, url, name="chromium"):
    """What the browser makes of a page, None when it ended badly; and its log."""
    home = os.path.join(RUN, f"{name}.{node.name}")
    shutil.rmtree(home, ignore_errors=True)
    store = os.path.join(home, ".pki", "nssdb")
    os.makedirs(store)
    policy = write(os.path.join(home, "policy.json"), json.dumps(
        {"DnsOverHttpsMode": "secure", "DnsOverHttpsTemplates": f"https://{where.literal}{where.path}{{?dns}}"}))
    for words in (["-N", "--empty-password"], ["-A", "-n", "lab", "-t", "C,,", "-i", where.ca]):
        node.run(rooted.command("/usr/bin/certutil", "-d", f"sql:{store}", *words, peers=FOLDER))
    files = {"/etc/chromium/policies/managed/lab.json": policy}
    argv = rooted.command(PROGRAM, *FLAGS, f"--user-data-dir={home}/data", url, peers=FOLDER, files=files)
    done = node.run(argv, check=False, env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home}, timeout=90)
    return (done.stdout if done.returncode == 0 else None), done.stderr
