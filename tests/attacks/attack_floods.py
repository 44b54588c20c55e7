# SPDX-License-Identifier: Apache-2.0
"""Attacks by many: pulses of answers, messages that are dear to read, floods that take the others' place."""
import random
import select
import socket
import struct
import subprocess
import time

import dns.flags
import dns.message
import dns.rdatatype as T

from authority import roomy
from cases import Figure, case

INFLIGHT = 256          # limits.client_inflight
BOMB_QUERIES, BOMB_S = 400, 0.12
BOMB_TXT = 4            # strings of 250 octets in each answer
FLOOD_S, FLOOD_RATE, FLOODERS = 4.0, 3000, 3
OTHERS, OTHERS_RATE = 20, 200
SHARE = 95.0
BOMBS = 100
RESOLVER = ("127.0.0.1", 5300)


# --- DNSBomb -----------------------------------------------------------------------------------------

def big_answer(query):
    question = query.question[0].name.to_wire() + b"\0\x10\0\1"
    text = (b"\xfa" + b"x" * 250) * BOMB_TXT
    return (struct.pack(">HHHHHH", query.id, 0x8400, 1, 1, 0, 0) + question
            + b"\xc0\x0c\0\x10\0\1" + struct.pack(">IH", 60, len(text)) + text)


def prepare_bomb(world):
    """Holds all questions for a text, and says all answers at once."""
    held = world.bomb = []

    def on_query(query, sock, client, tcp):
        if query.question[0].rdtype == T.TXT and not tcp:
            held.append((sock, big_answer(query), client))
            return None
        return big_answer(query) if query.question[0].rdtype == T.TXT else dns.message.make_response(query).to_wire()
    zone = world.child("bomb.zz.")
    world.bomb_address = zone.address
    world.servers.on_query[zone.address] = on_query


def pulse(world, to, word):
    """(answers in the busiest hundredth of a second, octets of it, octets of one query): what a victim would be hit by."""
    world.bomb.clear()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        roomy(s)
        for i in range(BOMB_QUERIES):
            query = dns.message.make_query(f"{word}{i}.bomb.zz", "TXT", use_edns=0, payload=1232).to_wire()
            s.sendto(query, to)
            if i % 20 == 0:
                time.sleep(BOMB_S * 20 / BOMB_QUERIES)
        time.sleep(BOMB_S)
        answers = list(world.bomb)
        s.setblocking(False)
        try:
            while True:
                s.recv(65536)               # what came at once: refusals
        except BlockingIOError:
            pass
        for sock, wire, client in answers:
            sock.sendto(wire, client)
        seen, end = [], time.monotonic() + 1.0
        while time.monotonic() < end:
            if select.select([s], [], [], 0.05)[0]:
                seen.append((time.monotonic(), len(s.recv(65536))))
    world.bomb.clear()
    full = [size for _, size in seen if size > 512]
    return len(full), sum(full), len(query)


def control_bomb(world):
    """Who bounds nobody (here: the questions go to the server itself) gives all of it back at once."""
    count, octets, query = pulse(world, (world.bomb_address, 53), "c")
    assert count >= BOMB_QUERIES * 0.8, count
    return [Figure("answers in the pulse", count), Figure("octets", octets), Figure("times a query", octets / query)]


@case("dnsbomb", "DNSBomb: 400 questions of one client gathered, answered at once", prepare_bomb, control_bomb)
def dnsbomb(world, resolver):
    count, octets, query = pulse(world, RESOLVER, "r")
    return [Figure("answers in the pulse", count, INFLIGHT), Figure("octets", octets), Figure("times a query", octets / query)]


# --- messages that are dear to read --------------------------------------------------------------------

def compression_bomb(number, head):
    """64 KiB of records whose owners are all pointers to a name of 127 labels."""
    owner = b"\1a" * 127 + b"\0"
    record = b"\xff\0\0\1\0\0\0\0\0\0"
    pointer = 12
    count = (65000 - len(owner) - 4) // 12
    question = owner + b"\0\1\0\1"
    return struct.pack(">HHHHHH", number, head, 1, 0, 0, count) + question + (struct.pack(">H", 0xc000 | pointer) + record) * count


def option_bomb(number, head):
    """An OPT record of sixteen thousand empty options."""
    options = struct.pack(">HH", 65001, 0) * 16000
    opt = b"\0\0\x29\x04\xd0\0\0\0\0" + struct.pack(">H", len(options)) + options
    return struct.pack(">HHHHHH", number, head, 1, 0, 0, 1) + b"\4good\2zz\0\0\1\0\1" + opt


def prepare_bombs(world):
    def on_query(query, sock, client, tcp):
        reply = dns.message.make_response(query)
        if query.question[0].rdtype != T.A:
            return reply.to_wire()
        if not tcp:
            reply.flags |= dns.flags.TC
            return reply.to_wire()
        wire = reply.to_wire()
        question = wire[12:12 + len(query.question[0].name.to_wire()) + 4]
        bomb = option_bomb(query.id, 0x8400) if b"option" in question else b""
        if bomb:
            return bomb[:12] + question + bomb[12 + 13:]
        deep = b"\1a" * 100 + b"\0"
        first = b"\xc0\x0c" + b"\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"
        anchor = deep + b"\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"
        at = 12 + len(question) + len(first)
        count = (65000 - at - len(anchor)) // 16
        more = (struct.pack(">H", 0xc000 | at) + b"\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1") * count
        return struct.pack(">HHHHHH", query.id, 0x8400, 1, 1, 0, count + 1) + question + first + anchor + more
    zone = world.child("bombs.zz.")
    world.servers.on_query[zone.address] = on_query


