#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir ask against a server that lies, stalls, truncates and sends garbage; no lab needed."""

import json
import struct
import time

import mock
from mock import Dns, equal, need, weir

OPT = b"\0\0\x29\x04\xd0\0\0\0\0"


def question(query):
    end = 12
    while query[end]:
        end += query[end] + 1
    return query[12:end + 5]


def reply(query, rcode=0, bits=0x8180, answers=(b"\xc0\0\2\1",), options=b"", name=None):
    asked = question(query) if name is None else name
    body = query[:2] + struct.pack("!HHHHH", bits | rcode & 15, 1, len(answers), 0, 1) + asked
    for data in answers:
        body += b"\xc0\x0c\0\1\0\1\0\0\1\x2c" + struct.pack("!H", len(data)) + data
    opt = OPT[:5] + bytes([rcode >> 4]) + OPT[6:] + struct.pack("!H", len(options)) + options
    return body + opt


def stream(message):
    return struct.pack("!H", len(message)) + message


def option(code, data):
    return struct.pack("!HH", code, len(data)) + data


def short(server, *words):
    done = weir("ask", server, "www.example", "+short", "+timeout=5", "+retry=0", *words)
    return done.returncode, done.stdout.split()


@mock.test("a plain answer over UDP, and over TCP with +tcp")
def plain():
    with Dns(lambda q: [reply(q)], lambda q: [stream(reply(q))]) as server:
        equal(short(server.server), (0, ["192.0.2.1"]))
        equal(short(server.server, "+tcp"), (0, ["192.0.2.1"]))
        equal([p for p, _ in server.seen], ["udp", "tcp"])


def lies(query):
    other = question(query).replace(b"www", b"wvw")
    yield bytes([query[0] ^ 1]) + reply(query, answers=(b"\xc6\x33\x64\1",))[1:]
    yield reply(query, name=other, answers=(b"\xc6\x33\x64\2",))
    yield reply(query, bits=0x0100, answers=(b"\xc6\x33\x64\3",))
    yield b"\xff" * 5
    yield b""
    yield reply(query, name=question(query)[:-4] + b"\0\x1c\0\1", answers=(b"\xc6\x33\x64\4",))


@mock.test("wrong id, name, type, a query and garbage are passed over, the truth behind them is taken")
def liar():
    with Dns(lambda q: [*lies(q), reply(q)], lambda q: [stream(m) for m in (*lies(q), reply(q))]) as server:
        for words in ((), ("+tcp",)):
            equal(short(server.server, *words), (0, ["192.0.2.1"]))
            done = weir("ask", server.server, "www.example", "+json", *words)
            equal(json.loads(done.stdout)["wrong_replies"], 6)


@mock.test("lies alone: given up, with words, status 1, before they are without end")
def only_lies():
    with Dns(lambda q: list(lies(q)) * 10) as server:
        done = weir("ask", server.server, "www.example", "+timeout=20", "+retry=0")
        equal((done.returncode, done.stdout), (1, ""))
        need("too many replies" in done.stderr, done.stderr)


@mock.test("TC: asked again over TCP; with +ignore it is shown as it is")
def truncated():
    with Dns(lambda q: [reply(q, bits=0x8380, answers=())], lambda q: [stream(reply(q))]) as server:
        equal(short(server.server), (0, ["192.0.2.1"]))
        done = weir("ask", server.server, "www.example", "+ignore")
        need(" tc " in done.stdout.split(";; Flags:")[1].split(";")[0] + " ", done.stdout)
        equal([p for p, _ in server.seen], ["udp", "tcp", "udp"])


@mock.test("silence: each try has its time, and they are as many as were wanted")
def silence():
    with Dns() as server:
        start = time.monotonic()
        done = weir("ask", server.server, "www.example", "+timeout=0.2", "+retry=2")
        took = time.monotonic() - start
        equal(done.returncode, 1)
        need("127.0.0.1" in done.stderr and "no reply in time" in done.stderr, done.stderr)
        need(0.6 <= took < 5, took)
        equal(len(server.seen), 3)
        need(len({q[:2] for _, q in server.seen}) == 1, "the id changed between tries")


@mock.test("TCP that ends early, stalls or comes octet by octet")
def bad_streams():
    plays = {
        "ends at once": (lambda q: [], 1, "closed"),
        "ends in the middle": (lambda q: [stream(reply(q))[:20]], 1, "closed"),
        "promises nothing": (lambda q: [b"\0\0"] * 40, 1, "too many"),
    }
    for name, (play, status, says) in plays.items():
        with Dns(tcp=play) as server:
            done = weir("ask", server.server, "www.example", "+tcp", "+timeout=5")
            equal(done.returncode, status, name)
            need(says in done.stderr, f"{name}: {done.stderr}")
    with Dns(tcp=lambda q: [stream(reply(q))[i:i + 1] for i in range(len(stream(reply(q))))]) as server:
        equal(short(server.server, "+tcp"), (0, ["192.0.2.1"]))


