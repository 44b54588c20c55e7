# SPDX-License-Identifier: Apache-2.0
"""Attacks on the validator: work that a zone's owner makes it do, and proofs that prove less than they seem."""
import json
import os
import struct
import subprocess
import time
from unittest import mock

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdatatype as T
import dns.rrset
from dns.rdtypes.ANY.RRSIG import RRSIG

from cases import Figure, case
from world import Spent

KEYS, SIGNATURES = 12, 40
FAILURES_MAX = 24       # WR_DNSSEC_FAILURES_MAX
CHAIN_MAX = 12          # WR_CHAIN_MAX
GOOD_CHECKS = 24        # keys, DS and sets of root, zz and the two or three zones that are reached, all cold
HASHES_MAX = 8192       # WR_DNSSEC_HASH_BLOCKS_MAX
TRAP_TAG = 4711
CPU_MS = 200


# --- KeyTrap ------------------------------------------------------------------------------------------

def tag_of(wire):
    total = sum(struct.unpack(f">{len(wire) // 2}H", wire))
    return (total + (total >> 16)) & 0xffff


def colliding_key():
    """A 2048-bit RSA key of which nobody has the private half, with the tag that is wanted."""
    modulus = bytearray(os.urandom(256))
    modulus[0] |= 0x80
    modulus[255] |= 1
    modulus[252:254] = b"\0\0"
    head = struct.pack(">HBB", 256, 3, 8) + b"\x03\x01\x00\x01"
    word = (TRAP_TAG - tag_of(head + modulus)) % 0xffff
    for near in (word, word - 1, word + 1):
        modulus[252:254] = struct.pack(">H", near % 0x10000)
        if tag_of(head + modulus) == TRAP_TAG:
            break
    else:
        return colliding_key()
    return dns.rdata.from_wire(1, T.DNSKEY, head + bytes(modulus), 0, len(head) + 256)


def junk_signature(zone, rrset):
    now = int(time.time())
    return RRSIG(1, T.RRSIG, rrset.rdtype, 8, len(rrset.name) - 1, rrset.ttl, now + 86400, now - 86400, TRAP_TAG,
                 zone.origin, b"\0" + os.urandom(255))


def trap(world, origin, text, junk=SIGNATURES, good=False):
    """A zone whose answers carry so much junk for a dozen keys of one tag, and perhaps a good signature behind it."""
    zone = world.child(origin, text, signed=True)
    keys = [zone.key.dnskey] + [colliding_key() for _ in range(KEYS)]
    zone.add(dns.rrset.from_rdata_list(zone.origin, 60, keys))
    signatures = {}

    def hook(query, reply):
        kept = []
        for rrset in reply.answer:
            if rrset.rdtype == T.RRSIG and rrset[0].type_covered in (T.A, T.CNAME):
                plain = reply.answer[0]
                if rrset.name not in signatures:
                    signatures[rrset.name] = [junk_signature(zone, plain) for _ in range(junk)] + ([rrset[0]] if good else [])
                kept.append(dns.rrset.from_rdata_list(rrset.name, 60, signatures[rrset.name]))
            else:
                kept.append(rrset)
        reply.answer[:] = kept
        return reply
    zone.hook = hook
    return zone


def prepare_keytrap(world):
    world.trap = trap(world, "trap.zz.", "www.trap.zz. 60 A 192.0.2.6\n")


def tries(zone, owner, rtype):
    """Checks that dnspython's validator makes: every key with every signature."""
    reply = zone.respond(dns.message.make_query(owner, rtype, want_dnssec=True))
    keys = {zone.origin: zone.sets[zone.origin][T.DNSKEY]}
    with mock.patch.object(dns.dnssec, "_validate_signature", side_effect=dns.dnssec.ValidationFailure) as tried:
        try:
            dns.dnssec.validate(reply.answer[0], reply.answer[1], keys)
        except dns.dnssec.ValidationFailure:
            pass
    return tried.call_count


