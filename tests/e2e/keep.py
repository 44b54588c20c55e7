#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The kept cache: kill -9 at seeded points, power cuts, and files and disks that are not as they should be.

WEIR_POINTS (default 6) is the number of points for kill -9; with 200, the figure to reach, everything else is tried
longer as well.
"""

import os
import random
import shutil
import subprocess
import time

import e2e
from e2e import equal, need
from lab import RUN, clients

LIVE = f"{RUN}/weir/live"
KEPT = f"{RUN}/weir/kept/cache"
POINTS = int(os.environ.get("WEIR_POINTS", "6"))
LONG = POINTS >= 50
NAMES = [f"k{i}.load.cloud.example" for i in range(16)]
TRUTH = ["198.51.100.54"]


def clear():
    shutil.rmtree(os.path.dirname(KEPT), ignore_errors=True)
    os.makedirs(os.path.dirname(KEPT))
    if os.path.exists(LIVE):
        os.unlink(LIVE)


def config(live=LIVE, kept=KEPT):
    return {"cache": {"live": live, "keep": {"path": kept, "min_interval": "1s"}}}


def learn(lab, names=NAMES):
    replies = lab.kdig_many("camera", names)
    equal([r.data() for r in replies], [TRUTH] * len(names))


def kept_files():
    """All files of the checkpoint (one, or one and its neighbours)."""
    home = os.path.dirname(KEPT)
    return [os.path.join(home, name) for name in sorted(os.listdir(home))]


def served(lab, names=NAMES):
    """How many of these names are answered with all upstreams cut; every answer must be true."""
    lab.cut("isp", "public")
    try:
        replies = lab.kdig_all(names)
    finally:
        lab.restore("isp", "public")
    good = [r for r in replies if r.rcode == "NOERROR"]
    for reply in good:
        equal(reply.data(), TRUTH, "an altered answer was served")
    return len(good)


def checkpointed(lab, names=NAMES):
    """Wait for a checkpoint that has all names (asked twice: worth keeping), then end weir."""
    learn(lab, names)
    learn(lab, names)
    need(e2e.until(lambda: any(os.path.getsize(f) > 200 for f in kept_files()), 10), "no checkpoint")
    time.sleep(2.2)
    lab.weir.kill()


@e2e.test(f"kill -9 at {POINTS} seeded points: what was learned a second before is served")
def kill_points(lab):
    rng = random.Random(2024)
    for point in range(POINTS):
        clear()
        weir = lab.start_gateway(config())
        learned = []
        end = time.monotonic() + 1.2 + rng.random() * 1.5
        while time.monotonic() < end:
            name = f"p{point}-{len(learned)}.load.cloud.example"
            reply = lab.kdig("camera", name)
            equal(reply.data(), TRUTH, f"point {point}: {reply}")
            learned.append((name, time.monotonic()))
        # The last queries are still under way when it is killed.
        sock = clients.udp_socket(lab.nodes["camera"], lab.server_for("camera"))
        for i in range(rng.randrange(50)):
            sock.send(clients.question(f"q{point}-{i}.load.cloud.example", ident=i))
        weir.kill()
        killed = time.monotonic()
        sock.close()
        weir.start()
        names = [name for name, when in learned if when <= killed - 1.0]
        equal(served(lab, names), len(names), f"at point {point} (names served)")
        weir.kill()


@e2e.test("SIGTERM keeps everything, TTLs go on running")
def clean_end(lab):
    clear()
    weir = lab.start_gateway(config())
    learn(lab)
    equal(weir.stop(), 0)
    time.sleep(2.5)
    weir.start()
    equal(served(lab), len(NAMES))
    reply = lab.kdig("phone", NAMES[0])
    need(3590 <= reply.ttls()[0] <= 3598, reply)


@e2e.test("power cut: without the live file the last checkpoint serves")
def power_cut(lab):
    clear()
    weir = lab.start_gateway(config())
    checkpointed(lab)
    if os.path.exists(LIVE):
        os.unlink(LIVE)
    weir.start()
    count = served(lab)
    need(count >= len(NAMES) * 0.9, f"{count} of {len(NAMES)}")


@e2e.test("a checkpoint cut at any length: it starts, and nothing altered is served")
def cut_file(lab):
    clear()
    weir = lab.start_gateway(config())
    checkpointed(lab)
    saved = {path: open(path, "rb").read() for path in kept_files()}
    rng = random.Random(7)
    for _ in range(40 if LONG else 4):
        clear()
        for path, data in saved.items():
            with open(path, "wb") as file:
                file.write(data[:rng.randrange(len(data))])
        weir.start()
        served(lab)
        weir.kill()


@e2e.test("a checkpoint with flipped bits: it starts, and nothing altered is served")
def flipped(lab):
    clear()
    weir = lab.start_gateway(config())
    checkpointed(lab)
    saved = {path: open(path, "rb").read() for path in kept_files()}
    rng = random.Random(8)
    for _ in range(40 if LONG else 4):
        clear()
        for path, data in saved.items():
            data = bytearray(data)
            for _ in range(3):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            with open(path, "wb") as file:
                file.write(data)
        weir.start()
        served(lab)
        weir.kill()


@e2e.test("a live file with flipped bits or a wrong length: it starts, and nothing altered is served")
def flipped_live(lab):
    clear()
    weir = lab.start_gateway(config())
    learn(lab)
    weir.kill()
    with open(LIVE, "rb") as file:
        saved = file.read()
    rng = random.Random(9)
    for attempt in range(4):
        data = bytearray(saved)
        for _ in range(2000):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        with open(LIVE, "wb") as file:
            file.write(data if attempt % 2 else data[:len(data) // 2])
        weir.start()
        served(lab)
        weir.kill()


@e2e.test("a foreign file in the place of the cache: it says so, leaves it alone or puts it aside, serves")
def foreign(lab):
    clear()
    for path in (KEPT, LIVE):
        with open(path, "wb") as file:
            file.write(b"dear diary\n" * 500)
    lab.start_gateway(config())
    equal(lab.kdig("camera", "hour.cloud.example").rcode, "NOERROR")


@e2e.test("a directory in the place of the cache: it says so and serves")
def directory(lab):
    clear()
    os.makedirs(KEPT)
    lab.start_gateway(config(live=""))
    equal(lab.kdig("camera", "hour.cloud.example").rcode, "NOERROR")
    need("kept" in lab.weir.log_tail(40), lab.weir.log_tail(5))


def small_disk(name, *options):
    path = f"{RUN}/weir/{name}"
    os.makedirs(path, exist_ok=True)
    subprocess.run(["umount", path], check=False, capture_output=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "disk", path], check=True)
    return path


@e2e.test("a full disk: it says so, in the log and in the status, and goes on serving")
def full_disk(lab):
    clear()
    disk = small_disk("full", "size=64k")
    with open(f"{disk}/filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    lab.start_gateway(config(live="", kept=f"{disk}/cache"))
    learn(lab)
    learn(lab)
    time.sleep(2.5)
    equal(lab.kdig("camera", "hour.cloud.example").rcode, "NOERROR")
    need("space" in open(lab.weir.log, errors="replace").read().lower(), lab.weir.log_tail(6))
    need("space" in lab.weir.run_verb("status").stdout.lower(), "status does not show it")
    os.unlink(f"{disk}/filler")
    if not LONG:
        return  # it is tried again once a minute
    need(e2e.until(lambda: sum(e.stat().st_size for e in os.scandir(disk)) > 200, 75), "never written")


@e2e.test("a read-only disk: it says so and goes on serving")
def read_only(lab):
    clear()
    disk = small_disk("readonly", "size=64k", "ro")
    lab.start_gateway(config(live="", kept=f"{disk}/cache"))
    learn(lab)
    need("read-only" in open(lab.weir.log, errors="replace").read().lower(), lab.weir.log_tail(6))


@e2e.test("a cache on a disk that has become read-only is read, and written again when it is writable")
def read_only_cache(lab):
    clear()
    disk = small_disk("readonly", "size=1m")
    lab.start_gateway(config(live="", kept=f"{disk}/cache"))
    learn(lab)
    lab.weir.stop()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    lab.start_gateway(config(live="", kept=f"{disk}/cache"))
    status = lab.weir.verb("status")["keep"]
    need(status["loaded"] > 0 and not status["writing"], status)
    need("not written" in open(lab.weir.log, errors="replace").read(), lab.weir.log_tail(6))
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    if not LONG:
        return  # it is tried again once a minute
    need(e2e.until(lambda: lab.weir.verb("status")["keep"]["writing"], 90), "never written again")


e2e.main()
