# SPDX-License-Identifier: Apache-2.0
"""Attacks on what is believed of the time."""
import json
import os
import socket
import struct
import subprocess
import threading
import time

import dns.flags

from cases import Figure, case

FROM_1900 = 2208988800
FOUR_YEARS = 4 * 365 * 86400
SERVERS = ("10.61.0.1", "10.62.0.1", "10.63.0.1")     # in three networks
SIGNED_DAYS = 1                                       # zones.Key: what the root has signed ends then
PATIENCE_S = 90


class TimeServer(threading.Thread):
    """An NTP server, or who answers in its name. Silent until it is told otherwise."""

    def __init__(self, address):
        super().__init__(daemon=True)
        subprocess.run(["ip", "address", "replace", f"{address}/32", "dev", "lo"], check=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 123))
        self.silent, self.ahead = True, 0
        self.start()

    def run(self):
        while True:
            question, client = self.socket.recvfrom(2048)
            if len(question) >= 48 and not self.silent:
                now = time.time() + self.ahead + FROM_1900
                stamp = struct.pack(">II", int(now) & 0xffffffff, int(now % 1 * (1 << 32)))
                head = struct.pack(">BBbbIII", 0x24, 2, 6, -20, 0, 0, 0x0a000001)
                self.socket.sendto(head + stamp + question[40:48] + stamp + stamp, client)


_servers = []


def time_servers():
    """Those of the Internet of the attacks; made when a case first wants them."""
    _servers.extend(TimeServer(address) for address in SERVERS[len(_servers):])
    return _servers


def say(ahead, silent=False):
    for server in time_servers():
        server.ahead, server.silent = ahead, silent


def heard(address):
    """What it says, as seconds since 1970."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.sendto(b"\x23" + bytes(39) + os.urandom(8), (address, 123))
        return struct.unpack(">I", s.recv(48)[40:44])[0] - FROM_1900


# --- forged time ----------------------------------------------------------------------------------------

def forged_control(_world):
    """Who writes down what all servers say, and takes nothing for the time that is before it."""
    say(FOUR_YEARS)
    floor = min(heard(a) for a in SERVERS)
    say(0)
    refused = sum(heard(a) < floor for a in SERVERS)
    return [Figure("days the floor is ahead", (floor - int(time.time())) // 86400), Figure("honest servers refused", refused)]


def clock_of(resolver):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(os.path.join(resolver.folder, "control"))
        s.sendall(b'{"verb":"status"}\n')
        data = b""
        while not data.endswith(b"\n"):
            data += s.recv(65536)
    status = json.loads(data)
    return status.get("result", status)["clock"]


def wait(predicate):
    end = time.monotonic() + PATIENCE_S
    while not predicate():
        if time.monotonic() > end:
            raise AssertionError("it did not happen")
        time.sleep(0.1)


def restart(resolver):
    """False: it answers nothing any more."""
    resolver.process.terminate()
    resolver.process.wait()
    try:
        resolver.start(counted=False)
    except AssertionError:
        return False
    return True


@case("forgedtime", "time forged for all servers moves the floor to where the truth is refused", control=forged_control,
      time={"trust": "ladder", "servers": SERVERS, "agree": 3})
def forged_time(_world, resolver):
    if resolver.name != "weir":
        return []                                     # they have no ladder
    say(0, silent=True)
    resolver.words = {"time": dict(resolver.words["time"], state=os.path.join(resolver.folder, "time"))}
    restart(resolver)                                 # and the root's keys are seen, against the floor
    wait(lambda: clock_of(resolver)["floor_from"] == "the root's signatures")
    say(FOUR_YEARS)
    wait(lambda: clock_of(resolver)["state"] == "proven")
    ahead_days = max(0, (clock_of(resolver)["floor"] - int(time.time())) // 86400)
    say(0)
    good = restart(resolver)
    wait(lambda: not good or clock_of(resolver)["state"] == "proven")
    reply = resolver.ask("www.good.zz") if good else None
    secure = reply is not None and bool(reply.flags & dns.flags.AD)
    return [Figure("days the floor is ahead", ahead_days, SIGNED_DAYS), Figure("honest servers refused", 0 if secure else 3, 0)]
