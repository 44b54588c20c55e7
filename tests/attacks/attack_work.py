# SPDX-License-Identifier: Apache-2.0
"""Attacks on work: one question that makes a resolver send, or follow, or wait for, many."""
import dns.flags
import dns.message
import dns.name
import dns.rdatatype as T
import dns.rrset

import naive
from cases import MESSAGES_MAX, Figure, case
from world import ROOT, Spent

CPU_MS = 200
SERVERS = 135
NR_SERVERS = 1500
SET_SERVERS = 390           # below WR_RRSET_RECORDS_MAX: the set as a whole is taken
CHAIN = 200
CONTROL_MESSAGES = 400
LAME = "10.53.8."


def multiplied(world, owner, needed=MESSAGES_MAX + 1):
    """The control sends more than weir may for the same question."""
    control = naive.Naive(ROOT, CONTROL_MESSAGES)
    try:
        control.ask(owner)
    finally:
        control.close()
    assert control.sent >= needed, f"the control sent {control.sent}: no attack"
    return [Figure("messages", control.sent)]


def figures(world, resolver, owner, messages=MESSAGES_MAX, seconds=8.0, cpu_ms=CPU_MS):
    with Spent(world, resolver) as spent:
        resolver.ask(owner, seconds=seconds)
    other = resolver.ask("other.good.zz", seconds=4)
    return [Figure("messages", spent.messages, messages), Figure("cpu ms", spent.cpu_ms, cpu_ms),
            Figure("seconds", spent.seconds, 6), Figure("next client answered", int(bool(other and other.answer)), 1, True)]


def referral(query, owner, names):
    reply = dns.message.make_response(query)
    reply.authority.append(dns.rrset.from_text_list(owner, 60, "IN", "NS", names))
    return reply


# --- NXNSAttack, NRDelegation -----------------------------------------------------------------------

def refer_to(prefix, count, victim):
    def hook(query, reply):
        owner = query.question[0].name
        if len(owner) == 4 and owner[0].lower().startswith(b"r"):
            return referral(query, owner, [f"{prefix}{i}.{owner[0].decode().lower()}.{victim}" for i in range(count)])
        return reply
    return hook


def prepare_nxns(world):
    world.child("nxnsvictim.zz.")
    world.child("nxns.zz.", hook=refer_to("n", SERVERS, "nxnsvictim.zz."))


@case("nxns", "NXNSAttack: a referral to 135 names of a victim", prepare_nxns,
      lambda world: multiplied(world, "r1.nxns.zz"))
def nxns(world, resolver):
    return figures(world, resolver, "r2.nxns.zz")


def prepare_nrd(world):
    zone = world.child("nrdvictim.zz.")
    world.servers.on_query[zone.address] = lambda query, sock, client, tcp: None
    world.child("nrd.zz.", hook=refer_to("n", NR_SERVERS, "nrdvictim.zz."))
    world.child("nrset.zz.", hook=refer_to("n", SET_SERVERS, "nrdvictim.zz."))


def control_nrd(world):
    control = naive.Naive(ROOT, 8)      # each silence costs it time: what is left to send is known
    try:
        control.ask("r1.nrd.zz")
        assert control.sent >= control.budget
        names = len(control.known(dns.name.from_text("r1.nrd.zz"), T.NS))
    finally:
        control.close()
    return [Figure("names to look up", names)]


@case("nrdelegation", "NRDelegation: 1500 server names whose zone is silent", prepare_nrd, control_nrd)
def nrdelegation(world, resolver):
    return figures(world, resolver, "r2.nrd.zz")


@case("nrdelegation390", "NRDelegation with as many names as one set may have")
def nrdelegation390(world, resolver):
    return figures(world, resolver, "r2.nrset.zz")


# --- CAMP, CacheFlush, long chains ---------------------------------------------------------------------

def depth_of(owner):
    """7 of x.d7.camp.zz, None of other names."""
    word = owner[-4].decode().lower() if len(owner) >= 4 else ""
    return int(word[1:]) if word[:1] == "d" and word[1:].isdigit() else None


def prepare_camp(world):
    """dN.camp.zz has nine servers that refuse and one that answers: with an alias into the next."""
    def shallow(query, reply):
        owner = query.question[0].name
        first = owner[0].decode().lower()
        depth = depth_of(owner)
        if depth is not None:
            cut = dns.name.from_text(f"d{depth}.camp.zz.")
            return referral(query, cut, [f"n{i}.s{depth}.camp.zz." for i in range(10)])
        if len(owner) == 5 and first[:1] == "n":
            reply.set_rcode(0)
            if query.question[0].rdtype == T.A:
                address = deep if first == "n9" else LAME + first[1:2]
                reply.answer.append(dns.rrset.from_text(owner, 60, "IN", "A", address))
        elif len(owner) == 4 and first[:1] == "s":
            reply.set_rcode(0)
        return reply

    def alias(query, sock, client, tcp):
        owner = query.question[0].name
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        depth = depth_of(owner)
        if depth is not None and len(owner) == 5:
            target = f"{owner[0].decode()}.d{depth + 1}.camp.zz."
            reply.answer.append(dns.rrset.from_text(owner, 60, "IN", "CNAME", target))
        return reply.to_wire()

    for i in range(9):
        world.servers.serve(f"{LAME}{i}")
    deep = world.address()
    world.servers.serve(deep)
    world.servers.on_query[deep] = alias
    world.child("camp.zz.", hook=shallow)


@case("camp", "CAMP, CacheFlush: aliases, each behind ten servers without glue", prepare_camp,
      lambda world: multiplied(world, "x.d0.camp.zz"))
def camp(world, resolver):
    return figures(world, resolver, "y.d0.camp.zz")


def prepare_chain(world):
    def hook(query, reply):
        owner = query.question[0].name
        first = owner[0].decode().lower()
        if len(owner) != 4 or not first[1:].isdigit() or int(first[1:]) >= CHAIN:
            return reply
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        at, links = int(first[1:]), 17 if first[0] == "m" else 1
        for i in range(at, at + links):
            reply.answer.append(dns.rrset.from_text(f"{first[0]}{i}.chain.zz.", 60, "IN", "CNAME",
                                                    f"{first[0]}{i + 1}.chain.zz."))
        return reply
    world.child("chain.zz.", hook=hook)


@case("chain", "a chain of 200 aliases, one a message", prepare_chain, lambda world: multiplied(world, "s0.chain.zz"))
def chain(world, resolver):
    return figures(world, resolver, "s0.chain.zz", messages=30)


@case("chain17", "a chain of 200 aliases, seventeen a message", prepare_chain)
def chain17(world, resolver):
    return figures(world, resolver, "m0.chain.zz", messages=30)


# --- TsuNAME ------------------------------------------------------------------------------------------

def prepare_tsuname(world):
    for here, there in (("tsu1", "tsu2"), ("tsu2", "tsu1")):
        world.tld.delegate(f"{here}.zz.", [(f"ns1.{there}.zz.", None), (f"ns2.{there}.zz.", None)])


@case("tsuname", "TsuNAME: two zones whose servers are named in each other", prepare_tsuname,
      lambda world: multiplied(world, "www.tsu1.zz"))
def tsuname(world, resolver):
    with Spent(world, resolver) as spent:
        for i in range(20):
            resolver.ask(f"w{i}.tsu1.zz", seconds=7)
    return [Figure("messages for 20 questions", spent.messages, MESSAGES_MAX), Figure("cpu ms", spent.cpu_ms, CPU_MS),
            Figure("seconds for 20", spent.seconds, 7)]
