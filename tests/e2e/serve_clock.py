#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The wall clock jumps under a running weir: nothing is flushed, nothing stops, and it is not believed when it cannot be right."""
import os
import sys
import time

import loopback
from loopback import equal, need, until

sys.path.insert(0, os.path.join(loopback.TOP, "lab"))
import shim

PLAIN = os.environ.get("WEIR_PLAIN", os.path.join(loopback.TOP, "build", "main", "src", "weir"))
PROGRAM = PLAIN if os.access(PLAIN, os.X_OK) else os.environ.get("WEIR", PLAIN)


@loopback.test("ten years ahead, back to 1970, and home again")
def jumps(box):
    up = box.upstream(ttl=600)
    weir = box.weir([up], start=False)
    os.chmod(weir.folder, 0o777)
    weir.configure(box.settings([up], cache={"keep": {"path": weir.folder + "/kept", "min_interval": "1s"}}))
    clock = shim.Clock(weir.folder)

    def asked_here():                           # in 1970 weir looks for its time servers as well
        return sum(count for name, count in up.names.items() if b"\x07example" in name)

    def jump(seconds):
        clock.set(seconds)
        until("the jump", lambda: abs(weir.verb("status")["time"] - time.time() - seconds) < 3)

    weir.start(env=dict(os.environ, **clock.environment()))
    for i in range(30):
        equal(weir.ask(f"c{i}.example").rcode, 0)
    before = weir.verb("status")
    need(before["wall_proven"], before)
    home = int(time.time())
    for turn, (seconds, believed) in enumerate(((10 * 365 * 86400, True), (-home + 1000, False),
                                                (-400 * 86400, None), (0, True))):
        jump(seconds)
        asked = asked_here()
        for i in range(30):
            equal(weir.ask(f"c{i}.example").addresses, ["192.0.2.1"])
        equal(asked_here(), asked, "the jump flushed the cache")
        equal(weir.ask(f"new{turn}.example", tcp=bool(turn % 2)).addresses, ["192.0.2.1"])
        if believed is not None:
            until("the judgement", lambda b=believed: weir.verb("status")["wall_proven"] == b)
        weir.verb("reload")
    after = weir.verb("status")
    equal((after["pid"], after["cache"]["evicted"]), (before["pid"], 0))
    ttl = weir.verb("cache_show", name="c1.example")["entries"][0]["ttl"]
    need(500 < ttl <= 600, ttl)
    equal(weir.stop(), 0)


if shim.why_not(PROGRAM):
    print(shim.why_not(PROGRAM))
    sys.exit(loopback.SKIPPED)
loopback.main(PROGRAM)