@mock.test("a malformed answer is shown as such, never a crash; strangers' text cannot write to the terminal")
def malformed():
    def cut(query):
        return [reply(query)[:-3]]
    with Dns(cut) as server:
        done = weir("ask", server.server, "www.example")
        equal(done.returncode, 0)
        need("malformed" in done.stdout and "192.0.2.1" not in done.stdout, done.stdout)
    ede = option(15, b"\0\x03\x1b]0;title\x07") + option(3, b"\x1b[2J")
    with Dns(lambda q: [reply(q, options=ede)]) as server:
        for words in ((), ("+json",), ("+qr",)):
            done = weir("ask", server.server, "www.example", *words)
            need("\x1b" not in done.stdout and "\x07" not in done.stdout, repr(done.stdout))
            need("Stale Answer" in done.stdout, done.stdout)


@mock.test("extended errors, cookies and sizes come out in JSON")
def as_json():
    with Dns(lambda q: [reply(q, rcode=3, answers=(), options=option(15, b"\0\x16no way") +
                              option(15, b"\0\x17") + option(10, b"12345678abcdefgh"))]) as server:
        done = weir("ask", server.server, "www.example", "AAAA", "+json", "+cookie")
        got = json.loads(done.stdout)
        equal((done.returncode, got["rcode"], got["answer"]), (0, "NXDOMAIN", []))
        equal([(e["code"], e["text"]) for e in got["ede"]], [(22, "no way"), (23, "")])
        equal(got["cookie"], b"12345678abcdefgh".hex())
        equal(got["question"], {"name": "www.example.", "type": "AAAA", "class": "IN"})
        need(got["size"] > 12 and got["time_ms"] >= 0, got)


@mock.test("BADCOOKIE: once more with the server's cookie, and only once")
def badcookie():
    def play(query):
        cookie = query[query.index(b"\0\x0a\0") + 4:]
        return [reply(query, rcode=23, answers=(), options=option(10, cookie[:8] + b"serverck"))]
    with Dns(play) as server:
        done = weir("ask", server.server, "www.example", "+cookie")
        equal(done.returncode, 0)
        need("BADCOOKIE" in done.stdout, done.stdout)
        equal(len(server.seen), 2)
        need(b"serverck" in server.seen[1][1] and b"serverck" not in server.seen[0][1], server.seen)
        weir("ask", server.server, "www.example", "+cookie", "+nobadcookie")
        equal(len(server.seen), 3)


@mock.test("several questions in one call: one answer each, status 1 when one has none")
def several():
    def play(query):
        return [] if b"silent" in query else [reply(query)]
    with Dns(play) as server:
        done = weir("ask", server.server, "+json", "+timeout=0.2", "+retry=0", "a.example", "silent.example",
                    "b.example", "+cd")
        equal(done.returncode, 1)
        got = [json.loads(line) for line in done.stdout.splitlines()]
        equal([g["question"]["name"] for g in got], ["a.example.", "silent.example.", "b.example."])
        equal(["error" in g for g in got], [False, True, False])
        equal([bool(q[3] & 0x10) for _, q in server.seen], [False, False, True])


@mock.test("a port where nobody listens: status 1 at once, with the reason")
def refused():
    with Dns() as server:
        pass
    start = time.monotonic()
    done = weir("ask", server.server, "www.example")
    equal(done.returncode, 1)
    need("refused" in done.stderr and time.monotonic() - start < 3, done.stderr)


@mock.test("a reply of 64 KiB over TCP is printed whole; output that cannot be written is a failure")
def large():
    many = tuple(struct.pack("!I", 0x0a000000 + i) for i in range(4000))
    with Dns(tcp=lambda q: [stream(reply(q, answers=many))]) as server:
        status, lines = short(server.server, "+tcp")
        equal((status, len(lines), lines[-1]), (0, 4000, "10.0.15.159"))
        with open("/dev/full", "w") as full:
            done = mock.subprocess.run([mock.WEIR, "ask", server.server, "www.example", "+tcp"], stdout=full,
                                       stderr=mock.subprocess.PIPE, timeout=20, check=False)
        equal(done.returncode, 1)


mock.main()