def believed(zone, owner, rtype):
    """dnspython's validator takes the set with its signature, as whoever looks at nothing else: raises if it does not."""
    reply = zone.respond(dns.message.make_query(owner, rtype, want_dnssec=True))
    dns.dnssec.validate(reply.answer[0], reply.answer[1], {zone.origin: zone.sets[zone.origin][T.DNSKEY]})
    return [Figure("believed", len(reply.answer[0]))]


def control_keytrap(world):
    checks = tries(world.trap, "www.trap.zz.", "A")
    assert checks >= 400, checks
    return [Figure("checks", checks)]


def refused(reply):
    return int(reply is not None and reply.rcode() == 2 and not reply.answer)


@case("keytrap", "KeyTrap: 12 keys of one tag, 40 signatures", prepare_keytrap, control_keytrap)
def keytrap(world, resolver):
    with Spent(world, resolver) as spent:
        reply = resolver.ask("www.trap.zz")
    return [Figure("checks", spent.checks, FAILURES_MAX + GOOD_CHECKS), Figure("cpu ms", spent.cpu_ms, CPU_MS),
            Figure("messages", spent.messages, 100), Figure("refused", refused(reply), 1, True)]


def prepare_restart(world):
    """Each of twelve names is an alias to the next, in traps of their own that cost what one set may and are then proven."""
    world.traps = [
        trap(world, f"again{i}.zz.", f"www.again{i}.zz. 60 CNAME www.again{i + 1}.zz.\n", junk=3, good=True)
        for i in range(CHAIN_MAX)]


def control_restart(world):
    checks = sum(tries(zone, f"www.{zone.origin}", "A") for zone in world.traps)
    assert checks >= 400, checks
    return [Figure("checks", checks)]


@case("restart", "quota reset by validation restart: an alias through twelve KeyTraps, asked with CD first", prepare_restart,
      control_restart)
def restart(world, resolver):
    resolver.ask("www.again0.zz", flags=dns.flags.RD | dns.flags.CD)
    with Spent(world, resolver) as spent:
        reply = resolver.ask("www.again0.zz")
    # Failures are bounded over the whole query; before they are used up the chain comes through several zones, with good ones in each.
    return [Figure("checks", spent.checks, FAILURES_MAX + 2 * GOOD_CHECKS),
            Figure("cpu ms", spent.cpu_ms, CPU_MS), Figure("messages", spent.messages, 100),
            Figure("refused", refused(reply), 1, True)]


# --- NSEC3 encloser -----------------------------------------------------------------------------------

ITERATIONS, SALT = 150, "aabbccdd"
LABELS = 118


def nsec3(zone, types="NS SOA RRSIG DNSKEY NSEC3PARAM"):
    """The one NSEC3 of a zone with nothing but its apex: it proves that all else is not there."""
    hashed = dns.dnssec.nsec3_hash(zone.origin, SALT, ITERATIONS, 1)
    owner = dns.name.from_text(hashed, zone.origin)
    return dns.rrset.from_text(owner, 5, "IN", "NSEC3", f"1 0 {ITERATIONS} {SALT} {hashed} {types}")


def prepare_encloser(world):
    def hook(query, reply):
        if len(query.question[0].name) < LABELS and query.question[0].rdtype not in (T.DNSKEY, T.DS):
            reply = dns.message.make_response(query)      # an empty non-terminal: whoever minimises goes on
            reply.flags |= dns.flags.AA
            soa = zone.sets[zone.origin][T.SOA]
            zone.with_signature(reply.authority, soa, True)
            return reply
        if reply.rcode() == 3:
            reply.authority[:] = []
            zone.with_signature(reply.authority, zone.sets[zone.origin][T.SOA], True)
            proof = nsec3(zone)
            reply.authority += [proof, zone.key.signature(proof)]
        return reply
    zone = world.child("enc.zz.", signed=True, hook=hook)


