# SPDX-License-Identifier: Apache-2.0
"""Attacks on listeners of encrypted DNS: floods of HTTP/2 that cost more than they get done, heads without end, handshakes.

Beside each a client that plays fair asks on a connection of its own. How each is bounded in weir, and many more of the kind, is in
tests/e2e/doh_abuse.py, dot.py and doq.py, without peers.
"""
import os
import socket
import ssl
import struct
import sys
import tempfile
import threading
import time

import dns.message

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path += [os.path.join(TOP, "lab"), os.path.join(TOP, "tests", "e2e")]
import certs    # noqa: E402 pylint: disable=wrong-import-position
import h2raw    # noqa: E402 pylint: disable=wrong-import-position
from cases import Figure, case    # noqa: E402 pylint: disable=wrong-import-position
from h2raw import CONTINUATION, HEADERS, PING, RST_STREAM, SETTINGS, frame    # noqa: E402 pylint: disable=wrong-import-position
from resolvers import DOH, DOT    # noqa: E402 pylint: disable=wrong-import-position

PATH = b"/dns-query"
ASKED, WAIT_S, PACE_S, ALL_S = 100, 2.0, 0.02, 20.0
SHARE = 95.0
FRAMES = 100            # at once
MOST = 200 * FRAMES     # of one connection
HANDSHAKES = 1500
HEAD = h2raw.get_head(PATH + b"?dns=AAABAAABAAAAAAAABGdvb2QCenoAAAEAAQ")      # good.zz A
ENTRY = b"\x40" + h2raw.string(b"y") + h2raw.string(b"a" * 4000)                # of the table; 0xbe names it again


def prepare(world):
    if not hasattr(world, "identity"):
        ca = certs.Authority(tempfile.mkdtemp(prefix="attacks-certs-"))
        world.identity = ca.issue("server", ["dns.example"], ["127.0.0.1"])
        world.trust = lambda: ssl.create_default_context(cafile=ca.path)


# --- floods of HTTP/2 ----------------------------------------------------------------------------------

def resets(i):
    """Questions that are taken back at once."""
    return b"".join(frame(HEADERS, 5, n, HEAD) + frame(RST_STREAM, 0, n, struct.pack("!I", 8))
                    for n in range(FRAMES * i + 1, FRAMES * (i + 1), 2))


def continuations(i):
    """A head that has no end; the first HEADERS do not end it."""
    return (frame(HEADERS, 1, 1, HEAD) if i == 0 else b"") + frame(CONTINUATION, 0, 1, b"") * FRAMES


def settings(_):
    """Each wants an acknowledgement."""
    return frame(SETTINGS, 0, 0, struct.pack("!HI", 4, 65535)) * FRAMES


def pings(_):
    return frame(PING, 0, 0, bytes(8)) * FRAMES


def bombs(i):
    """Sixteen thousand octets that stand for 64 MB of head."""
    return frame(HEADERS, 5, 2 * i + 1, HEAD + (ENTRY if i == 0 else b"\xbe" * 16000))


class Naive:
    """Does what every frame wants, as a server would that bounds nothing; what it has done."""

    def __init__(self, octets):
        self.frames = self.questions = self.replies = self.head_octets = 0
        while octets:
            size = int.from_bytes(octets[:3], "big")
            kind, flags, payload = octets[3], octets[4], octets[9:9 + size]
            octets = octets[9 + size:]
            self.frames += 1
            self.questions += kind == HEADERS and bool(flags & 4)
            self.replies += kind in (SETTINGS, PING)
            self.head_octets += size + 4001 * payload.count(b"\xbe") if kind in (HEADERS, CONTINUATION) else 0


