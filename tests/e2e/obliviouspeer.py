# SPDX-License-Identifier: Apache-2.0
"""HPKE (RFC 9180 base mode, X25519, SHA-256) and the envelopes of Oblivious DoH (RFC 9230), over python3-cryptography.

Written from the RFCs; shares nothing with weir. Key is a target's key pair; what it opens and seals is judged against weir's by
tests/unit/transport/make_odoh.py.
"""
import hashlib
import hmac
import struct

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

MEDIA_TYPE = "application/oblivious-dns-message"
KEY_SIZES = {1: 16, 2: 32, 3: 32}
KEM = b"KEM\x00\x20"


def extract(salt, ikm):
    return hmac.new(salt or bytes(32), ikm, hashlib.sha256).digest()


def expand(prk, info, size):
    out = block = b""
    for number in range(1, 256):
        if len(out) >= size:
            break
        block = hmac.new(prk, block + info + bytes([number]), hashlib.sha256).digest()
        out += block
    return out[:size]


def labeled_extract(suite, salt, label, ikm):
    return extract(salt, b"HPKE-v1" + suite + label + ikm)


def labeled_expand(suite, prk, label, info, size):
    return expand(prk, struct.pack(">H", size) + b"HPKE-v1" + suite + label + info, size)


def public_of(secret):
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def product(secret, public):
    return X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(public))


def cipher(aead, key):
    return (ChaCha20Poly1305 if aead == 3 else AESGCM)(key)


class Context:
    """One HPKE context; for one message, so the nonce is the base nonce."""

    def __init__(self, aead, shared, enc, recipient, info):
        secret = labeled_expand(KEM, labeled_extract(KEM, b"", b"eae_prk", shared), b"shared_secret", enc + recipient, 32)
        self.aead, self.suite = aead, b"HPKE" + struct.pack(">HHH", 0x20, 1, aead)
        schedule = b"\x00" + labeled_extract(self.suite, b"", b"psk_id_hash", b"") + labeled_extract(self.suite, b"", b"info_hash", info)
        secret = labeled_extract(self.suite, secret, b"secret", b"")
        self.cipher = cipher(aead, labeled_expand(self.suite, secret, b"key", schedule, KEY_SIZES[aead]))
        self.nonce = labeled_expand(self.suite, secret, b"base_nonce", schedule, 12)
        self.exporter = labeled_expand(self.suite, secret, b"exp", schedule, 32)

    def export(self, context, size):
        return labeled_expand(self.suite, self.exporter, b"sec", context, size)


def plaintext(message, padding):
    return struct.pack(">H", len(message)) + message + struct.pack(">H", padding) + bytes(padding)


def message_of(plain):
    size = struct.unpack(">H", plain[:2])[0]
    return plain[2:2 + size]


def padding(size, block):
    return -size % block


def envelope(kind, ident, sealed):
    return bytes([kind]) + struct.pack(">H", len(ident)) + ident + struct.pack(">H", len(sealed)) + sealed


def taken(kind, wire):
    """The key id (or nonce) and what is sealed."""
    assert wire[0] == kind, "not the kind of message"
    size = struct.unpack(">H", wire[1:3])[0]
    ident, rest = wire[3:3 + size], wire[3 + size:]
    assert struct.unpack(">H", rest[:2])[0] == len(rest) - 2
    return ident, rest[2:]


class Exchange:
    """One query, seen by whoever knows its plain text: `wire` as it travels, `plain` as it is sealed."""

    def __init__(self, context, plain, wire):
        self.context, self.plain, self.wire = context, plain, wire

    def keys(self, nonce):
        size = KEY_SIZES[self.context.aead]
        prk = extract(self.plain + struct.pack(">H", len(nonce)) + nonce, self.context.export(b"odoh response", size))
        return cipher(self.context.aead, expand(prk, b"odoh key", size)), expand(prk, b"odoh nonce", 12)

    def response(self, message, pad, nonce):
        seal, once = self.keys(nonce)
        return envelope(2, nonce, seal.encrypt(once, plaintext(message, pad), b"\x02" + struct.pack(">H", len(nonce)) + nonce))

    def open_response(self, wire):
        nonce, sealed = taken(2, wire)
        seal, once = self.keys(nonce)
        return seal.decrypt(once, sealed, b"\x02" + struct.pack(">H", len(nonce)) + nonce)


class Key:
    """A target's key, with its secret (made from a seed) or without it (public)."""

    def __init__(self, seed=None, aead=1, public=None):
        self.seed, self.aead = seed, aead
        self.secret = seed and labeled_expand(KEM, labeled_extract(KEM, b"", b"dkp_prk", seed), b"sk", b"", 32)
        self.public = public or public_of(self.secret)
        self.ident = expand(extract(b"", content(self)), b"odoh key id", 32)

    def nonce_size(self):
        return max(KEY_SIZES[self.aead], 12)

    def ask(self, message, pad, ephemeral):
        enc, plain = public_of(ephemeral), plaintext(message, pad)
        context = Context(self.aead, product(ephemeral, self.public), enc, self.public, b"odoh query")
        sealed = context.cipher.encrypt(context.nonce, plain, b"\x01\x00\x20" + self.ident)
        return Exchange(context, plain, envelope(1, self.ident, enc + sealed))

    def open_query(self, wire):
        ident, sealed = taken(1, wire)
        assert ident == self.ident, "another key"
        context = Context(self.aead, product(self.secret, sealed[:32]), sealed[:32], self.public, b"odoh query")
        plain = context.cipher.decrypt(context.nonce, sealed[32:], b"\x01\x00\x20" + ident)
        return Exchange(context, plain, wire)


def content(key):
    return struct.pack(">HHHH", 0x20, 1, key.aead, len(key.public)) + key.public


def config(key, version=1):
    return struct.pack(">HH", version, len(content(key))) + content(key)


def framed(octets):
    return struct.pack(">H", len(octets)) + octets


def configs(keys):
    return framed(b"".join(config(key) for key in keys))


def first_key(octets):
    """The first configuration that is known here."""
    assert struct.unpack(">H", octets[:2])[0] == len(octets) - 2
    at = 2
    while at < len(octets):
        version, size = struct.unpack(">HH", octets[at:at + 4])
        body, at = octets[at + 4:at + 4 + size], at + 4 + size
        kem, kdf, aead, public = struct.unpack(">HHHH", body[:8])
        if (version, kem, kdf, public) == (1, 0x20, 1, 32) and aead in KEY_SIZES:
            return Key(aead=aead, public=body[8:])
    raise ValueError("no configuration that is known here")
