#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the kernel cannot tell or keep: netlink queues that overflow.

The machines are those of tests/e2e/leases.py. A process is stopped (SIGSTOP), so that what is told to it has no room in the end; that it
came to that is read from /proc/net/netlink.
"""
import contextlib
import os
import re
import signal
import subprocess

import firewall
import leases
import loopback
from firewall import APPROVED, CAMERA, FOREIGN, cli, nft, run, shown, table
from leases import AAAA, MACS, OTHER, RECORDER, Home, all_names, hand, octets
from loopback import equal, need, until

import spaces    # in the path since firewall put lab there

loopback.forget()
NETFILTER, ROUTE = 12, 0
NOISE = 65000    # elements of one transaction


@contextlib.contextmanager
def stopped(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        until("it stands", lambda: any(line.startswith("State:\tT") for line in open(f"/proc/{pid}/status", encoding="ascii")))
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def drops(pid):
    """Messages that had no room, by what is listened to: {(protocol, groups): number}."""
    inodes = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            inodes.update(re.findall(r"^socket:\[([0-9]+)\]$", os.readlink(f"/proc/{pid}/fd/{fd}")))
    with open("/proc/net/netlink", encoding="ascii") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return {(int(row[1]), int(row[3], 16)): int(row[8]) for row in rows if row[9] in inodes and int(row[3], 16) != 0}


def make_noise(pid):
    """Of table noise, which is nobody's, until the packet filter's listener has no room."""
    rules = "table inet noise {\n set s { type mark; }\n}\nflush set inet noise s\nadd element inet noise s { " + ", ".join(map(str, range(NOISE))) + " }\n"
    for _ in range(100):
        nft("-f", "-", rules=rules)
        if all(lost for (protocol, _), lost in drops(pid).items() if protocol == NETFILTER):
            return
    raise loopback.Skipped("the queue of the packet filter's messages does not fill here")


def batch(lines):
    run("ip", "-batch", "-", input="".join(f"{line}\n" for line in lines))


def known(weir):
    return {mac for device in cli(weir, "devices")["devices"] for mac in [device["mac"]]}


@loopback.test("netlink that overflows: what was lost is looked for: the table is repaired with its leases, neighbours and ways are known, and it is told once")
def overflow(box):
    home = Home(box, all_names, segment={"fail": "closed"}, beside={"interfaces": ["none0"]})
    camera, weir = home.camera, home.weir
    leases.Bridge(box, "noise0", ("10.99.0.1", "fd00:99::1"))
    equal((camera.look_up("vendor.example"), camera.look_up("evil6.example", AAAA)), ([FOREIGN[0]], [RECORDER[1]]))
    listeners = drops(weir.pid)
    equal((sorted(protocol for protocol, _ in listeners), set(listeners.values())), ([ROUTE, ROUTE, NETFILTER], {0}))
    with stopped(weir.pid):
        make_noise(weir.pid)
        batch(f"neigh replace 10.99.0.9 lladdr 02:00:00:00:00:0{n % 2} dev noise0 nud permanent" for n in range(20000))
        batch(f"addr {('add', 'del')[n % 2]} 10.99.1.1/32 dev noise0" for n in range(4000))
        need(all(drops(weir.pid).values()), drops(weir.pid))
        # Nobody is told of these.
        nft("delete", "table", "inet", "weir")
        run("ip", "neigh", "replace", "10.99.0.7", "lladdr", "02:00:00:00:00:77", "dev", "noise0", "nud", "permanent")
        run("ip", "-6", "route", "add", "default", "via", FOREIGN[1], "dev", "wan0")
        need(camera.reaches(APPROVED[0]), "without a table nobody is held back")
    until("the table is there again", lambda: camera.tries(APPROVED[0], 8080, True) == "refused")
    need(camera.reaches(FOREIGN[0]), "without its leases")
    until("the neighbour is known", lambda: "02:00:00:00:00:77" in known(weir))
    until("the way out is known", lambda: camera.look_up("evil6.example", AAAA) == [])
    equal(camera.look_up("zero.example"), [APPROVED[0]])
    need(camera.reaches(APPROVED[0]), "no lease")
    # At once, and when there was room again.
    until("all of it is read", lambda: "weir_firewall_unheard_total 2" in weir.verb("metrics")["text"])
    need(cli(weir, "status")["firewall"]["repairs"] in (1, 2), cli(weir, "status"))
    equal(weir.log().count("was changed faster than the kernel can tell"), 1)
    need("another program has changed" not in weir.log(), weir.log())
    equal(cli(weir, "status")["firewall"]["state"], "in force")


@loopback.test("neighbours that were lost: who has another's address now is asked for, and has no answer before his lease")
def moved(box):
    home = Home(box, all_names, segment={"fail": "closed"})
    camera, other, weir = home.camera, home.other, home.weir
    leases.Bridge(box, "noise0", ("10.99.0.1", "fd00:99::1"))
    equal(camera.look_up("vendor.example"), [FOREIGN[0]])
    with stopped(weir.pid):
        batch(f"neigh replace 10.99.0.9 lladdr 02:00:00:00:00:0{n % 2} dev noise0 nud permanent" for n in range(20000))
        camera.node.ip("addr", "del", f"{CAMERA[0]}/24", "dev", "eth0")
        other.node.ip("addr", "del", f"{OTHER[0]}/24", "dev", "eth0")
        other.node.ip("addr", "add", f"{CAMERA[0]}/24", "dev", "eth0")
        other.node.ip("route", "replace", "default", "via", firewall.GATE[0])
        run("ip", "neigh", "replace", CAMERA[0], "lladdr", MACS[1], "dev", "lan0", "nud", "reachable")
        lost = {groups: n for (protocol, groups), n in drops(weir.pid).items() if protocol == ROUTE}
        need(lost[4] > 0, lost)    # RTMGRP_NEIGH
    for _ in range(2):
        weir.verb("stats")    # it has turned
    equal(other.look_up("vendor.example"), [FOREIGN[0]])
    need((MACS[1], FOREIGN[0]) in home.leases(), home.leases())
    need(other.reaches(FOREIGN[0]), "an answer without a lease")


@loopback.test("the process that opens leases stands still: the segment's fail rule decides, it is told, and all is as before when it goes on")
def silent(box):
    home = Home(box, all_names, segment={"fail": "closed"})
    camera, weir = home.camera, home.weir
    equal(camera.look_up("vendor.example"), [FOREIGN[0]])
    with stopped(hand(weir)):
        equal(leases.Device.asks_once(camera, "vendor.example", leases.A, firewall.GATE[0], False, 5300).rcode, 0)    # it is open
        equal(leases.Device.asks_once(camera, "zero.example", leases.A, firewall.GATE[0], False, 5300), None)
        nft("delete", "table", "inet", "weir")
        equal(weir.ask("zero.example").rcode, 0)    # who is in no such segment
        until("it is told", lambda: cli(weir, "status")["firewall"]["state"] == "failed", 60)
        need("the process that runs nft does not answer" in weir.log(), weir.log())
        equal(camera.look_up("vendor.example"), None)
        equal(weir.ask("zero.example").rcode, 0)
        # As much as there can be on its way to it.
        for n in range(2000):
            with contextlib.suppress(OSError), camera.open(firewall.GATE[0], 5300, False) as s:
                s.send(loopback.question(f"x{n}.example"))
    until("it is in force", lambda: cli(weir, "status")["firewall"]["state"] == "in force")
    need("firewall: in force again" in weir.log(), weir.log())
    equal(camera.look_up("zero.example"), [APPROVED[0]])
    need(camera.reaches(APPROVED[0]) and camera.reaches(FOREIGN[0]), "no lease")
    equal(camera.tries(FOREIGN[1], 8080, True), "refused")


if __name__ == "__main__":
    loopback.main()
