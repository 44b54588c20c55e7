#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the kernel cannot tell or keep: netlink queues that overflow, a table of connections that is full.

The machines are those of tests/e2e/leases.py. A process is stopped (SIGSTOP), so that what is told to it has no room in the end; that it
came to that is read from /proc/net/netlink. Connections are put into the kernel's table by ctnetlink, as many as it takes; it counts them
by network namespace.
"""
import contextlib
import errno
import os
import re
import signal
import socket
import struct
import subprocess

import firewall
import leases
import loopback
from firewall import APPROVED, CAMERA, DOH, FOREIGN, GATE, cli, nft, run, shown, table, talks
from leases import A, AAAA, HTTPS, MACS, OTHER, RECORDER, Home, all_names, hand
from loopback import equal, need, until

import elements    # in the path since firewall put lab there
import spaces

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
        other.node.ip("route", "replace", "default", "via", GATE[0])
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
        equal(leases.Device.asks_once(camera, "vendor.example", A, GATE[0], False, 5300).rcode, 0)    # it is open
        equal(leases.Device.asks_once(camera, "zero.example", A, GATE[0], False, 5300), None)
        nft("delete", "table", "inet", "weir")
        equal(weir.ask("zero.example").rcode, 0)    # who is in no such segment
        until("it is told", lambda: cli(weir, "status")["firewall"]["state"] == "failed", 60)
        need("the process that runs nft does not answer" in weir.log(), weir.log())
        equal(camera.look_up("vendor.example"), None)
        equal(weir.ask("zero.example").rcode, 0)
        # As much as there can be on its way to it.
        for n in range(2000):
            with contextlib.suppress(OSError), camera.open(GATE[0], 5300, False) as s:
                s.send(loopback.question(f"x{n}.example"))
    until("it is in force", lambda: cli(weir, "status")["firewall"]["state"] == "in force")
    need("firewall: in force again" in weir.log(), weir.log())
    equal(camera.look_up("zero.example"), [APPROVED[0]])
    need(camera.reaches(APPROVED[0]) and camera.reaches(FOREIGN[0]), "no lease")
    equal(camera.tries(FOREIGN[1], 8080, True), "refused")


# IPCTNL_MSG_CT_NEW, NLM_F_REQUEST | NLM_F_EXCL | NLM_F_CREATE; IPCTNL_MSG_CT_DELETE, NLM_F_REQUEST
NEW, DELETE = (0, 0x601), (2, 1)


def connection(source, dest, port, what=NEW):
    """A message that puts an open TCP connection into the table, or takes it out."""
    def tuple_of(number, ends, ports):
        return elements.nested(number, elements.nested(1, elements.attribute(1, ends[0]) + elements.attribute(2, ends[1]))
                               + elements.nested(2, elements.attribute(1, b"\x06") + elements.attribute(2, ports[0]) + elements.attribute(3, ports[1])))
    to, back = struct.pack("!H", 443), struct.pack("!H", port)
    state = elements.nested(4, elements.nested(1, elements.attribute(1, b"\x03")))    # TCP: established
    body = (struct.pack("=BBH", socket.AF_INET, 0, 0) + tuple_of(1, (source, dest), (back, to)) + tuple_of(2, (dest, source), (to, back))
            + elements.attribute(3, struct.pack("!I", 2 | 4 | 8))    # it was answered, is kept before others, is in the table
            + elements.attribute(7, struct.pack("!I", 86400)) + state)
    return struct.pack("=IHHII", 16 + len(body), 1 << 8 | what[0], what[1], 1, 0) + body


def counted():
    with open("/proc/sys/net/netfilter/nf_conntrack_count", encoding="ascii") as file:
        return int(file.read())


class Filler:
    """Four of five connections are the camera's. Each time it goes on where it was, until the kernel has no room for one more."""

    def __init__(self):
        mark = (socket.inet_aton("1.2.3.4"), struct.pack("!H", 0x5678))
        self.pieces = [re.split(b"|".join(map(re.escape, mark)), connection(socket.inet_aton(source), mark[0], 0x5678))
                       for source in (CAMERA[0], CAMERA[0], CAMERA[0], CAMERA[0], OTHER[0])]
        need(all(len(p) == 5 for p in self.pieces), self.pieces)
        self.next = 0

    def hundred(self):
        said = []
        for n in range(self.next, self.next + 100):
            dest, port = struct.pack("!I", 0xcb004000 + n // 50000), struct.pack("!H", 1024 + n % 50000)
            p = self.pieces[n % 5]
            said += (p[0], dest, p[1], port, p[2], dest, p[3], port, p[4])
        self.next += 100
        return b"".join(said)

    def fill(self):
        """How many there are then."""
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, elements.NETLINK_NETFILTER) as s:
            s.setblocking(False)
            while self.next < 1 << 22:
                s.send(self.hundred())
                with contextlib.suppress(BlockingIOError):
                    said = -struct.unpack("=i", s.recv(65536)[16:20])[0]
                    if said == errno.ENOMEM:
                        return counted()
                    raise loopback.Skipped(f"connections cannot be put into the kernel's table here: {os.strerror(said)}")
        raise loopback.Skipped("there is no end to the kernel's table of connections")

    @staticmethod
    def make_room(count):
        """Of the other's, from the first on."""
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, elements.NETLINK_NETFILTER) as s:
            for n in range(4, 5 * count, 5):
                s.send(connection(socket.inet_aton(OTHER[0]), struct.pack("!I", 0xcb004000 + n // 50000), 1024 + n % 50000, DELETE))


def answers(device, name, rtype=A, gate=GATE[0]):
    """As a device asks: once more after a second, when nobody has answered."""
    def once():
        wire = loopback.question(name, qtype=rtype, edns=True)
        with device.open(gate, 5300, False, 1) as s, contextlib.suppress(TimeoutError):
            s.send(wire)
            return loopback.read_reply(s.recv(4096))
    return until(f"{name} is answered", once)


@loopback.test("the kernel's table of connections is full: it is told who has filled it, DNS by UDP goes on, leases too, and quarantine ends it")
def crowded(box):
    path = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"weir-nft-{os.getpid()}")
    os.symlink(spaces.peer("nft"), path)
    try:
        crowd(Home(box, all_names, segment={"fail": "closed"}, firewall={"nft": path}), path)
    finally:
        os.remove(path)


def dropped_of_quarantine():
    return int(re.search(r"packets ([0-9]+)", nft("list", "counter", "inet", "weir", "quarantine"))[1])


def knock(home, most):
    """There is some room, and who is in quarantine does not get it: by TCP he comes in no more than all others do, DNS by UDP he has as they have."""
    recorder = home.recorder
    equal(answers(recorder, "vendor.example").rcode, 0)
    device = until("it is known", lambda: next((d["id"] for d in cli(home.weir, "devices")["devices"] if d["mac"] == home.recorder_mac), None))
    cli(home.weir, "device", "quarantine", device)
    Filler.make_room(most // 50)
    before, dropped = counted(), dropped_of_quarantine()
    need(before < most - most // 100, (before, most))
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            with recorder.node.inside():
                s = stack.enter_context(socket.socket())
            s.setblocking(False)
            s.connect_ex((GATE[0], 5300))
        equal(answers(recorder, "vendor.example").rcode, 5)    # they were there before that: it is refused, and that is an answer
    need(counted() < before + 100, (counted(), before))
    need(dropped_of_quarantine() >= dropped + 200, (dropped_of_quarantine(), dropped))
    need(shown(home.weir)["connections"]["full"], shown(home.weir))
    return device


def crowd(home, path):
    camera, other, weir = home.camera, home.other, home.weir
    equal((camera.look_up("vendor.example"), other.look_up("svc.example", HTTPS)), ([FOREIGN[0]], list(DOH)))
    device = until("it is known", lambda: next((d["id"] for d in cli(weir, "devices")["devices"] if CAMERA[0] in d["addresses"]), None))
    flow = camera.open(FOREIGN[0], 8080, True)
    need(talks(flow, b"first"), "no flow")
    filler = Filler()
    most = filler.fill()
    need(most >= 0.99 * shown(weir)["connections"]["most"] > 0, (most, shown(weir)))

    def is_full():
        """Whatever has ended meanwhile has another in its place, and somebody feels it."""
        filler.fill()
        return home.recorder.tries(DOH[0], 8080, True, 0.2) == "silence" and shown(weir)["connections"]["full"]
    until("it is full", is_full)
    equal((answers(camera, "vendor.example").addresses, answers(camera, "vendor.example", gate=GATE[1]).rcode), ([FOREIGN[0]], 0))
    equal((answers(other, "vendor.example").rcode, weir.ask("vendor.example").rcode), (0, 0))
    seen = shown(weir)
    need("table of connections is full" in cli(weir, "status")["firewall"]["problem"], cli(weir, "status"))
    need(seen["state"] == "in force" and seen["connections"]["full"] and seen["connections"]["dropped"] > 0, seen)
    percent = int(re.search(rf"([0-9]+) % are of the address of device .*{device}.*: quarantine ends them", seen["problem"])[1])
    need(70 <= percent <= 90, seen["problem"])    # of four fifths
    equal(weir.log().count("table of connections is full"), 1)
    # What is new has no way out, whatever is open to it; what was there goes on. Leases are no connections.
    equal(answers(camera, "svc.example", HTTPS).rcode, 0)
    until("nothing new gets out", lambda: filler.fill() and camera.tries(DOH[0], 8080, True, 0.5) == "silence")
    need({(MACS[0], address) for address in DOH} <= home.leases(), home.leases())
    need(talks(flow, b"second"), "an open flow ends")
    # A name that nobody knows yet: weir's own questions by UDP are as new as all else. That is said (RFC 8914: 22, 23), but for one that found room.
    missed = answers(camera, "zero.example")
    need((missed.rcode, missed.ede) in ((2, 22), (2, 23), (0, None)), missed)
    nft("delete", "table", "inet", "weir")
    until("it is repaired", lambda: "notrack" in (table() or ""))
    equal(answers(camera, "vendor.example").addresses, [FOREIGN[0]])
    beside = knock(home, most)
    # Quarantine makes room, by and by.
    cli(weir, "device", "quarantine", device)
    need(not talks(flow, b"third"), "in quarantine it goes on")
    until("it is over", lambda: cli(weir, "status")["firewall"]["problem"] is None)
    need("the kernel's table of connections has room again" in weir.log(), weir.log())
    until("as it was", lambda: "notrack" not in table())
    equal(home.recorder.look_up("vendor.example", tcp=True), None)    # refused, by TCP again
    until("all of it is forgotten", lambda: counted() < most // 3)
    until("weir's own questions have answers", lambda: other.look_up("zero.example") == [APPROVED[0]])
    need(other.reaches(APPROVED[0]), "there is room")
    figures = weir.verb("metrics")["text"]
    need(f"weir_firewall_connections_most {seen['connections']['most']}" in figures and "weir_firewall_connections_dropped_total 0" not in figures, figures)
    # An nft that does not know how: it is told all the same.
    cli(weir, "device", "release", device)
    cli(weir, "device", "release", beside)
    repairs = shown(weir)["repairs"]
    firewall.refusing(path, "notrack")
    watch = subprocess.Popen([spaces.peer("nft"), "monitor", "tables"], stdout=subprocess.PIPE, text=True)    # pylint: disable=consider-using-with
    until("it is full again", is_full)
    seen = shown(weir)
    need(seen["state"] == "in force" and seen["connections"]["full"] and "notrack" not in table(), seen)
    equal(seen["repairs"], repairs)
    until("it is tried", lambda: weir.log().count("table of connections is full") == 2)
    # It is told with nft's words, once, and tried again.
    refused = "weir's DNS cannot be kept out of the full table of connections: "
    until("it is told", lambda: re.search(f"{refused}.*no tproxy", weir.log()))
    applied = shown(weir)["applied"]
    until("it is tried again, and again", lambda: shown(weir)["applied"] >= applied + 2)
    equal((weir.log().count(refused), shown(weir)["state"]), (1, "in force"))
    nft("add", "table", "inet", "marker")
    nft("delete", "table", "inet", "marker")
    gone = []
    while not gone or gone[-1] != "delete table inet marker":
        gone.append(watch.stdout.readline().strip())
    watch.terminate()
    watch.wait()
    need("delete table inet weir" not in gone, "it was taken away: nobody was held back for that moment")
    os.symlink(spaces.peer("nft"), path + ".new")
    os.replace(path + ".new", path)
    until("it is done", lambda: "notrack" in table())
    need(shown(weir)["connections"]["full"], shown(weir))
    equal(answers(camera, "vendor.example").addresses, [FOREIGN[0]])
    flow.close()


if __name__ == "__main__":
    loopback.main()
