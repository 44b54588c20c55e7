#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes odoh.txt beside it and tests/fuzz/corpus/odoh*/ (needs python3-cryptography).

HPKE and the envelopes are made by tests/e2e/obliviouspeer.py, which is written from RFC 9180 and RFC 9230 and shares nothing with weir. A line is a
name, the AEAD, the seed of the target's key, configurations, query, response, the plain query, the plain response. RFC 9230 has no vectors;
the first two lines are published with its reference implementation (draft-06, whose envelopes are the RFC's; the version in the configurations is
another, and is written as 1 here).
"""
import os
import struct
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "e2e")]
import obliviouspeer as o

PUBLISHED_SEED = "5e32c845d3453f73f4d899662ef64dc45c4b1d207944ccf1bcdefd04a232ee2c"
PUBLISHED_KEY = "3c7769245980d261c2189e4ed0e05e61d560263a88d6c6c5858187fe75392877"
PUBLISHED = [
    ("781e4a0e2f758cd075d0483a6863c055c874df4169d6fcae1e0269b0eeb534e3", 0, 0,
     "0100202e8b2b5f69a41e7d019361cbf4319a29cf3bb5b694ac126b86c5e9bb86e0216f00545ed85db2d4aafe2d34538dfd7e455e83a644afa6e8c92e2b"
     "674f68322a0ed262736c8cf91cfe6127e6d4a3067cf955019ae866cd33c61253841af43a9dd60157e9d7cbabe351885f3a6b6c4c14d293763234319e",
     "020010b789220ab024661a4f05a040e6dc25220054c6a664f4dee4e78199a861e2697c7ed09d1a19203d27ea650dacc59edba93aa98c9e9309bddd946ff"
     "bcd091c638bd9bc41bf1877334601a49ca8b85417a9f194b5f3bac9d717dbc7075aba6ed832e6299e00fe5b"),
    ("766372fc22920221ae74cda3b580f4099860b0d61b8378022b57646137197300", 32, 64,
     "0100202e8b2b5f69a41e7d019361cbf4319a29cf3bb5b694ac126b86c5e9bb86e0216f007405feee2ca2bc0c4a77cd88e5b18cc40292e37e0b1b5ecd3c7"
     "a26e1afe4b6b35428106dc3ef832b26414ebe61fba5e08f76366dfeee42c6c1577e74c5b9a10eaabf0f534518ec73b73e258eeb4084aa7302384ef43b67"
     "9f43efbecd1b18f913b404c65d7e28a8f3b10f1b67579e825ae908e31bf5",
     "020010d0745c87448c594d9008ee8c66000e350094232eebb177e2fa5aded9905f14c3abcb2f4421d66ffce4970f54c2451838eaad0535c8fb5bee9b46a"
     "62edf1d2d8997fc40a49afd2a8641064b5925e7f69c18684fcf26e6ad37c0fe28e332a86ce0b539acf030fbcadfa175f249cc3dc1beeb449d6d3468ab69"
     "54425a838049d4c10015797678eed65bf8c3b05fa341f66859276002c1407453d1cfdb83d23833c01d16a4ba1a34"),
]


def rows():
    key = o.Key(bytes.fromhex(PUBLISHED_SEED))
    assert key.public.hex() == PUBLISHED_KEY
    for number, (text, query_pad, response_pad, query, response) in enumerate(PUBLISHED):
        plain = bytes.fromhex(text)
        assert key.open_query(bytes.fromhex(query)).plain == o.plaintext(plain, query_pad)
        assert key.open_query(bytes.fromhex(query)).open_response(bytes.fromhex(response)) == o.plaintext(plain * 2, response_pad)
        yield f"published-{number}", key, bytes.fromhex(query), bytes.fromhex(response), plain, plain * 2
    for aead in (1, 2, 3):
        key = o.Key(bytes([aead]) * 32, aead)
        for size, reply in ((12, 12), (128, 468), (129, 469), (300, 4096)):
            ask, answer = bytes(range(256)) * 2, bytes(range(1, 255)) * 20
            asked = key.ask(ask[:size], o.padding(size, 128), bytes([size % 251]) * 32)
            heard = key.open_query(asked.wire)
            nonce = bytes(range(32))[:key.nonce_size()]
            yield f"made-{aead}-{size}", key, asked.wire, heard.response(answer[:reply], o.padding(reply, 468), nonce), ask[:size], answer[:reply]


def corpus(kind, number, octets):
    folder = os.path.join(HERE, "..", "..", "fuzz", "corpus", kind)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, number), "wb") as f:
        f.write(octets)


def main():
    with open(os.path.join(HERE, "odoh.txt"), "w", encoding="ascii") as f:
        for name, key, query, response, ask, answer in rows():
            f.write(" ".join([name, str(key.aead), key.seed.hex(), o.configs([key]).hex(), query.hex(), response.hex(), ask.hex(), answer.hex()]) + "\n")
    keys = [o.Key(bytes([aead]) * 32, aead) for aead in (1, 2, 3)]
    corpus("odohconfigs", "one", o.configs(keys[:1]))
    corpus("odohconfigs", "three", o.configs(keys))
    corpus("odohconfigs", "other-version", o.framed(o.config(keys[0], version=0xff06) + o.config(keys[1])))
    corpus("odohconfigs", "other-suite", o.framed(struct.pack(">HHHHHH", 1, 12, 16, 1, 1, 4) + bytes(4) + o.config(keys[2])))
    corpus("odohconfigs", "none", bytes(2))
    fuzzed = o.Key(bytes(32))
    asked = fuzzed.ask(bytes(range(40)), 88, bytes([7]) * 32)
    corpus("odohquery", "good", asked.wire)
    corpus("odohquery", "text", o.plaintext(bytes(range(40)), 88))
    corpus("odohresponse", "text", o.plaintext(bytes(range(60)), 408))
    corpus("odohresponse", "good", fuzzed.open_query(asked.wire).response(bytes(range(60)), 408, bytes(range(16))))


if __name__ == "__main__":
    main()