def stream_bombs(wire):
    """How many of the bombs got a reply or an end of the stream."""
    done = 0
    for _ in range(BOMBS):
        try:
            with socket.create_connection(RESOLVER, 3) as s:
                s.sendall(struct.pack(">H", len(wire)) + wire)
                s.recv(4096)
                done += 1
        except TimeoutError:
            pass
        except OSError:
            done += 1
    return done


def control_bombs(world):
    """dnspython reads every owner of the message in full."""
    wire = compression_bomb(1, 0x0100)
    began = time.process_time()
    message = dns.message.from_wire(wire, one_rr_per_rrset=True)
    octets = sum(len(rrset.name.to_wire()) for rrset in message.additional)
    assert octets > 1 << 20, octets
    return [Figure("octets of names in 64 KiB", octets), Figure("cpu ms", 1000 * (time.process_time() - began))]


@case("bombs", "compression bombs and bombs of EDNS options, from clients and from servers", prepare_bombs, control_bombs)
def bombs(world, resolver):
    found = []
    for word, wire in (("names", compression_bomb(1, 0x0100)), ("options", option_bomb(1, 0x0100))):
        cpu = resolver.cpu_ms()
        done = stream_bombs(wire)
        found += [Figure(f"{word}: ended", done, BOMBS, True), Figure(f"{word}: cpu ms each", (resolver.cpu_ms() - cpu) / BOMBS, 2.0)]
    cpu = resolver.cpu_ms()
    for word in ("names", "option"):
        for i in range(5):
            resolver.ask(f"{word}{i}.bombs.zz", seconds=6)
    found.append(Figure("from servers: cpu ms each", (resolver.cpu_ms() - cpu) / 10, 40))
    return found + [Figure("alive", int(resolver.alive() and bool(resolver.ask("b.good.zz"))), 1, True)]


# --- random subdomains ---------------------------------------------------------------------------------

def prepare_flood(world):
    """The victim's server is a socket that nobody reads."""
    address = world.address()
    subprocess.run(["ip", "addr", "add", f"{address}/32", "dev", "lo"], check=True)
    world.hole = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    world.hole.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    world.hole.bind((address, 53))
    world.tld.delegate("flood.zz.", [("ns.flood.zz.", address)])
    for i in range(FLOODERS):
        subprocess.run(["ip", "addr", "add", f"10.54.0.{i + 1}/32", "dev", "lo"], check=True)
    for i in range(OTHERS):
        subprocess.run(["ip", "addr", "add", f"10.54.1.{i + 1}/32", "dev", "lo"], check=True)


def bound(address):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    s.bind((address, 0))
    s.connect(RESOLVER)
    s.setblocking(False)
    return s


def wire_query(labels, number):
    owner = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + owner + b"\0\1\0\1"


def flood(rate, run):
    """Share of the others' questions answered in percent, while flooders ask `rate` random names a second."""
    flooders = [bound(f"10.54.0.{i + 1}") for i in range(FLOODERS)]
    others = [bound(f"10.54.1.{i + 1}") for i in range(OTHERS)]
    asked = answered = bad = flooded = 0
    waiting = {}
    began = time.monotonic()
    end = began + FLOOD_S
    while True:
        now = time.monotonic()
        if now >= end + 1.5:
            break
        while now < end and flooded < (now - began) * rate:
            flooded += 1
            try:
                flooders[flooded % FLOODERS].send(wire_query([b"r%08x" % random.randrange(1 << 32), b"flood", b"zz"], flooded % 65536))
            except OSError:
                pass
        while now < end and asked < (now - began) * OTHERS_RATE:
            asked += 1
            first = b"h%d-%d" % (run, asked) if asked % 2 else b"cached"       # half of them are new names
            waiting[asked % 65536] = now
            others[asked % OTHERS].send(wire_query([first, b"good", b"zz"], asked % 65536))
        for s in select.select(others, [], [], 0.001)[0]:
            try:
                reply = s.recv(4096)
            except OSError:
                continue
            sent = waiting.pop(struct.unpack(">H", reply[:2])[0], None)
            if sent is None or reply[3] & 15:
                bad += 1
            elif now - sent <= 2.0:
                answered += 1
        for s in flooders:
            try:
                while True:
                    s.recv(4096)
            except OSError:
                pass
    for s in flooders + others:
        s.close()
    return 100.0 * answered / asked, flooded


def control_flood(world):
    """A queue of a hundred places, first come first served, each held for two seconds: the others' share of it."""
    places, held_s = 100, 2.0
    busy, asked, served, turn = [], 0, 0, 0.0
    for step in range(int(FLOOD_S * (FLOOD_RATE + OTHERS_RATE))):
        turn = step / (FLOOD_RATE + OTHERS_RATE)
        busy = [t for t in busy if t > turn] if step % 16 == 0 else busy
        other = step % ((FLOOD_RATE + OTHERS_RATE) // OTHERS_RATE) == 0
        asked += other
        if len(busy) < places:
            served += other
            busy.append(turn + (0.01 if other else held_s))
    share = 100.0 * served / asked
    assert share < SHARE, share
    return [Figure("others answered %", share)]


@case("flood", "random subdomains of a silent zone, from three clients", prepare_flood, control_flood)
def flooded(world, resolver):
    resolver.ask("cached.good.zz")
    quiet, _ = flood(0, 1)
    share, sent = flood(FLOOD_RATE, 2)
    return [Figure("others answered %", share, SHARE, True), Figure("without a flood %", quiet), Figure("flood", sent)]
