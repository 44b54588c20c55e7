#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An upstream by QUIC, and a device that asks for names whose own servers are silent: the others have their answers."""
import os
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lab"))

import loopback                                                                     # noqa: E402
from encrypted import Files                                                         # noqa: E402
from loopback import equal, need, question                                          # noqa: E402

PORT = 8532
ASKED = 20


class Partly(loopback.Upstream):
    """Silent for names that begin with "slow"."""

    def _send(self, answer, client):
        if answer[13:17].lower() != b"slow":
            super()._send(answer, client)


@loopback.test("thirty-two silent names a second: nobody else waits for them")
def slow(box):
    server = Files(box).issue()
    up = Partly("127.0.0.1", 7790)
    box.things.append(up)
    trust = {"dnssec": {"validate": False}}
    box.weir([up], listen=["127.0.0.2"], allow=["127.0.0.0/8"], **trust,
             encrypted={"doq": [f"127.0.0.1:{PORT}"], "certificates": [{"chain": server.chain, "key": server.key}]})
    weir = box.weir([f"quic://127.0.0.1:{PORT}#pin=sha256/{server.pin}"], **dict(trust, workers=1))
    equal(weir.ask("warm.example").rcode, 0)
    over = threading.Event()

    def flood():
        n = 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(weir.address)
            while not over.wait(0.25):
                for n in range(n, n + 8):
                    s.send(question(f"slow{n}.example"))
                n += 1

    flooding = threading.Thread(target=flood)
    flooding.start()
    try:
        time.sleep(0.8)
        answered = 0
        for i in range(ASKED):
            begun = time.monotonic()
            answered += weir.ask(f"fast{i}.example").rcode == 0 and time.monotonic() - begun < 0.5
            time.sleep(0.1)
    finally:
        over.set()
        flooding.join()
    need(answered >= ASKED * 95 // 100, f"{answered} of {ASKED} in time")


loopback.main()
