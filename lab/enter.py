#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Enter a machine of a lab that is up (make demo KEEP=1, or lab/lab.py).

    lab/enter.py MACHINE [COMMAND ...]       a shell without a command

build/weir, kdig and the other unpacked programs are on the PATH inside.
"""

import glob
import json
import os
import sys

BUILD = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build")


def find_lab():
    """(host's pid of the lab's first process, its machines); None without a lab."""
    for path in glob.glob("/proc/[0-9]*/root/run/lab/nodes.json"):
        pid = path.split("/")[2]
        try:
            with open(f"/proc/{pid}/status") as file:
                inner = [line.split()[-1] for line in file if line.startswith("NSpid:")]
            if inner == ["1"]:
                with open(path) as file:
                    return pid, json.load(file)
        except OSError:
            continue
    return None


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    found = find_lab()
    if not found:
        sys.exit("enter: no lab is up (or it belongs to another user)")
    pid, nodes = found
    if sys.argv[1] not in nodes:
        sys.exit(f"enter: no machine `{sys.argv[1]}`; there are: {' '.join(nodes)}")
    foreign = os.readlink(f"/proc/{pid}/ns/user") != os.readlink("/proc/self/ns/user")
    user = ["-U", "--preserve-credentials"] if foreign else []
    command = sys.argv[2:] or [os.environ.get("SHELL", "/bin/sh")]
    os.environ["PATH"] = f"{BUILD}:{os.path.join(BUILD, 'peers', 'bin')}:" + os.environ.get("PATH", "/usr/bin:/bin")
    os.execvp("nsenter", ["nsenter", "-t", pid, *user, "-m", "-p", "--", "nsenter", f"--wd={os.getcwd()}",
                          f"--net=/proc/1/fd/{nodes[sys.argv[1]]}", "--", *command])


if __name__ == "__main__":
    main()
