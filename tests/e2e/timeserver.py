# SPDX-License-Identifier: Apache-2.0
"""An NTP server that says what a test wants, and one that is real.

    with TimeServer(node, "192.0.2.99", ahead=3600) as server:   # an hour ahead of the machine's clock
        server.asked                                              # how often it was asked
        server.ports                                              # from which ports
        server.ahead = 0                                          # from now on the truth
    start_chronyd(node, "192.0.2.99")                             # the truth, by chronyd
"""

import os
import socket
import struct
import threading
import time

from servers import log_of, write
from spaces import RUN, peer

FROM_1900 = 2208988800


class NodeServer:
    """Answers datagrams at an address that is added to the node: answer(request, client) does it."""

    def __init__(self, node, address, port):
        v6 = ":" in address
        node.ip("address", "replace", f"{address}/{128 if v6 else 32}", "dev", "eth0", *(["nodad"] if v6 else []))
        with node.inside():
            self.socket = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.socket.settimeout(0.1)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self.socket.close()

    def _serve(self):
        while not self._stop.is_set():
            try:
                request, client = self.socket.recvfrom(2048)
            except OSError:
                continue
            self.answer(request, client)


class TimeServer(NodeServer):
    """`kiss` is a kiss code in place of the time."""

    def __init__(self, node, address, ahead=0, kiss=None, port=123):
        self.ahead, self.kiss = ahead, kiss
        self.asked, self.ports, self.requests = 0, set(), []
        super().__init__(node, address, port)

    def answer(self, request, client):
        self.asked += 1
        self.ports.add(client[1])
        self.requests.append(request)
        now = time.time() + self.ahead + FROM_1900
        stamp = struct.pack(">II", int(now) & 0xffffffff, int(now % 1 * (1 << 32)))
        reply = struct.pack(">BBbbII4s", 4 << 3 | 4, 0 if self.kiss else 1, 4, -20, 0, 64, (self.kiss or "GPS\0").encode())
        self.socket.sendto(reply + stamp + request[40:48] + stamp + stamp, client)


def start_chronyd(node, address):
    """chronyd with the machine's clock as it is, which it does not touch."""
    home = os.path.join(RUN, f"chrony-{node.name}")
    v6 = ":" in address
    node.ip("address", "replace", f"{address}/{128 if v6 else 32}", "dev", "eth0", *(["nodad"] if v6 else []))
    os.makedirs(home, mode=0o750, exist_ok=True)
    write(os.path.join(home, "chrony.conf"),
          f"local stratum 1\nallow all\nbindaddress {address}\ncmdport 0\nbindcmdaddress /\n"
          f"pidfile {home}/pid\ndriftfile {home}/drift\n")
    return node.start([peer("chronyd"), "-d", "-x", "-u", "root", "-f", os.path.join(home, "chrony.conf")],
                      log=log_of(f"chrony-{node.name}"))
