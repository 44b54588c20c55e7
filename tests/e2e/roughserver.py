# SPDX-License-Identifier: Apache-2.0
"""A Roughtime server, from draft-ietf-ntp-roughtime and python3-cryptography; it shares nothing with weir's client.

    keys = Keys(b"seed")                       # a long-term key and an online key with its certificate
    reply(keys, request, midpoint=..., radius=...)      # the octets of a response
    with RoughServer(node, "192.0.2.99", keys) as server:     # in a namespace; no Debian package has one
        server.lie = "nonce"                   # from now on
        server.asked, server.requests, server.replies

It can lie by a key that is not its own, an online key that nobody certified, another nonce, an old reply, a longer path or an index that does not fit,
a time after its certificate, one changed under its signature, no radius, the context of another signature, and by breaking off.
"""
import base64
import hashlib
import os
import struct
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from timeserver import NodeServer

PORT = 2002
VERSION, DRAFT = 1, 0x8000000c
FOR_DELEGATION = b"RoughTime v1 delegation signature\0"
FOR_RESPONSE = b"RoughTime v1 response signature\0"
YEAR_S = 365 * 86400


def digest(*pieces):
    return hashlib.sha512(b"".join(pieces)).digest()[:32]


def number(tag):
    return int.from_bytes(tag.ljust(4, b"\0"), "little")


def message(values):
    """A dictionary of tags and values as a message."""
    rows = sorted(values.items(), key=lambda row: number(row[0]))
    offsets, at = [], 0
    for _, value in rows[:-1]:
        at += len(value)
        offsets.append(at)
    head = struct.pack(f"<I{len(offsets)}I", len(rows), *offsets)
    return head + b"".join(tag.ljust(4, b"\0") for tag, _ in rows) + b"".join(value for _, value in rows)


def read(wire):
    """A message as a dictionary."""
    count = struct.unpack_from("<I", wire)[0]
    offsets = [0, *struct.unpack_from(f"<{count - 1}I", wire, 4)]
    tags = [wire[4 * (count + i):4 * (count + i) + 4].rstrip(b"\0") for i in range(count)]
    values = wire[8 * count:]
    ends = offsets[1:] + [len(values)]
    return {tag: values[begin:end] for tag, begin, end in zip(tags, offsets, ends)}


def packet(wire):
    return b"ROUGHTIM" + struct.pack("<I", len(wire)) + wire


def public(key):
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


class Keys:
    def __init__(self, seed, begins=None, ends=None):
        now = int(time.time())
        self.long = Ed25519PrivateKey.from_private_bytes(digest(b"long", seed))
        self.online = Ed25519PrivateKey.from_private_bytes(digest(b"online", seed))
        self.begins, self.ends = begins or now - YEAR_S, ends or now + YEAR_S
        self.public = public(self.long)
        self.text = base64.b64encode(self.public).decode()
        delegation = message({b"PUBK": public(self.online), b"MINT": struct.pack("<Q", self.begins),
                              b"MAXT": struct.pack("<Q", self.ends)})
        self.certificate = message({b"DELE": delegation, b"SIG": self.long.sign(FOR_DELEGATION + delegation)})


def tree(leaves, index):
    """The root of the tree over the packets, and the path of one of them."""
    level, path = [digest(b"\0", leaf) for leaf in leaves], []
    while len(level) > 1:
        level += [level[-1]] * (len(level) % 2)
        path.append(level[index ^ 1])
        level = [digest(b"\1", level[i], level[i + 1]) for i in range(0, len(level), 2)]
        index //= 2
    return level[0], b"".join(path)


def reply(keys, request, midpoint, radius=5, others=(), index=0, version=DRAFT, lie=None, tags=None):
    """`others`: requests that were answered with it; `index`: which of them all it is."""
    leaves = list(others)
    leaves.insert(index, request)
    root, path = tree(leaves, index)
    nonce = read(request[12:])[b"NONC"]
    online, certificate = keys.online, keys.certificate
    if lie == "key":
        certificate = Keys(b"another", keys.begins, keys.ends).certificate
        online = Keys(b"another", keys.begins, keys.ends).online
    if lie == "online":
        online = Keys(b"another", keys.begins, keys.ends).online
    if lie == "certificate":
        midpoint = keys.ends + 1
    signed = message({b"VER": struct.pack("<I", version), b"RADI": struct.pack("<I", 0 if lie == "radius" else radius),
                      b"MIDP": struct.pack("<Q", midpoint), b"VERS": struct.pack("<II", VERSION, DRAFT), b"ROOT": root})
    sig = online.sign((FOR_DELEGATION if lie == "response" else FOR_RESPONSE) + signed)
    if lie == "midpoint":                               # changed under its signature
        signed = signed.replace(struct.pack("<Q", midpoint), struct.pack("<Q", midpoint + 86400))
    if lie == "path":
        path += bytes(32)
    values = {b"SIG": sig, b"NONC": bytes(32) if lie == "nonce" else nonce, b"TYPE": struct.pack("<I", 1), b"PATH": path,
              b"SREP": signed, b"CERT": certificate, b"INDX": struct.pack("<I", index + (1 << len(path) // 32) * (lie == "index"))}
    values.update(tags or {})
    wire = packet(message({tag: value for tag, value in values.items() if value is not None}))
    return wire[:-4] if lie == "cut" else wire


def verify(key, values):
    """Both signatures of a response; raises InvalidSignature."""
    certificate = read(values[b"CERT"])
    Ed25519PublicKey.from_public_bytes(key).verify(certificate[b"SIG"], FOR_DELEGATION + certificate[b"DELE"])
    online = Ed25519PublicKey.from_public_bytes(read(certificate[b"DELE"])[b"PUBK"])
    online.verify(values[b"SIG"], FOR_RESPONSE + values[b"SREP"])


class RoughServer(NodeServer):
    """`ahead` of the machine's clock; `lie` as in reply()."""

    def __init__(self, node, address, keys, ahead=0, radius=5, batch=1):
        self.keys, self.ahead, self.radius, self.batch, self.lie = keys, ahead, radius, batch, None
        self.asked, self.requests, self.replies = 0, [], []
        super().__init__(node, address, PORT)

    def answer(self, request, client):
        if len(request) < 1024 or not request.startswith(b"ROUGHTIM"):
            return
        asked = read(request[12:])
        if asked.get(b"SRV", b"") != digest(b"\xff", self.keys.public) or asked[b"TYPE"] != bytes(4):
            return
        self.asked += 1
        self.requests.append(request)
        if self.lie == "replay" and self.replies:
            wire = self.replies[0]
        else:
            others = [os.urandom(1036) for _ in range(self.batch - 1)]
            wire = reply(self.keys, request, int(time.time() + self.ahead), self.radius, others, self.batch // 2,
                         lie=None if self.lie == "replay" else self.lie)
        self.replies.append(wire)
        self.socket.sendto(wire, client)
