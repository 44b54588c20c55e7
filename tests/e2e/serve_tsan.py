#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Three workers under load, with reloads and every control verb, built with TSan: not one report."""
import os
import random
import socket
import struct
import sys
import threading
import time

import loopback
from loopback import equal, need

PROGRAM = os.environ.get("WEIR_TSAN", os.path.join(loopback.TOP, "build", "tsan", "src", "weir"))
SECONDS = 6
NAMES = 3000


def udp_load(weir, seed, done, seen):
    rng = random.Random(seed)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        s.connect(weir.address)
        while not done.is_set():
            for i in range(20):
                ours = "host.home.arpa" if i % 5 == 0 else "alias.home.arpa"    # from a file that changes
                s.send(loopback.question(ours if i % 5 < 2 else f"n{rng.randrange(NAMES)}.example", i))
            for _ in range(20):
                seen.append(s.recv(4096)[3] & 15)


def tcp_load(weir, seed, done, seen):
    rng = random.Random(seed)
    while not done.is_set():
        with socket.create_connection(weir.address, timeout=10) as s:
            for i in range(10):
                wire = loopback.question(f"n{rng.randrange(NAMES)}.example", i)
                s.sendall(struct.pack(">H", len(wire)) + wire)
            for _ in range(10):
                seen.append(loopback.read_framed(s)[3] & 15)


def guarded(function, failures, *args):
    try:
        function(*args)
    except Exception as why:    # pylint: disable=broad-except
        failures.append(why)


@loopback.test("no data race in three workers under load with reloads, flushes and a clean stop")
def races(box):
    up = box.upstream(ttl=600)
    free = {"client_rate": 0, "rrl_rate": 0, "client_inflight": 100000}
    weir = box.weir([up], start=False, program=PROGRAM)
    os.chmod(weir.folder, 0o777)
    rest = {"workers": 3, "cache": {"size": "4MiB", "keep": {"path": weir.folder + "/kept", "min_interval": "1s"}}}
    hosts = os.path.join(weir.folder, "hosts")
    rest["local"] = {"hosts": [hosts], "zones": [{"zone": "home.arpa", "records": ["alias CNAME n1.example."]}]}

    def new_hosts(turn):
        with open(hosts, "w", encoding="ascii") as f:
            f.write(f"192.0.2.{turn % 250 + 1} host.home.arpa\n" + "".join(
                f"10.0.{i}.{turn % 250} h{i}.home.arpa\n" for i in range(100)))
    new_hosts(0)
    weir.configure(box.settings([up], limits=free) | rest)
    weir.start()
    done, seen, failures = threading.Event(), [], []
    threads = [threading.Thread(target=guarded, args=(udp_load, failures, weir, i, done, seen)) for i in range(3)]
    threads += [threading.Thread(target=guarded, args=(tcp_load, failures, weir, 50 + i, done, seen))
                for i in range(2)]
    for t in threads:
        t.start()
    end, turn = time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        turn += 1
        new_hosts(turn)
        weir.configure(box.settings([up], limits=free, listen=["127.0.0.1:5300"] + ["127.0.0.4:5300"] * (turn % 2))
                       | rest)
        weir.verb("reload")
        for verb in ("status", "stats", "upstreams", "cache_show", "metrics", "log"):
            weir.verb(verb)
        weir.verb("cache_flush", name=f"n{turn}.example", below=bool(turn % 2))
    done.set()
    for t in threads:
        t.join()
    equal(failures, [])
    counters = weir.verb("stats")["counters"]
    need(counters["handed_over"] > 100 and counters["queries_tcp"] >= 50 and turn >= 3, counters)
    equal(set(seen), {0})
    need(weir.verb("status")["keep"]["batches"] > 0, weir.verb("status")["keep"])
    equal(weir.stop(), 0)
    need("ThreadSanitizer" not in weir.log(), weir.log()[-8000:])


if not os.access(PROGRAM, os.X_OK):
    print(f"{PROGRAM} is not built: tools/build.sh tsan")
    sys.exit(loopback.SKIPPED)
loopback.main(PROGRAM)
