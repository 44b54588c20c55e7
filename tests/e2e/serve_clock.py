#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The wall clock jumps under a running weir: nothing is flushed, nothing stops, and it is not believed when it cannot be right."""
import os
import shutil
import subprocess
import sys
import time

import loopback
from loopback import equal, need, until

# Adds the number in the file $WALL_OFFSET to every reading of the wall clock.
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long long offset(void)
{
    long long n = 0;
    FILE *f = fopen(getenv("WALL_OFFSET"), "r");
    if (f) { if (fscanf(f, "%lld", &n) != 1) n = 0; fclose(f); }
    return n;
}
int clock_gettime(clockid_t id, struct timespec *t)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int rc = real(id, t);
    if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) t->tv_sec += offset();
    return rc;
}
"""
PLAIN = os.environ.get("WEIR_PLAIN", os.path.join(loopback.TOP, "build", "main", "src", "weir"))
PROGRAM = PLAIN if os.access(PLAIN, os.X_OK) else os.environ.get("WEIR", "")


@loopback.test("ten years ahead, back to 1970, and home again")
def jumps(box):
    up = box.upstream(ttl=600)
    weir = box.weir([up], start=False)
    os.chmod(weir.folder, 0o777)
    weir.configure(box.settings([up], cache={"keep": {"path": weir.folder + "/kept", "min_interval": "1s"}}))
    source, library, offset = (os.path.join(weir.folder, n) for n in ("shim.c", "shim.so", "offset"))
    with open(source, "w", encoding="ascii") as f:
        f.write(SHIM)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)

    def jump(seconds):
        with open(offset + ".new", "w", encoding="ascii") as f:
            f.write(str(seconds))
        os.chmod(offset + ".new", 0o644)
        os.replace(offset + ".new", offset)
        until("the jump", lambda: abs(weir.verb("status")["time"] - time.time() - seconds) < 3)

    with open(offset, "w", encoding="ascii") as f:
        f.write("0")
    weir.start(env=dict(os.environ, LD_PRELOAD=library, WALL_OFFSET=offset))
    for i in range(30):
        equal(weir.ask(f"c{i}.example").rcode, 0)
    before = weir.verb("status")
    need(before["wall_proven"], before)
    home = int(time.time())
    for turn, (seconds, believed) in enumerate(((10 * 365 * 86400, True), (-home + 1000, False),
                                                (-400 * 86400, None), (0, True))):
        jump(seconds)
        asked = up.asked
        for i in range(30):
            equal(weir.ask(f"c{i}.example").addresses, ["192.0.2.1"])
        equal(up.asked, asked, "the jump flushed the cache")
        equal(weir.ask(f"new{turn}.example", tcp=bool(turn % 2)).addresses, ["192.0.2.1"])
        if believed is not None:
            until("the judgement", lambda b=believed: weir.verb("status")["wall_proven"] == b)
        weir.verb("reload")
    after = weir.verb("status")
    equal((after["pid"], after["cache"]["evicted"]), (before["pid"], 0))
    ttl = weir.verb("cache_show", name="c1.example")["entries"][0]["ttl"]
    need(500 < ttl <= 600, ttl)
    equal(weir.stop(), 0)


if shutil.which("cc") is None:
    print("there is no cc to build the clock with")
    sys.exit(loopback.SKIPPED)
loopback.main(PROGRAM or None)