def control(make, batches=MOST // FRAMES):
    seen = Naive(b"".join(make(i) for i in range(batches)))
    return [Figure("frames", seen.frames), Figure("questions begun", seen.questions), Figure("replies", seen.replies),
            Figure("octets of heads", seen.head_octets)]


def pour(trust, make, done):
    """One connection of the attacker: how many frames were taken before it was closed."""
    raw, frames = h2raw.Raw(DOH[1], trust, seconds=3), 0
    try:
        for i in range(MOST // FRAMES):
            if done.is_set():
                break
            octets = make(i)
            raw.send(octets)
            frames += Naive(octets).frames
    except OSError:
        pass
    raw.close()
    return frames


def fair(trust):
    """The share of questions that were answered in time, in percent."""
    answered, client, wire = 0, None, dns.message.make_query("good.zz", "A").to_wire()
    end = time.monotonic() + ALL_S
    for _ in range(ASKED):
        if time.monotonic() > end:
            break       # the rest counts as not answered
        try:
            client = client or h2raw.Fair(DOH[1], trust, seconds=WAIT_S)
            answered += client.ask(wire, PATH) is not None
        except OSError:
            client = None
        time.sleep(PACE_S)      # a pace: the attack is to have its turns
    return 100.0 * answered / ASKED


def beside(world, resolver, attack):
    """Runs `attack(done)` over and over while the fair client asks: figures of it, and what each attack said."""
    said, done = [], threading.Event()

    def run():
        while not done.is_set():
            try:
                said.append(attack(done))
            except OSError:
                said.append(None)       # not even a handshake
    thread = threading.Thread(target=run, daemon=True)
    cpu, began = resolver.cpu_ms(), time.monotonic()
    thread.start()
    share = fair(world.trust())
    done.set()
    seconds = time.monotonic() - began
    thread.join(30)
    assert not thread.is_alive(), "the attack never ended"
    return [Figure("others answered %", share, SHARE, True), Figure("cpu %", (resolver.cpu_ms() - cpu) / seconds / 10)], said


def flood(world, resolver, make, most):
    found, said = beside(world, resolver, lambda done: pour(world.trust(), make, done))
    frames = [frames for frames in said if frames is not None]
    return found + [Figure("connections", len(frames)), Figure("turned away", len(said) - len(frames)),
                    Figure("frames taken of one", max(frames), most),
                    Figure("alive", int(resolver.alive()), 1, True)]


def h2case(key, title, make, most):
    """Registers a flood; `most`: frames that weir may take of one connection before it closes it."""
    @case(key, title, prepare, lambda world: control(make), secure=True)
    def attack(world, resolver):
        return flood(world, resolver, make, most)
    return attack


h2case("rapidreset", "rapid reset (CVE-2023-44487): questions that are taken back at once", resets, MOST // 2)
h2case("continuation", "CONTINUATION flood (CVE-2024-28182): a head without an end", continuations, MOST // 2)
h2case("settings", "flood of SETTINGS, each wants an acknowledgement", settings, MOST // 2)
h2case("pings", "flood of PING", pings, MOST // 2)
h2case("hpack", "HPACK bomb: 16 kB that stand for 64 MB of head", bombs, 100)


# --- handshakes ----------------------------------------------------------------------------------------

def knock(trust, source):
    """One handshake over DoT, from this address; whether it was had."""
    try:
        with socket.create_connection(DOT, 3, (source, 0)) as plain, trust.wrap_socket(plain, server_hostname="dns.example"):
            return True
    except OSError:
        return False


def control_handshakes(world):
    """Who takes every one."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(world.identity.chain, world.identity.key)
    listener, spent = socket.create_server(DOT), []

    def serve():
        began = time.thread_time()
        for _ in range(HANDSHAKES):
            plain, _ = listener.accept()
            with server.wrap_socket(plain, server_side=True):
                pass
        spent.append(time.thread_time() - began)
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    trust = world.trust()
    had = sum(knock(trust, "127.0.0.9") for _ in range(HANDSHAKES))
    thread.join(10)
    listener.close()
    assert had == HANDSHAKES, had
    return [Figure("handshakes had", had), Figure("cpu ms", 1000 * sum(spent))]


@case("handshakes", "1500 handshakes over DoT as fast as one address can", prepare, control_handshakes, secure=True)
def handshakes(world, resolver):
    had = 0

    def attack(done):
        nonlocal had
        trust = world.trust()
        had += sum(knock(trust, "127.0.0.9") for _ in range(HANDSHAKES))
        done.wait()
    figures, _ = beside(world, resolver, attack)
    return figures + [Figure("handshakes had", had, HANDSHAKES // 3), Figure("cpu ms in all", resolver.cpu_ms())]
