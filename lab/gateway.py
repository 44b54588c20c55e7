# SPDX-License-Identifier: Apache-2.0
"""weir in the lab: its configuration, start, stop, kill, and the verbs that talk to it.

The binary is $WEIR, else the one that make builds (build/weir), else the newest of build/*/src/weir.
"""

import glob
import json
import os
import signal
import socket
import subprocess
import time

import world
from servers import ANCHOR, log_of, write
from spaces import RUN, TOP, LabError

HOME = os.path.join(RUN, "weir")


def binary():
    """The weir to test; LabError when none is built."""
    if os.environ.get("WEIR"):
        path = os.path.abspath(os.environ["WEIR"])
        if not os.access(path, os.X_OK):
            raise LabError(f"{path} (from $WEIR) is not built")
        return path
    usual = os.path.join(TOP, "build", "weir")
    if os.access(usual, os.X_OK):
        return usual
    found = [path for path in glob.glob(os.path.join(TOP, "build", "*", "src", "weir"))
             if os.access(path, os.X_OK)]
    if not found:
        raise LabError("weir is not built: run make")
    return max(found, key=os.path.getmtime)


def addresses():
    """The gateway's own addresses in the segments."""
    return [address for v4, v6, _ in world.SEGMENTS.values() for address in (v4, v6)]


def anchors():
    """The trust anchors of the lab: the DS records of its root."""
    with open(ANCHOR) as file:
        return file.read().splitlines()


# For start_gateway: nobody is asked but the servers of each zone, from the lab's root down.
RECURSION = {"upstream": {"groups": None, "default": "recursion"}}


def default_config(home=HOME):
    """Both segments and the WAN listened on, clients of the segments allowed, ISP and public asked."""
    isp, public = world.INTERNET["isp"], world.INTERNET["public"]
    return {
        "user": "",  # the only user there is inside a user namespace
        "listen": ["127.0.0.1", "::1", *addresses(), *world.WAN],
        "allow": ["127.0.0.0/8", "::1/128", "192.168.7.0/24", "192.168.8.0/24", "fd00:7::/64",
                  "fd00:8::/64"],
        "upstream": {
            "groups": [{"name": "isp", "servers": [f"udp://{isp[0]}", f"udp://{public[0]}"]}],
            "default": "isp",
        },
        "recursion": {"hints": [f"udp://{world.INTERNET['root'][0]}", f"udp://[{world.INTERNET['root'][1]}]"]},
        # Tests count what clients caused; tests/e2e/anchors.py looks at the signal.
        "dnssec": {"anchors": anchors(), "signal": False},
        "control": {"socket": os.path.join(home, "control.sock")},
    }


def merge(base, extra):
    """`extra` laid over `base`: mappings are merged, everything else replaced, None removed."""
    merged = dict(base)
    for key, value in extra.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def to_yaml(value, depth=0):
    """Block style for mappings, flow style for what stands in lists."""
    lines = ""
    for key, item in value.items():
        if isinstance(item, dict) and item:
            lines += "  " * depth + f"{key}:\n" + to_yaml(item, depth + 1)
        else:
            lines += "  " * depth + f"{key}: {_flow(item)}\n"
    return lines


def _flow(item):
    if isinstance(item, dict):
        return "{" + ", ".join(f"{key}: {_flow(value)}" for key, value in item.items()) + "}"
    if isinstance(item, list):
        return "[" + ", ".join(_flow(value) for value in item) + "]"
    if isinstance(item, str) and not item.replace(".", "").replace("-", "").isalnum():
        return json.dumps(item)
    if item == "":
        return '""'
    return json.dumps(item) if not isinstance(item, str) else item


class Gateway:
    """One running weir. `config` is a mapping laid over default_config(), or a whole YAML text. More than one: each has a `name`."""

    def __init__(self, node, config=None, environment=None, name="weir"):
        self.node = node
        self.process = None
        self.environment = dict(os.environ, **(environment or {}))
        self.log = log_of(name)
        self.home = os.path.join(RUN, name)
        self.socket = os.path.join(self.home, "control.sock")
        self.path = os.path.join(self.home, "weir.yaml")
        self.configure(config or {})

    def configure(self, config):
        """Write the configuration file; a running weir reads it at reload()."""
        text = config if isinstance(config, str) else to_yaml(merge(default_config(self.home), config))
        os.replace(write(self.path + ".new", text), self.path)  # never half a file at a reload

    def start(self, timeout=10.0, check=True):
        """Start and wait until weir says that it is ready (sd_notify)."""
        notify = os.path.join(RUN, "notify")
        if os.path.exists(notify):
            os.unlink(notify)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.bind(notify)
            os.chmod(notify, 0o777)
            sock.settimeout(0.05)
            environment = dict(self.environment, NOTIFY_SOCKET=notify)
            self.process = self.node.start([binary(), "serve", "-c", self.path], log=self.log,
                                           env=environment, cwd=self.home)
            end = time.monotonic() + timeout
            while time.monotonic() < end and self.alive():
                try:
                    if b"READY=1" in sock.recv(4096):
                        return self
                except TimeoutError:
                    continue
        if not check:
            return self
        raise LabError(f"weir did not start:\n{self.log_tail()}")

    def alive(self):
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self):
        return self.process.pid

    def stop(self, timeout=10.0):
        """SIGTERM; the exit status."""
        if self.alive():
            self.process.terminate()
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise LabError(f"weir did not end within {timeout} s of SIGTERM") from None

    def kill(self):
        """kill -9."""
        if self.alive():
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def verb(self, *words, check=True):
        """`weir WORDS --json --socket ...`, parsed."""
        done = self.run_verb(*words, "--json")
        if check and done.returncode != 0:
            raise LabError(f"weir {' '.join(words)}: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def run_verb(self, *words):
        return self.node.run([binary(), *words, "--socket", self.socket], check=False)

    def memory_kib(self):
        """Resident memory of weir and its children."""
        total = 0
        for pid in [self.pid, *self.children()]:
            with open(f"/proc/{pid}/status") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
        return total

    def children(self):
        """Processes whose parent is weir."""
        found = []
        for entry in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(entry) as file:
                    text = file.read()
            except OSError:
                continue
            if int(text.rpartition(")")[2].split()[1]) == self.pid:
                found.append(int(entry.split("/")[2]))
        return found

    def log_tail(self, lines=15):
        with open(self.log, errors="replace") as file:
            return "".join(file.readlines()[-lines:])
