#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The host is untouched: /etc, /run and the listening sockets are the same before and after a demo."""

import hashlib
import os
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LISTEN_STATES = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}


def etc():
    """path -> what it is: mode, owner and content."""
    found = {}
    for home, directories, files in os.walk("/etc"):
        for name in directories + files:
            path = os.path.join(home, name)
            try:
                status = os.lstat(path)
                content = os.readlink(path) if os.path.islink(path) else ""
                if os.path.isfile(path) and not os.path.islink(path):
                    with open(path, "rb") as file:
                        content = hashlib.sha256(file.read()).hexdigest()
            except OSError as why:
                content = f"unreadable: {why.errno}"
            found[path] = (status.st_mode, status.st_uid, status.st_gid, content)
    return found


def listening():
    """Every socket of the host that waits for others."""
    found = set()
    for table, state in LISTEN_STATES.items():
        try:
            with open(f"/proc/net/{table}") as file:
                rows = [line.split() for line in file.readlines()[1:]]
        except OSError:
            continue
        found |= {(table, row[1]) for row in rows if row[3] == state}
    return found


def run_places():
    """What a daemon or `ip netns` would leave in /run and /var."""
    places = ["/run", "/var/lib", "/var/cache", "/var/run/netns", "/etc/netns"]
    return {(place, name) for place in places if os.path.isdir(place) for name in os.listdir(place)}


def links():
    return set(os.listdir("/sys/class/net"))


def main():
    before = etc(), run_places(), links()
    sockets = listening()
    environment = {key: value for key, value in os.environ.items() if key not in ("STORY", "KEEP")}
    done = subprocess.run([os.path.join(TOP, "lab", "demo.py")], env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if "no namespaces here" in done.stderr or "is not built" in done.stderr:
        print(done.stderr.strip().splitlines()[-1])
        sys.exit(77)
    failed = 0
    checks = [("the demo holds", done.returncode == 0, (done.stdout + done.stderr)[-1500:])]
    after = etc(), run_places(), links()
    for name, old, new in zip(("/etc", "/run and /var/lib", "the network links"), before, after):
        old, new = (set(x.items()) if isinstance(x, dict) else x for x in (old, new))
        checks.append((f"{name} is the same after it", old == new, sorted(map(str, old ^ new))[:6]))
    for _ in range(20):  # another program of this host may open a socket for a moment
        left = listening() - sockets
        if not left:
            break
        time.sleep(0.5)
    checks.append(("no socket listens that did not before", not left, sorted(left)))
    for number, (name, good, why) in enumerate(checks, 1):
        failed += not good
        print(f"ok {number} - {name}" if good else f"not ok {number} - {name}: {why}")
    sys.exit(1 if failed else 0)


main()
