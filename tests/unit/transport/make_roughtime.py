#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes roughtime.txt beside it and tests/fuzz/corpus/roughtime/ (needs python3-cryptography).

Questions are made and replies signed by tests/e2e/roughserver.py, which is written from the draft and shares nothing with weir. A line is a name, the
verdict, midpoint and radius, and the octets of the reply; the first two are the key and the question with its nonce.
"""
import os
import struct
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "e2e"), os.path.join(HERE, "..", "..", "..", "lab")]
import roughserver as r

NOON = 1795780800
NONCE = bytes(range(32))
KEYS = r.Keys(b"vectors", NOON - 86400, NOON + 86400)


def question(nonce=NONCE):
    """With both versions, padded to 1024 octets."""
    values = {b"VER": struct.pack("<II", r.VERSION, r.DRAFT), b"SRV": r.digest(b"\xff", KEYS.public), b"NONC": nonce,
              b"TYPE": bytes(4), b"ZZZZ": b""}
    values[b"ZZZZ"] = bytes(1024 - len(r.message(values)))
    return r.packet(r.message(values))


OTHERS = [question(bytes([i]) * 32) for i in range(6)]


def rows():
    def one(name, verdict, midpoint=NOON, radius=5, **words):
        return name, verdict, midpoint, radius, r.reply(KEYS, question(), midpoint, radius, **words)
    yield one("plain", "time")
    yield one("version-1", "time", version=r.VERSION)
    yield one("wide", "time", NOON - 7, 3600)
    for others in range(1, 7):
        for index in range(others + 1):
            yield one(f"tree-{others + 1}-{index}", "time", others=OTHERS[:others], index=index)
    yield one("first-moment", "time", KEYS.begins)
    yield one("last-moment", "time", KEYS.ends)
    yield one("no-type", "time", tags={b"TYPE": None})
    yield one("unknown-tag", "time", tags={b"ABCD": b"grease!!", b"ZYX": b""})
    yield one("too-early", "forged", KEYS.begins - 1)
    for lie, verdict in (("key", "forged"), ("online", "forged"), ("certificate", "forged"), ("midpoint", "forged"),
                         ("response", "forged"), ("nonce", "foreign"), ("radius", "foreign"), ("cut", "foreign")):
        yield one(f"lie-{lie}", verdict, lie=lie)
    yield one("lie-path", "forged", lie="path", others=OTHERS[:1])
    yield one("lie-index", "forged", lie="index", others=OTHERS[:3], index=1)
    yield one("other-index", "forged", others=OTHERS[:3], index=1, tags={b"INDX": struct.pack("<I", 2)})
    yield one("whose", "forged", tags={b"CERT": r.message({b"DELE": r.read(KEYS.certificate)[b"DELE"], b"SIG": bytes(64)})})
    for tag in (b"SIG", b"NONC", b"PATH", b"SREP", b"CERT", b"INDX"):
        yield one(f"without-{tag.decode()}", "foreign", tags={tag: None})
    yield one("a-question", "foreign", tags={b"TYPE": bytes(4)})
    yield one("version-of-none", "foreign", version=2)
    yield one("long-path", "foreign", tags={b"PATH": bytes(33 * 32)})
    yield one("odd-path", "foreign", tags={b"PATH": bytes(36)})
    replayed = r.reply(KEYS, question(bytes(32)), NOON)
    yield "replayed", "foreign", NOON, 5, replayed
    values = r.read(replayed[12:])
    yield "replayed-under-our-nonce", "forged", NOON, 5, r.packet(r.message({**values, b"NONC": NONCE}))


def main():
    corpus = os.path.join(HERE, "..", "..", "fuzz", "corpus", "roughtime")
    os.makedirs(corpus, exist_ok=True)
    with open(os.path.join(HERE, "roughtime.txt"), "w", encoding="ascii") as f:
        f.write(f"key - 0 0 {KEYS.public.hex()}\nquestion - 0 0 {question().hex()}\n")
        link = r.digest(question(), NONCE)
        f.write(f"link - 0 0 {link.hex()}\n")
        for name, verdict, midpoint, radius, wire in rows():
            f.write(f"{name} {verdict} {midpoint} {radius} {wire.hex()}\n")
            if not name.startswith("tree") or name in ("tree-2-1", "tree-6-3"):
                with open(os.path.join(corpus, name), "wb") as one:
                    one.write(wire)


if __name__ == "__main__":
    main()
