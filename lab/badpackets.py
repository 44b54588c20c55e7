# SPDX-License-Identifier: Apache-2.0
"""Queries that no well-behaved client sends: one generator of (name, octets), used by the demo and by
tests/e2e/malformed.py. Each is a small lie about one field of a message (RFC 1035 section 4, RFC 6891).
"""

import random
import struct

NAME = b"\x03api\x06camera\x07example\0"


def head(ident=0x4242, flags=0x0100, qd=1, an=0, ns=0, ar=0):
    return struct.pack("!6H", ident, flags, qd, an, ns, ar)


def ask(name=NAME, rtype=1, rclass=1):
    return name + struct.pack("!2H", rtype, rclass)


def opt(size=1232, ttl=0, options=b"", owner=b"\0", length=None):
    return owner + struct.pack("!HHIH", 41, size, ttl,
                               len(options) if length is None else length) + options


def option(code, data=b"", length=None):
    return struct.pack("!2H", code, len(data) if length is None else length) + data


def headers():
    yield "one octet", b"\x42"
    yield "eleven octets", head()[:11]
    yield "a header alone, counts say one question", head()
    yield "QDCOUNT 0", head(qd=0)
    yield "QDCOUNT 2 with two questions", head(qd=2) + ask() + ask()
    yield "QDCOUNT 2 with one question", head(qd=2) + ask()
    yield "QDCOUNT 65535", head(qd=65535) + ask()
    yield "ANCOUNT says one, none there", head(an=1) + ask()
    yield "ARCOUNT says 65535, none there", head(ar=65535) + ask()
    yield "NSCOUNT says one, none there", head(ns=1) + ask()
    yield "opcode 15", head(flags=0x7900) + ask()
    yield "opcode UPDATE", head(flags=0x2900) + ask(rtype=6)
    yield "opcode NOTIFY", head(flags=0x2100) + ask(rtype=6)
    yield "a response", head(flags=0x8180) + ask()
    yield "octets after the end", head() + ask() + b"\0" * 40
    yield "a question cut in its type", head() + NAME + b"\0"


def names():
    yield "a name without an end", head() + b"\x03api\x06camera"
    yield "a label of 64 octets", head() + ask(b"\x40" + b"a" * 64 + b"\0")
    yield "a label of type 10", head() + ask(b"\x80" + b"a" * 63 + b"\0")
    yield "a name of 256 octets", head() + ask((b"\x3f" + b"a" * 63) * 4 + b"\0")
    yield "a name of 1024 octets", head() + ask((b"\x3f" + b"a" * 63) * 16 + b"\0")
    yield "a pointer to itself", head() + ask(b"\xc0\x0c")
    yield "two pointers to each other", head() + ask(b"\xc0\x0e\xc0\x0c")
    yield "a label, then a pointer back to it", head() + ask(b"\x03api\xc0\x0c")
    yield "a pointer forward", head() + ask(b"\xc0\x20") + b"\0" * 40
    yield "a pointer past the end", head() + ask(b"\xff\xff")
    yield "a pointer into the header", head() + ask(b"\xc0\x00")
    yield "a pointer cut in half", head() + b"\xc0"
    chain = b"".join(struct.pack("!H", 0xc000 | (12 + 2 * (i + 1))) for i in range(120))
    yield "a chain of 120 pointers", head() + ask(chain + b"\0")


def edns():
    full = head(ar=1) + ask()
    yield "OPT twice", head(ar=2) + ask() + opt() + opt()
    yield "OPT in the answer section", head(an=1) + ask() + opt()
    yield "OPT owned by a name", full + opt(owner=NAME)
    yield "OPT whose length lies", full + opt(length=9)
    yield "an option whose length lies", full + opt(options=option(10, b"12345678", length=40))
    yield "an option cut in its code", full + opt(options=b"\0")
    yield "a cookie of 7 octets", full + opt(options=option(10, b"1234567"))
    yield "a cookie of 41 octets", full + opt(options=option(10, b"x" * 41))
    yield "client subnet longer than its prefix", full + opt(options=option(8, b"\0\1\x08\0" + b"\1" * 9))
    yield "TSIG before OPT", head(ar=2) + ask() + b"\0" + struct.pack("!HHIH", 250, 255, 0, 0) + opt()


def rtypes():
    yield "type OPT asked", head() + ask(rtype=41)
    yield "type TSIG asked", head() + ask(rtype=250)
    yield "type AXFR asked over UDP", head() + ask(rtype=252)
    yield "class 0", head() + ask(rclass=0)
    yield "class NONE", head() + ask(rclass=254)


def noise(seed=1, count=64):
    """Random octets, and a good query with random octets changed."""
    rng = random.Random(seed)
    good = bytearray(head(ar=1) + ask() + opt(options=option(10, b"12345678")))
    for i in range(count):
        yield f"random octets {i}", rng.randbytes(rng.randrange(2, 600))
        yield f"cut {i}", bytes(good[:rng.randrange(1, len(good) - 1)])


def all_kinds():
    """Every kind whose only right answer is an error or silence."""
    for kind in (headers, names, edns, rtypes, noise):
        yield from kind()