def control_encloser(world):
    """Who hashes every encloser of the name, as RFC 5155 section 8.3 is written."""
    owner, hashes = dns.name.from_text("a." * LABELS + "enc.zz."), 0
    while len(owner) > 3:
        dns.dnssec.nsec3_hash(owner, SALT, ITERATIONS, 1)
        hashes += ITERATIONS + 1
        owner = owner.parent()
    assert hashes > HASHES_MAX, hashes
    return [Figure("hashes", hashes)]


@case("encloser", "NSEC3 encloser (CVE-2023-50868): 118 labels, 150 iterations", prepare_encloser, control_encloser)
def encloser(world, resolver):
    with Spent(world, resolver) as spent:
        resolver.ask("a." * LABELS + "enc.zz")
    return [Figure("hashes", spent.digests, HASHES_MAX), Figure("cpu ms", spent.cpu_ms, CPU_MS),
            Figure("messages", spent.messages, 100)]


# --- proofs that are none -----------------------------------------------------------------------------

def prepare_labels(world):
    """A signature of lab.zz that says it stands for a wildcard above its own zone."""
    def hook(query, reply):
        if query.question[0].rdtype == T.A and reply.answer and query.question[0].name != zone.origin:
            a = reply.answer[0]
            reply.answer[1:] = [zone.key.signature(a, labels=1)]
        return reply
    zone = world.labels = world.child("lab.zz.", "www.lab.zz. 60 A 192.0.2.66\n", signed=True, hook=hook)


@case("labels", "RRSIG labels below the signer", prepare_labels,
      lambda world: believed(world.labels, "www.lab.zz.", "A"))
def labels(world, resolver):
    return [Figure("refused", refused(resolver.ask("www.lab.zz")), 1, True)]


def prepare_nextname(world):
    """The NSEC of nsec.zz, signed by it, ends at a name of another zone: all between would not exist."""
    def hook(query, reply):
        if reply.rcode() == 3 or (not reply.answer and query.question[0].rdtype == T.A):
            reply.set_rcode(3)
            reply.authority[:] = []
            zone.with_signature(reply.authority, zone.sets[zone.origin][T.SOA], True)
            wide = dns.rrset.from_text("a.nsec.zz.", 5, "IN", "NSEC", "zzz.zz. A RRSIG NSEC")
            reply.authority += [wide, zone.key.signature(wide)]
        return reply
    zone = world.nextname = world.child("nsec.zz.", "a.nsec.zz. 60 A 192.0.2.7\n", signed=True, hook=hook)
    world.child("ovictim.zz.", "www.ovictim.zz. 60 A 192.0.2.8\n", signed=True)


def control_nextname(world):
    """Order alone says yes: the victim's name lies between owner and next name."""
    low, high = dns.name.from_text("a.nsec.zz."), dns.name.from_text("zzz.zz.")
    assert low < dns.name.from_text("www.ovictim.zz.") < high
    return [Figure("covers the victim", 1)]


@case("nextname", "NSEC whose next name is outside its zone", prepare_nextname, control_nextname)
def nextname(world, resolver):
    first = resolver.ask("b.nsec.zz")
    victim = resolver.ask("www.ovictim.zz")
    return [Figure("proof refused", refused(first), 1, True),
            Figure("victim answered", int(bool(victim and victim.answer)), 1, True)]


def without_proofs(query, reply):
    """What a forger on the path has: answers of the zone itself, without the NSEC that limits them."""
    if reply.answer:
        reply.authority[:] = []
    return reply


def prepare_wildcard(world):
    world.wild = world.child("wild.zz.", "*.wild.zz. 60 CNAME evil.good.zz.\n", signed=True, hook=without_proofs)


@case("wildcard", "wildcard CNAME without the proof that the name is not there", prepare_wildcard,
      lambda world: believed(world.wild, "www.wild.zz.", "CNAME"))
def wildcard(world, resolver):
    return [Figure("refused", refused(resolver.ask("www.wild.zz")), 1, True)]


