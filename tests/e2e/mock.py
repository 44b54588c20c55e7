# SPDX-License-Identifier: Apache-2.0
"""Servers on the loopback that lie, for the verbs of weir, and TAP lines. Needs no lab and no namespace."""

import os
import socket
import subprocess
import sys
import threading
import traceback

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WEIR = os.environ.get("WEIR", os.path.join(TOP, "build", "weir"))
_tests = []


def test(name):
    def register(function):
        _tests.append((name, function))
        return function
    return register


def need(condition, why=""):
    if not condition:
        raise AssertionError(str(why) or "does not hold")


def equal(seen, expected, where=""):
    need(seen == expected, f"{seen!r} instead of {expected!r} {where}")


def weir(*words, **more):
    return subprocess.run([WEIR, *words], capture_output=True, text=True, timeout=30, check=False, **more)


class Dns:
    """UDP and TCP on one port; `udp` and `tcp` are functions of the query that give what to send, in order."""

    def __init__(self, udp=lambda query: [], tcp=lambda query: []):
        self.plays = udp, tcp
        self.seen = []          # (protocol, query) in the order they came
        while True:
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.bind(("127.0.0.1", 0))
            self.port = self.udp.getsockname()[1]
            self.tcp = socket.socket()
            try:
                self.tcp.bind(("127.0.0.1", self.port))
                break
            except OSError:
                self.udp.close()
                self.tcp.close()
        self.tcp.listen(8)
        self.server = f"@127.0.0.1#{self.port}"
        self.threads = [threading.Thread(target=t, daemon=True) for t in (self._udp, self._tcp)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        for sock in (self.udp, self.tcp):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def _udp(self):
        while True:
            try:
                query, client = self.udp.recvfrom(65535)
                if not query:
                    return
                self.seen.append(("udp", query))
                for reply in self.plays[0](query):
                    self.udp.sendto(reply, client)
            except OSError:
                return

    def _tcp(self):
        while True:
            try:
                conn, _ = self.tcp.accept()
            except OSError:
                return
            with conn:
                try:
                    head = conn.recv(2, socket.MSG_WAITALL)
                    query = conn.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
                    self.seen.append(("tcp", query))
                    for chunk in self.plays[1](query):
                        conn.sendall(chunk)
                except OSError:
                    pass


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [t for t in _tests if wanted in t[0]]
    failed = 0
    print(f"1..{len(chosen)}")
    for number, (name, function) in enumerate(chosen, 1):
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Exception:  # a test fails by any exception
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} - {name}", flush=True)
    sys.exit(1 if failed else 0)
