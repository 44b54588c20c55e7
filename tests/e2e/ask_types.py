#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir ask knows every record type: each is asked by its name, and its answer is printed in its own text. No lab needed."""

import os
import sys

import mock
from mock import equal, need, weir

sys.path.insert(0, os.path.join(mock.TOP, "tests", "unit", "dns"))
import check_dnspython as records                          # skips everything when dnspython is not there
import check_zonetools as more

import dns.message
import dns.rdata
import dns.rrset


def answer_with(rdclass, number, wire):
    def answer(query):
        asked = dns.message.from_wire(query)
        reply = dns.message.make_response(asked)
        rdata = dns.rdata.GenericRdata(rdclass, number, wire)
        rrset = dns.rrset.RRset(asked.question[0].name, rdclass, number)
        rrset.add(rdata, 60)
        reply.answer.append(rrset)
        return [reply.to_wire(max_size=65535)]
    return answer


def ask(name, number, wire, *words, rdclass=1):
    with mock.Dns(udp=answer_with(rdclass, number, wire)) as server:
        done = weir("ask", server.server, "r.example.", name, *words)
        equal(done.returncode, 0, done.stderr)
        asked = dns.message.from_wire(server.seen[0][1]).question[0]
        equal((int(asked.rdtype), int(asked.rdclass)), (number, rdclass), name)
    return done.stdout.strip()


@mock.test("each type that dnspython knows is asked by name, and what is printed is read back")
def known():
    for name, text in records.RECORDS:
        if name in more.META:
            continue
        number, _, wire = records.wire_of(name, text)
        if not wire:
            continue
        printed = ask(name, number, wire, "+short")
        need(printed.startswith("\\#") == (name in records.GENERIC), f"{name}: {printed}")
        if name not in records.THEIR_GENERIC:
            equal(dns.rdata.from_text(1, number, printed).to_wire(), wire, f"{name} {printed}")


@mock.test("the types that dnspython has no text for have one here")
def others():
    for number, name, octets in more.MORE:
        printed = ask(name, number, bytes.fromhex(octets), "+short")
        need(printed.startswith("\\#") == name.startswith("TYPE"), f"{name}: {printed}")


@mock.test("the A record of class CHAOS has its own form")
def chaos():
    equal(ask("A", 1, b"\3net\0\1\2", "CH", "+short", rdclass=3), "net. 402")


mock.main()