def prepare_stale(world):
    def hook(query, reply):
        if world.replay and query.question[0].name == dns.name.from_text("www.replay.zz.") and query.question[0].rdtype == T.A:
            reply.answer[:], reply.authority[:] = [], []
            zone.expand(query.question[0].name, zone.sets[star][T.A], reply, True)
            reply.authority[:] = []
        return reply
    world.replay = False
    text = "www.replay.zz. 1 A 192.0.2.9\n*.replay.zz. 60 A 192.0.2.99\n"
    zone = world.replayed = world.child("replay.zz.", text, signed=True, hook=hook)
    star = dns.name.from_text("*.replay.zz.")


def addresses(reply):
    return [r.address for rrset in (reply.answer if reply else []) if rrset.rdtype == T.A for r in rrset]


def control_stale(world):
    world.replay = True
    try:
        return believed(world.replayed, "www.replay.zz.", "A")
    finally:
        world.replay = False


@case("stale", "a wildcard replayed into the stale path", prepare_stale, control_stale)
def stale(world, resolver):
    world.replay = False
    first = addresses(resolver.ask("www.replay.zz"))
    world.replay = True
    time.sleep(1.3)
    later = [addresses(resolver.ask("www.replay.zz")) for _ in range(3)]
    world.replay = False
    false = sum("192.0.2.99" in found for found in later)
    return [Figure("answered before", int(first == ["192.0.2.9"]), 1, True), Figure("forged answers", false, 0)]


# --- whose fault it is ------------------------------------------------------------------------------------

TORN = 3


def torn_ds():
    """A SHA-256 digest of five octets, which a registry may take from a registrant."""
    return dns.rdata.GenericRdata(1, T.DS, struct.pack(">HBB", TRAP_TAG, 13, 2) + b"short")


def prepare_fault(world):
    """Delegations with DS that nobody can read, and a signed zone whose server is silent about its keys for a while."""
    for i in range(TORN):
        zone = world.child(f"torn{i}.zz.", f"www.torn{i}.zz. 60 A 192.0.2.9\n", signed=True)
        world.tld.add(dns.rrset.from_rdata(zone.origin, 60, torn_ds()))
    world.mute = False
    world.child("mute.zz.", "".join(f"{text}.mute.zz. 1 A 192.0.2.10\n" for text in ("www", "none")), signed=True,
                hook=lambda query, reply: None if world.mute and query.question[0].rdtype == T.DNSKEY else reply)


def control_fault(world):
    """What the parent's server says is signed by its zone: it is not to blame, and another one would say the same."""
    origin = dns.name.from_text("torn0.zz.")
    rrset = dns.rrset.from_rdata(origin, 60, torn_ds())
    keys = {world.tld.origin: dns.rrset.from_rdata(world.tld.origin, 60, world.tld.key.dnskey)}
    dns.dnssec.validate(rrset, world.tld.key.signature(rrset), keys)
    return [Figure("valid signatures over what nobody can read", 1)]


def lame(resolver, owner):
    """How many of the servers that would be asked are marked; of peers that is not known."""
    if resolver.name != "weir":
        return 0
    command = [resolver.command()[0], "why", "--json", "-s", os.path.join(resolver.folder, "control"), owner]
    told = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=20).stdout)
    servers = told["servers"]
    assert servers, told
    return sum(bool(server.get("lame")) for server in servers)


@case("fault", "DS that nobody can read, keys that are not to be had: whose server is marked for it", prepare_fault, control_fault)
def fault(world, resolver):
    with Spent(world, resolver):
        torn = [resolver.ask(f"www.torn{i}.zz") for i in range(TORN)]
        questions = len(world.servers.sent_to(type_=T.DS))
    parents = lame(resolver, "other.zz.")
    world.mute = True
    try:
        muted = [resolver.ask("www.mute.zz"), resolver.ask("none.mute.zz", "AAAA")]
    finally:
        world.mute = False
    return [Figure("refused", sum(refused(r) for r in torn + muted), TORN + 2, True),
            Figure("questions for DS", questions, TORN),
            Figure("the parent's servers marked", parents, 0),
            Figure("servers marked that gave true answers", lame(resolver, "www.mute.zz."), 0)]
