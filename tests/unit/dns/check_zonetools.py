#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Zone text beside the zone tools of other servers: named-compilezone and kzonecheck.

    check_zonetools.py PROGRAM        PROGRAM is the built wiretext.c

Each record of check_dnspython.py and those below, whose text dnspython does not know, is put into a zone file in our own
text. The tool reads the zone and prints it; we read what it printed, and must be back at the same octets. The
tools come from `tools/peers.sh bind9-utils knot-dnssecutils`; without them this is a skip. Prints TAP.
"""
import os
import re
import subprocess
import sys
import tempfile

import check_dnspython as peers

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")

# Records that dnspython has no text for: number, name, octets.
MORE = [
    (14, "MINFO", "0161000162036f726700"), (24, "SIG", "00010503000000003e7ca8b73e551bb70a52016500736967"),
    (30, "NXT", "016e0062"), (30, "NXT", "016e0040000002"), (31, "EID", "e32c6f78"), (32, "NIMLOC", "32251a030067"),
    (34, "ATMA", "002a0b0c"), (34, "ATMA", "013631323030303030303030"), (38, "A6", "0020010db8000000000000000000000001"),
    (38, "A6", "400123456789abcdef03696e64016100"), (38, "A6", "80016100"), (38, "A6", "0501" + "ff" * 15 + "00"),
    (40, "SINK", "0102030405"), (57, "RKEY", "0000ff01010203"), (58, "TALINK", "016100016200"), (25, "KEY", "c1000308"),
    (3, "MD", "016100"), (4, "MF", "016100"), (7, "MB", "016100"), (8, "MG", "016100"), (9, "MR", "016100"),
    (259, "DOA", "0000000000000000010a746578742f706c61696e010203"), (259, "DOA", "00000001000000020300"),
    (261, "RESINFO", "08716e616d656d696e"), (262, "WALLET", "0345544803307831"), (66, "DSYNC", "003b0114b70373696700"),
    (66, "DSYNC", "000602003501" "6100"), (263, "CLA", "0641414141414d"), (264, "IPN", "00000000000004d2"), (67, "HHIT", "8301020304"),
    (68, "BRID", "8301020304"), (32768, "TA", "ec450501abcd"), (65534, "TYPE65534", "0102"), (45, "IPSECKEY", "0a0100c0000226"),
]

TOOLS = {
    "named-compilezone": ["-q", "-k", "ignore", "-n", "ignore", "-i", "none", "-S", "ignore", "-W", "ignore", "-M", "ignore",
                          "-r", "ignore", "-T", "ignore", "-D", "-s", "full", "-o", "-", "test."],
    "kzonecheck": ["-p", "-o", "test."],
}
# What a tool does not take: types it does not know or knows to be obsolete, and single records by the start of their text.
UNREAD = {
    "named-compilezone": {"SOA", "MD", "MF", "CLA", "IPN", "TA",
                          "RRSIG TYPE65280 13 127 0 21060207062815",      # dates go round in 68 years there
                          "IPSECKEY 10 1 0 192.0.2.38"},                  # a key is asked for, RFC 4025 3.1 can do without
    "kzonecheck": {"X25", "ISDN", "PX", "GPOS", "NSAP-PTR", "DLV", "NINFO", "AVC", "WKS", "NSAP", "AMTRELAY", "HIP", "A6",
                   "UNSPEC", "SIG", "NXT", "EID", "NIMLOC", "ATMA", "SINK", "RKEY", "TALINK", "KEY", "MD", "MF", "MB", "MG",
                   "MR", "DOA", "RESINFO", "DSYNC", "CLA", "IPN", "HHIT", "BRID", "TA",
                   "RRSIG TYPE65280 13 127 0 21060207062815",
                   "NS ns1.Example.com."},                                # letters are lowered there
}
META = {"TSIG", "TKEY"}                                    # not data of a zone


def records(peer):
    """number, name, octets in base16, our text."""
    out = []
    for name, text in peers.RECORDS:
        number, _, wire = peers.wire_of(name, text)
        out.append((number, name, wire.hex()))
    return [(number, name, octets, peer.ask(f"text {number} {octets}")) for number, name, octets in out + MORE]


def tool_says(program, options, name, text):
    """What the tool prints for that record, or what it said instead."""
    zone = ("$TTL 3600\n@ IN SOA ns root 1 2 3 4 5\n@ IN NS ns\nns IN A 192.0.2.1\n"
            f"r IN {name} {text}\n")
    with tempfile.NamedTemporaryFile("w", suffix=".zone", delete=False) as f:
        f.write(zone)
    done = subprocess.run([program, *options, f.name], capture_output=True, text=True, check=False)
    os.unlink(f.name)
    m = re.search(r"^r\.test\.\s+\d+\s+(?:IN\s+)?\S+\s+(.*)$", done.stdout, re.MULTILINE)
    return (m.group(1) if m else None), (done.stderr + done.stdout)[:300].replace("\n", " | ")


def check_tool(tap, peer, tool, rows):
    program = os.path.join(TOP, "build", "peers", "bin", tool)
    if not os.access(program, os.X_OK):
        tap.ok(True, f"{tool} # SKIP tools/peers.sh bind9-utils knot-dnssecutils brings it")
        return
    for number, name, octets, text in rows:
        if name in META or name in UNREAD[tool] or f"{name} {text}".startswith(tuple(u for u in UNREAD[tool] if " " in u)):
            continue
        theirs, said = tool_says(program, TOOLS[tool], name, text)
        back = peer.ask(f"wire {number} {theirs}") if theirs else "nothing"
        tap.ok(back == octets, f"{tool}: {name} {text[:40]}", f"{text[:200]!r}: they say {theirs or said}, which is {back[:100]}")


def main():
    tap, peer = peers.Tap(), peers.Peer(sys.argv[1])
    rows = records(peer)
    for tool in TOOLS:
        check_tool(tap, peer, tool, rows)
    for number, name, octets, text in rows:
        tap.ok(text.startswith("\\#") == (name in peers.GENERIC | {"TYPE65534"}), f"own text or generic: {name} {text[:40]}", text)
        back = peer.ask(f"wire {number} {text}")
        tap.ok(back == octets, f"we read our text: {name} {text[:40]}", back)
    peer.process.stdin.close()
    tap.ok(peer.process.wait() == 0, "wiretext ended well")
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
