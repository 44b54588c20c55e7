# SPDX-License-Identifier: Apache-2.0
"""Elements: whether one is in a set of table inet weir this moment, as the kernel says (nfnetlink), in some twenty microseconds.

`nft get element` says the same, and takes a process for it.
"""
import socket
import struct

NETLINK_NETFILTER = 12
GET, NEW, ERROR = 10 << 8 | 13, 10 << 8 | 12, 2    # NFNL_SUBSYS_NFTABLES


def attribute(number, value):
    return struct.pack("=HH", 4 + len(value), number) + value + b"\0" * (-len(value) % 4)


def nested(number, value):
    return attribute(number | 0x8000, value)


def lease_key(ifindex, mac, address):
    """Of leases4 and leases6."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return struct.pack("=I", ifindex) + bytes.fromhex(mac.replace(":", "")) + b"\0\0" + socket.inet_pton(family, address)


def routed_key(ifindex, source, address):
    """Of routed4 and routed6."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return struct.pack("=I", ifindex) + socket.inet_pton(family, source) + socket.inet_pton(family, address)


class Elements:
    def __init__(self, name):
        self.head = attribute(1, b"weir\0") + attribute(2, name.encode() + b"\0")
        self.seq = 0
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.socket.bind((0, 0))

    def has(self, key):
        body = struct.pack("=BBH", 1, 0, 0) + self.head + nested(3, nested(1, nested(1, attribute(1, key))))
        self.seq += 1
        self.socket.send(struct.pack("=IHHII", 16 + len(body), GET, 1, self.seq, 0) + body)
        said = self.socket.recv(4096)
        length, kind, _, seq, _ = struct.unpack("=IHHII", said[:16])
        if seq != self.seq or kind not in (NEW, ERROR):
            raise OSError(f"netlink says {said[:length]!r}")
        if kind == ERROR and struct.unpack("=i", said[16:20])[0] != -2:    # ENOENT
            raise OSError(-struct.unpack("=i", said[16:20])[0], "no such set")
        return kind == NEW

    def close(self):
        self.socket.close()
