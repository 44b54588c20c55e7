#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Whole zone files beside dnspython and named-compilezone, which share nothing with our reader.

    check_zonefiles.py PROGRAM        PROGRAM is the built wiretext.c

Zone files are drawn from a seed: owners, TTLs and classes left out or in any order, relative and absolute names, @, $ORIGIN,
$TTL, parentheses over lines, comments, quotes, units, CRLF, the generic form. Each reader must come to the same
records. Prints TAP.
"""
import os
import random
import re
import subprocess
import sys
import tempfile

import check_dnspython as peers
import check_zonetools as zonetools

import dns.rdata
import dns.zone

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
OPTIONS = zonetools.TOOLS["named-compilezone"]
NAMED = os.path.join(TOP, "build", "peers", "bin", "named-compilezone")
FILES = 300


class Writer:
    def __init__(self, seed, shuffle, last_newline):
        self.shuffle = shuffle                             # class before TTL: named reads it, dnspython does not
        self.rng = random.Random(seed)
        self.lines = []
        self.count = 0
        self.newline = self.rng.choice(["\n", "\r\n"])
        self.end = self.newline if last_newline else ""

    def pick(self, *of):
        return self.rng.choice(of)

    def blank(self, inside):
        """White space between two words; inside of parentheses it may be a new line."""
        kinds = [" ", "\t", "   "]
        if inside:
            kinds += [self.newline + " ", " ; a comment ( \"" + self.newline + "\t", self.newline]
        return self.rng.choice(kinds)

    def owner(self):
        return self.pick("a", "b.c", "www", "\\065", "x\\.y", "@", "far.test.", "*", "_sip._udp", "1", "in")

    def name(self):
        return self.pick(self.owner(), "other.example.", ".")

    def rdata(self):
        n = self.rng.randrange(256)
        return self.pick(
            ("A", [f"192.0.2.{n}"]), ("AAAA", [f"2001:db8::{n:x}"]), ("MX", [str(n), self.name()]),
            ("TXT", [f'"{n} ; ( quoted"', "bare\\;", '"with \\" and \\\\ and \\065"']),
            ("SRV", ["0", str(n), "53", self.name()]), ("CAA", ["0", "issue", f'"ca{n}.example"']),
            ("SMIMEA", [str(n), "0", "0", "AB" * 16, "cd" * 16]), ("TYPE65280", ["\\#", "3", f"{n:02x}", "0102"]),
            ("LOC", ["1", "N", "2", "E", f"{n}m"]), ("NAPTR", ["1", str(n), '"s"', '"x"', '""', self.name()]),
            ("APL", [f"1:192.0.2.{n}/32"]), ("TLSA", ["3", "1", "1", "0d" * 32]), ("PTR", [self.name()]))

    def seconds(self):
        return self.pick("60", "1h", "1h30m", "1W2D", "3600", "0", "86400")

    def record(self, owner):
        rtype, words = self.rdata()
        head = [owner] if owner else []
        fields = [self.seconds()] if self.rng.random() < 0.4 else []
        fields += ["IN"] if self.rng.random() < 0.4 else []
        if self.shuffle:
            self.rng.shuffle(fields)
        words = fields + [rtype] + words
        inside = self.rng.random() < 0.3
        opening = self.rng.randrange(len(fields) + 1, len(words)) if inside else len(words)
        text = head[0] if head else ""
        for i, word in enumerate(words):
            if i == opening:
                text += " ("
            text += self.blank(i >= opening) + word
        text += self.blank(True) + ")" if inside else ""
        if self.rng.random() < 0.2:
            text += self.pick(" ; end", "\t;", " ")
        return text

    def entry(self):
        kind = self.rng.random()
        if kind < 0.05:
            self.lines.append(f"$ORIGIN {self.pick('sub', 'deep.sub', 'test.') if self.shuffle else self.pick('sub.test.', 'test.', 'else.where.test.')}")
        elif kind < 0.1:
            self.lines.append(f"$TTL {self.seconds()}")
        elif kind < 0.2:
            self.lines.append(self.pick("", "; comment only ( \"", "   ", "\t; indented"))
        elif kind < 0.5:
            self.lines.append(self.record(""))
        else:
            self.lines.append(self.record(self.owner()))

    def text(self):
        soa = ["@", "IN", "SOA", "ns", "root", "(", "1", "1h", "900", "1w", "60", ")"]
        self.lines.append("$TTL 300")
        self.lines.append(" ".join(soa[:5]) + " (" + "".join(self.blank(True) + w for w in soa[6:11]) + self.blank(True) + ")")
        self.lines += ["@ NS ns", "ns A 192.0.2.1"]
        for _ in range(self.rng.randrange(1, 30)):
            self.entry()
        return self.newline.join(self.lines) + self.end


def ours(peer, text):
    out, mistakes = [], []
    for part in peer.ask(f"zone {text.encode().hex()}").split("|")[:-1]:
        if part.startswith("mistake"):
            mistakes.append(part)
        else:
            owner, ttl, number, octets = (part + " ").split(" ")[:4]
            out.append((owner.lower(), int(ttl), int(number), octets.lower()))
    return out, mistakes


def theirs_dnspython(text):
    zone = dns.zone.from_text(text.replace("\r\n", "\n"), origin="test.", relativize=False, check_origin=False)
    return {(str(name).lower(), rdataset.ttl, int(rdataset.rdtype), rdata.to_wire().hex())
            for name, node in zone.items() for rdataset in node for rdata in rdataset}


def theirs_named(text):
    with tempfile.NamedTemporaryFile("w", suffix=".zone", delete=False, newline="") as f:
        f.write(text)
    done = subprocess.run([NAMED, *OPTIONS, f.name], capture_output=True, text=True, check=False)
    os.unlink(f.name)
    out = set()
    for line in done.stdout.splitlines():
        m = re.match(r"(\S+)\s+(\d+)\s+IN\s+(\S+)\s+(.*)$", line)
        if m:
            rdtype = dns.rdatatype.from_text(m.group(3))
            out.add((m.group(1).lower(), int(m.group(2)), int(rdtype), dns.rdata.from_text(1, rdtype, m.group(4)).to_wire().hex()))
    return out, done.stdout[-300:] + done.stderr[-300:]


def as_sets(rows):
    """One TTL an RRset, the least, as dnspython has it; letters of names do not matter."""
    ttls = {}
    for owner, ttl, number, _ in rows:
        ttls[owner, number] = min(ttl, ttls.get((owner, number), ttl))
    return {(owner, ttls[owner, number], number, octets) for owner, _, number, octets in rows}


def without_ttl(rows):
    return {(owner, number, octets) for owner, _, number, octets in rows}


def canonical(rows):
    """Owners as dnspython writes them."""
    return [(str(dns.name.from_text(owner)).lower(), ttl, number, octets) for owner, ttl, number, octets in rows]


def main():
    tap, peer = peers.Tap(), peers.Peer(sys.argv[1])
    named = os.access(NAMED, os.X_OK)
    records = 0
    for seed in range(FILES):
        shuffle = named and seed % 5 == 0
        text = Writer(seed, shuffle, named and seed % 5 < 2 or seed % 2).text()
        rows, mistakes = ours(peer, text)
        rows = canonical(rows)
        records += len(rows)
        if not shuffle:
            want, got = theirs_dnspython(text), as_sets(rows)
            tap.ok(got == want and not mistakes, f"file {seed} beside dnspython",
                   f"only ours {sorted(got - want)[:3]}, only theirs {sorted(want - got)[:3]}, {mistakes[:3]} {text[:3000]!r}")
        if named and seed % 5 < 2:
            want, said = theirs_named(text)
            want, got = without_ttl(canonical(want)), without_ttl(rows)
            tap.ok(got == want and not mistakes, f"file {seed} beside named-compilezone",
                   f"only ours {sorted(got - want)[:3]}, only theirs {sorted(want - got)[:3]}, {mistakes[:3]} {said} {text[:3000]!r}")
    if not named:
        tap.ok(True, "named-compilezone # SKIP tools/peers.sh bind9-utils brings it")
    tap.ok(records > 10 * FILES, "the files have records", records)
    peer.process.stdin.close()
    tap.ok(peer.process.wait() == 0, "wiretext ended well")
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
