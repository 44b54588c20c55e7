#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who is behind an address: two cameras of one vendor behind a bridge, whose addresses come from a real dnsmasq, or Kea, and change.

Each camera is a namespace at the end of a cable. What weir believes is read by `weir devices` and `weir device`, as the owner would.
"""
import json
import os
import signal
import subprocess
import sys

import dhcpclient
import loopback
from loopback import equal, need, until

sys.path.insert(0, os.path.join(loopback.TOP, "lab"))
import spaces  # noqa: E402

GATE, GATE6, PORT = "192.168.7.1", "fd00:7::1", 5300
OUI = "00-11-22   (hex)\t\tLens & Sons\n001122     (base 16)\t\tLens & Sons\n"


class Lan:
    """The bridge that weir and the DHCP server stand at."""

    def __init__(self, box):
        self.box, self.server, self.format = box, None, "dnsmasq"
        run("ip", "link", "add", "name", "br0", "type", "bridge")
        run("ip", "link", "set", "dev", "br0", "up")
        run("ip", "addr", "add", f"{GATE}/24", "dev", "br0")
        run("ip", "addr", "add", f"{GATE6}/64", "dev", "br0", "nodad")
        box.things.append(self)

    def dhcp(self, folder, dns="port=0"):
        self.leases = os.path.join(folder, "leases")
        try:
            dnsmasq = spaces.peer("dnsmasq")
        except spaces.LabError as why:
            raise loopback.Skipped(str(why)) from None
        conf = os.path.join(folder, "dnsmasq.conf")
        with open(conf, "w", encoding="ascii") as file:
            file.write(f"{dns}\ninterface=br0\nbind-interfaces\nno-resolv\nuser=root\ngroup=root\nno-ping\ndhcp-authoritative\n"
                       f"dhcp-leasefile={self.leases}\ndhcp-range=192.168.7.100,192.168.7.200,1h\n")
        self.server = subprocess.Popen([dnsmasq, "-k", "-C", conf, "--log-facility=/dev/null"])

    def kea(self, folder):
        """All that it writes is in the folder. It listens at an interface that runs: something must be plugged in."""
        if not spaces.runs("kea-dhcp4", "-v"):
            raise loopback.Skipped("kea-dhcp4 does not run: tools/peers.sh fetches it")
        self.leases, self.format = os.path.join(folder, "kea-leases4.csv"), "kea"
        conf = os.path.join(folder, "kea.json")
        with open(conf, "w", encoding="ascii") as file:
            json.dump({"Dhcp4": {
                "interfaces-config": {"interfaces": ["br0"]}, "valid-lifetime": 3600,
                "lease-database": {"type": "memfile", "persist": True, "name": self.leases, "lfc-interval": 0},
                "subnet4": [{"id": 1, "subnet": "192.168.7.0/24", "pools": [{"pool": "192.168.7.100 - 192.168.7.200"}]}],
                "loggers": [{"name": "kea-dhcp4", "severity": "ERROR", "output_options": [{"output": "stderr"}]}]}}, file)
        until("the bridge runs", lambda: b"state UP" in subprocess.run(["ip", "link", "show", "dev", "br0"], capture_output=True, check=True).stdout)
        places = {f"KEA_{what}": folder for what in ("PIDFILE_DIR", "LOCKFILE_DIR", "DHCP_DATA_DIR", "LOG_FILE_DIR")}
        self.server = subprocess.Popen([spaces.peer("kea-dhcp4"), "-c", conf], stdout=subprocess.DEVNULL, env={**os.environ, **places})

    def close(self):
        if self.server:
            self.server.terminate()
            self.server.wait(10)
        subprocess.run(["ip", "link", "del", "dev", "br0"], check=False)


PROFILE = """{"ietf-mud:mud": {"mud-version": 1, "mud-url": "https://things.example/ipcam", "last-update": "2026-01-02T03:04:05Z", "is-supported": true,
 "from-device-policy": {"access-lists": {"access-list": [{"name": "f"}]}}}, "ietf-access-control-list:acls": {"acl": [{"name": "f", "type": "ipv4-acl-type", "aces": {"ace": [
 {"name": "c", "matches": {"ipv4": {"ietf-acldns:dst-dnsname": "cloud.example"}}, "actions": {"forwarding": "accept"}}]}}]}}"""


class Thing:
    """A device at a cable of its own."""

    def __init__(self, box, name, mac):
        self.name, self.node, self.mac = name, spaces.Node(name), mac
        run("ip", "link", "add", "name", f"to-{name}", "type", "veth", "peer", "name", "eth0",
            "netns", f"/proc/{os.getpid()}/fd/{self.node.fd}")
        run("ip", "link", "set", "dev", f"to-{name}", "master", "br0", "up")
        self.plug(mac)
        box.things.append(self)

    def plug(self, mac):
        """With this MAC address, and without an address."""
        self.mac = mac
        self.node.ip("addr", "flush", "dev", "eth0")
        self.node.ip("link", "set", "dev", "eth0", "down")
        self.node.ip("link", "set", "dev", "eth0", "address", mac)
        self.node.ip("link", "set", "dev", "eth0", "up")

    def lease(self, host, client_id, **says):
        """A new IPv4 address in place of the old one."""
        found = []

        def asked():
            try:
                found.append(dhcpclient.lease4("eth0", self.mac, 1, host, client_id, **says))
            except OSError:
                return False
            return True
        with self.node.inside():
            until("a lease", asked)
        self.node.run(["ip", "-4", "addr", "flush", "dev", "eth0"])
        self.node.address("eth0", f"{found[0]}/24")
        return found[0]

    def rotate(self, address):
        self.node.address("eth0", f"{address}/64")

    def ask(self, weir, name, source, port=PORT, tcp=False):
        with self.node.inside():
            return from_address(weir, name, source, port, tcp)

    def close(self):
        subprocess.run(["ip", "link", "del", "dev", f"to-{self.name}"], check=False, stderr=subprocess.DEVNULL)
        os.close(self.node.fd)


def from_address(weir, name, source, port=PORT, tcp=False):
    """One question, from this address of the namespace."""
    gate = GATE6 if ":" in source else GATE
    if tcp:
        return weir.ask(name, (gate, port), tcp=True, source=source)
    family = loopback.socket.AF_INET6 if ":" in source else loopback.socket.AF_INET
    wire = loopback.question(name)
    with loopback.socket.socket(family, loopback.socket.SOCK_DGRAM) as s:
        s.settimeout(loopback.PATIENCE_S)
        s.bind((source, 0))
        s.sendto(wire, (gate, port))
        return loopback.read_reply(s.recv(4096))


def run(*words):
    subprocess.run(words, check=True)


def settings(box, lan, folder, **more):
    oui = os.path.join(folder, "oui.txt")
    with open(oui, "w", encoding="ascii") as file:
        file.write(OUI)
    local = {"leases": [{"file": lan.leases, "format": lan.format}]} if hasattr(lan, "leases") else {}
    if "hosts" in more:
        local["hosts"] = [os.path.join(folder, "hosts")]
        with open(local["hosts"][0], "w", encoding="ascii") as file:
            file.write(more.pop("hosts") + "\n")
    return box.settings([box.upstream()], user="", listen=["127.0.0.1:5300", f"{GATE}:{PORT}", f"[{GATE6}]:{PORT}"],
                        allow=["127.0.0.0/8", "192.168.7.0/24", "fd00:7::/64"], local=local,
                        registry={"file": os.path.join(folder, "devices"), "oui": oui, **more.pop("registry", {})}, **more)


def cli(weir, *words, fails=False):
    done = subprocess.run([weir.program, *words, "--socket", weir.control, "--json"], capture_output=True, text=True, check=False)
    if fails:
        need(done.returncode == 1, done)
        return done.stderr
    need(done.returncode == 0, done)
    return json.loads(done.stdout)


def log(weir, *words):
    done = subprocess.run([weir.program, "log", *words, "--socket", weir.control, "--json"], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def devices(weir):
    return cli(weir, "devices")["devices"]


def holder(weir, address):
    """The device that has the address, or None."""
    return next((d for d in devices(weir) if address in d["addresses"]), None)


def known(weir, address, **words):
    """Waits until the address is that of a device with these words; its id."""
    def seen():
        d = holder(weir, address)
        return d["id"] if d and all(d[k] == v for k, v in words.items()) else None
    return until(f"{address} is known with {words}", seen)


@loopback.test("two cameras of one vendor stay two devices while their addresses change, by lease and by themselves")
def two_cameras(box):
    lan = Lan(box)
    weir = box.weir(start=False)
    lan.dhcp(weir.folder)
    weir.configure(settings(box, lan, weir.folder, groups=[{"name": "cameras"}],
                            segments=[{"name": "yard", "subnets": ["192.168.7.0/24", "fd00:7::/64"]}]))
    weir.start()
    one, two = Thing(box, "cam1", "00:11:22:00:00:01"), Thing(box, "cam2", "00:11:22:00:00:02")
    ids = {}
    for n, thing in enumerate((one, two)):
        v4 = thing.lease("ipcam", f"first-{n}")
        thing.rotate(f"fd00:7::{n + 1}:a1")
        equal(thing.ask(weir, "a.example", v4).rcode, 0)
        equal(thing.ask(weir, "a.example", f"fd00:7::{n + 1}:a1").rcode, 0)
        ids[thing] = known(weir, v4, mac=thing.mac, vendor="Lens & Sons")
        equal(known(weir, f"fd00:7::{n + 1}:a1"), ids[thing])
        # dnsmasq gives a name to one lease alone, the last that asked for it: this one is read before the other camera has it.
        until("its lease is read", lambda thing=thing: "host-name" in {m["kind"] for m in cli(weir, "device", ids[thing])["marks"]})
    need(ids[one] != ids[two], ids)
    cli(weir, "device", "name", ids[one], "camera-1")
    cli(weir, "device", "group", "camera-1", "cameras")
    for n, thing in enumerate((one, two)):    # each has others now, and cam2 has the old IPv4 address of cam1 in between
        v4 = thing.lease("ipcam", f"second-{n}")
        for k in (2, 3):
            thing.rotate(f"fd00:7::{n + 1}:a{k}")
            equal(thing.ask(weir, "a.example", f"fd00:7::{n + 1}:a{k}").rcode, 0)
            equal(known(weir, f"fd00:7::{n + 1}:a{k}", state="known"), ids[thing])
        equal(thing.ask(weir, "b.example", v4).rcode, 0)
        equal(known(weir, v4, state="known"), ids[thing])
    shown = [d for d in devices(weir) if d["mac"] in (one.mac, two.mac)]
    equal(sorted(d["id"] for d in shown), sorted(ids.values()))
    equal(len(devices(weir)), 2)
    camera = cli(weir, "device", "camera-1")
    equal((camera["id"], camera["groups"], camera["vendor"], camera["segment"], camera["interface"]),
          (ids[one], ["cameras"], "Lens & Sons", "yard", "br0"))
    need({"mac", "client-id", "host-name"} <= {m["kind"] for m in camera["marks"]}, camera)
    need(all(e["sure"] >= 85 for e in camera["evidence"]), camera)
    # A forged neighbour: cam2 says that it has an address of cam1.
    two.node.address("eth0", "fd00:7::1:a3/64")
    with two.node.inside():
        subprocess.run(["ip", "-6", "route", "flush", "cache"], check=False)

    def forged():    # again and again, as a forger does: the true one answers as well
        run("ip", "neigh", "replace", "fd00:7::1:a3", "lladdr", two.mac, "dev", "br0", "nud", "reachable")
        holds = holder(weir, "fd00:7::1:a3")
        return holds and holds["state"] == "conflict" and holds["id"]
    equal(until("a conflict", forged), ids[one])
    need("is in conflict: an address of it is used by another device" in until("a line", lambda: "in conflict" in weir.log() and weir.log()))
    equal(cli(weir, "device", "allow", "camera-1")["state"], "known")


@loopback.test("a device that has its leases of Kea is known by name and client identifier, and follows a new lease")
def of_kea(box):
    lan = Lan(box)
    weir = box.weir(start=False)
    cam, other = Thing(box, "cam1", "00:11:22:00:00:01"), Thing(box, "cam2", "02:11:22:00:00:02")
    lan.kea(weir.folder)
    weir.configure(settings(box, lan, weir.folder))
    weir.start()
    first = cam.lease("porch-cam", b"\1mine")
    equal(cam.ask(weir, "a.example", first).rcode, 0)
    mine = known(weir, first, mac=cam.mac, name="porch-cam")
    words = {"mac": cam.mac, "client-id": b"\1mine".hex(), "host-name": "porch-cam"}

    def marks():
        return {m["kind"]: m["value"] for m in cli(weir, "device", mine)["marks"] if "lease" in m["from"]}
    until("the lease says who it is", lambda: marks() == words)
    equal(weir.ask("porch-cam.home.arpa").addresses, [first])
    second = cam.lease("porch-cam", b"\1new")
    need(second != first, second)
    equal(cam.ask(weir, "a.example", second).rcode, 0)
    equal(known(weir, second, state="known"), mine)
    # Who says the old identifier gets the old address, and Kea writes a line behind the one that was: a MAC address of its own making is not proof enough.
    equal(other.lease("porch-cam", b"\1mine"), first)
    equal(other.ask(weir, "a.example", first).rcode, 0)
    theirs = known(weir, first, mac=other.mac)
    need(theirs != mine, theirs)
    until("it may be the first one", lambda: cli(weir, "device", theirs).get("perhaps") == mine)
    equal(known(weir, second, state="known"), mine)


@loopback.test("how devices ask for an address is heard beside the DHCP server")
def heard(box):
    lan = Lan(box)
    weir = box.weir(start=False)
    lan.dhcp(weir.folder)
    del lan.leases    # its file is elsewhere
    kinds = os.path.join(weir.folder, "kinds")
    with open(kinds, "w", encoding="ascii") as file:
        file.write('camera wishes 1,3,6,12,15,28,42 class "udhcp 1.22.*" vendor "Lens*"\nnonsense\n')
    weir.configure(settings(box, lan, weir.folder, registry={"hear_dhcp": ["br0", "br9"], "kinds": kinds}))
    weir.start()
    need("there is no interface br9 yet" in weir.log() and "1 lines are left out; line 2" in weir.log(), weir.log())
    one = Thing(box, "cam1", "00:11:22:00:00:01")
    v4 = one.lease("ipcam", "id-1", wishes=(1, 3, 6, 12, 15, 28, 42), vendor_class="udhcp 1.22.1", mud="https://things.example/ipcam")
    marks = until("it was heard", lambda: (lambda d: d and {m["kind"]: m for m in d["marks"]})(seen_as(weir, "ipcam")))
    equal((marks["dhcp-wishes"]["value"], marks["dhcp-wishes"]["from"]), ("1,3,6,12,15,28,42", ["dhcp"]))
    equal((marks["dhcp-class"]["value"], marks["mac"]["value"]), ("udhcp 1.22.1", one.mac))
    equal(one.ask(weir, "a.example", v4).rcode, 0)
    mine = known(weir, v4, state="known", kind="camera", kind_sure=72, kind_from=["mac", "dhcp-wishes", "dhcp-class"])
    with one.node.inside():    # nobody answers that: a DHCPv6 server is not there
        dhcpclient.solicit6("eth0", one.mac, (23, 24))
    until("DHCPv6 is heard", lambda: any(m["kind"] == "dhcpv6-wishes" and m["value"] == "23,24" for m in cli(weir, "device", mine)["marks"]))
    hears = {h["interface"]: h for h in cli(weir, "devices")["hears"]}
    need(hears["br0"]["heard"] and hears["br0"]["messages"] >= 3 and not hears["br9"]["heard"], hears)
    # Where its profile is it has said, and nobody goes there by himself; one from a file belongs to its MAC address, and goes with the name that it is given.
    equal(cli(weir, "mud")["offered"], [{"device": "ipcam", "url": "https://things.example/ipcam", "from": "dhcp", "imported": False}])
    path = os.path.join(weir.folder, "ipcam.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(PROFILE)
    equal(cli(weir, "mud", "import", one.mac, path, "--unsigned")["device"], "ipcam")
    cli(weir, "mud", "enforce", v4)
    until("its profile holds", lambda: one.ask(weir, "a.example", v4).rcode == 3)
    for name in ("front", "back"):
        cli(weir, "device", "name", mine, name)
        equal([(p["device"], p["state"]) for p in cli(weir, "mud")["profiles"]], [(name, "enforced")])
        equal((one.ask(weir, "a.example", v4).rcode, one.ask(weir, "cloud.example", v4).rcode), (3, 0))


@loopback.test("what devices say to dnsmasq of their profiles comes by its script into mud.offers, and what one says is never a line about another")
def offers(box):
    lan, weir = Lan(box), box.weir(start=False)
    path = os.path.join(weir.folder, "offers")
    os.environ["MUD_OFFERS"] = path    # dnsmasq's, and so its script's
    lan.dhcp(weir.folder, dns=f"port=0\ndhcp-script={os.path.join(loopback.TOP, 'share', 'mud-offers')}")
    weir.configure(settings(box, lan, weir.folder, mud={"offers": path}))
    weir.start()
    one, two = Thing(box, "cam1", "00:11:22:00:00:01"), Thing(box, "cam2", "00:11:22:00:00:02")
    equal(cli(weir, "mud")["offered"], [])
    one.lease("cam1", "id-1", mud="https://things.example/lamp later")
    two.lease("cam2", "id-2", mud="https://evil.example/\n00:11:22:00:00:01 https://evil.example/")

    def offered():
        return [(row["device"], row["url"], row["from"]) for row in cli(weir, "mud")["offered"]]

    until("it is offered", lambda: offered() == [("cam1", "https://things.example/lamp", "file")])
    two.lease("cam2", "id-3", mud="https://things.example/plug")
    until("it is offered", lambda: sorted(offered()) == [("cam1", "https://things.example/lamp", "file"), ("cam2", "https://things.example/plug", "file")])
    with open(path, encoding="ascii") as file:
        need("evil" not in file.read(), "another's line")
    os.unlink(path)
    os.mkfifo(path)    # it holds nobody up, and is told
    need("no regular file" in cli(weir, "mud")["offers"], cli(weir, "mud"))


@loopback.test("a dnsmasq that asks for its clients says who they are, where it is believed, and nowhere else")
def hop(box):
    lan = Lan(box)
    weir = box.weir(start=False)
    up = box.upstream()
    lan.dhcp(weir.folder, dns="port=5400\nserver=127.0.0.1#5300\nadd-mac\ncache-size=0")
    about = {"registry": {"file": os.path.join(weir.folder, "devices"), "mac_from": ["127.0.0.1"]},
             "upstream": {"groups": [{"name": "all", "servers": [up.url]}]}, "workers": 2, "log": {"privacy": "hashed"}}
    weir.configure(about)
    weir.start()
    one, two = Thing(box, "cam1", "00:11:22:00:00:01"), Thing(box, "cam2", "00:11:22:00:00:02")
    ids = {}
    for n, thing in enumerate((one, two)):
        thing.node.address("eth0", f"192.168.7.{21 + n}/24")
        equal(thing.ask(weir, f"a{n}.example", f"192.168.7.{21 + n}", 5400).rcode, 0)
        need(up.last and b"\xfd\xe9" not in up.last and bytes.fromhex(thing.mac.replace(":", "")) not in up.last, up.last)
        ids[thing] = until("the device is known", lambda: next((d["id"] for d in devices(weir) if d["mac"] == thing.mac), None))
    until("its word is evidence", lambda: "hop" in cli(weir, "device", ids[one])["from"])
    cli(weir, "device", "name", ids[one], "bedroom-cam")
    equal(cli(weir, "device", "quarantine", ids[one])["state"], "quarantined")
    told = [e["text"] for e in log(weir, "--kind", "device")]    # nobody's name, where nobody's address is
    need(f"device {ids[one]}: quarantine, by the control socket" in told and f"device {ids[one]}: name, by the control socket" in told, told)
    need("bedroom-cam" not in weir.log(), weir.log())
    equal(one.ask(weir, "b.example", "192.168.7.21", 5400).rcode, 5)
    equal(two.ask(weir, "b.example", "192.168.7.22", 5400).rcode, 0)
    equal(weir.ask("c.example").rcode, 0)    # the server itself is neither
    about["registry"].pop("mac_from")    # believed no more
    weir.configure(about)
    need(weir.verb("reload"), "reload")
    equal(one.ask(weir, "d.example", "192.168.7.21", 5400).rcode, 0)


def seen_as(weir, name):
    """The device of this name with its marks, or None."""
    done = subprocess.run([weir.program, "device", name, "--socket", weir.control, "--json"], capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


@loopback.test("quarantine, names and groups are known again after kill -9, and what is torn in the registry is left out alone")
def remembered(box):
    lan = Lan(box)
    weir = box.weir(start=False)
    weir.configure(settings(box, lan, weir.folder, groups=[{"name": "cameras"}], hosts="192.168.7.21 door.lan",
                            devices=[{"name": "printer", "mac": ["00:11:22:00:00:09"], "kind": "printer", "groups": ["cameras"]}]))
    weir.start()
    one = Thing(box, "cam1", "00:11:22:00:00:01")
    one.node.address("eth0", "192.168.7.21/24")
    equal(one.ask(weir, "a.example", "192.168.7.21").rcode, 0)
    mine = known(weir, "192.168.7.21", name="d2", local_name="door.lan.")    # which is a name of its address alone
    equal(one.ask(weir, "a.example", "192.168.7.21").rcode, 0)    # the first one may have come before the kernel had told who that is
    need(cli(weir, "device", "name", mine, "door")["remembered"])
    equal(cli(weir, "device", "quarantine", "door")["state"], "quarantined")
    equal(one.ask(weir, "a.example", "192.168.7.21").rcode, 5)    # the very next question, though the answer is known
    for client in ("192.168.7.21", "door", "00:11:22:00:00:01", cli(weir, "device", "door")["id"]):
        why = weir.verb("why", name="a.example", client=client)
        equal([why["policy"][key] for key in ("device", "client", "state", "verdict", "by", "reason")],
              ["door", "192.168.7.21", "quarantined", "refused", "quarantine", "this device is in quarantine"], client)
        equal(why["summary"], "refused for this client: this device is in quarantine")
    need("192.168.7.21" in cli(weir, "why", "door", "a.example")["policy"]["client"])
    equal(weir.refusal('{"verb":"why","args":{"name":"a.example","client":"fridge"}}')["code"], "device")
    need("no address of this device" in weir.refusal('{"verb":"why","args":{"name":"a.example","client":"printer"}}')["error"])
    cli(weir, "device", "group", "door", "cameras")
    asked = log(weir, "--device", "door")
    equal([(e["device_name"], e.get("verdict")) for e in asked][-2:], [("door", None), ("door", "refused")])
    need(any("door" in e["text"] and "quarantine" in e["text"] for e in log(weir, "--kind", "device")), log(weir))
    need("another device" in cli(weir, "device", "name", "door", "printer", fails=True))
    need("no group of this name" in cli(weir, "device", "group", "door", "tv", fails=True))
    need("no device" in cli(weir, "device", "show", "fridge", fails=True))
    door = cli(weir, "device", "door")
    for whom in (door["mac"], door["mac"].upper(), door["addresses"][0]):
        equal(cli(weir, "device", whom)["id"], door["id"])
    for nobody in ("02:00:00:00:00:99", "192.168.7.99"):
        need("no device" in cli(weir, "device", nobody, fails=True))

    def names():
        return next(line for line in str(weir.verb("metrics")).split("\\n") if line.startswith("weir_labels "))
    before = names()
    need("not put in this group" in cli(weir, "device", "leave", "door", "a-word-of-no-group", fails=True))
    equal(names(), before)    # and the word has taken no number
    need("configuration" in cli(weir, "device", "name", "printer", "x", fails=True))
    path = os.path.join(weir.folder, "devices")
    for torn in (False, True):
        weir.process.kill()
        weir.process.wait()
        if torn:
            with open(path, "r+", encoding="utf-8") as file:    # half of a line behind all others, and one that was changed
                text = file.read()
                file.seek(0)
                file.write(text.replace('"name":"printer"', '"name":"painter"') + text.splitlines()[1][:90])
        weir.start()
        door = cli(weir, "device", "door")
        equal((door["id"], door["state"], door["groups"]), (mine, "quarantined", ["cameras"]))
        equal(one.ask(weir, "a.example", "192.168.7.21").rcode, 5)
        equal(holder(weir, "192.168.7.21")["id"], mine)
        equal("2 lines cannot be read" in weir.log(), torn, weir.log())
    equal(cli(weir, "device", "release", "door")["state"], "known")
    equal(one.ask(weir, "a.example", "192.168.7.21").rcode, 0)
    weir.process.kill()
    weir.process.wait()
    with open(path, "wb") as file:
        file.write(b"<html>not a registry")
    weir.start()
    need("it is put aside" in weir.log() and os.path.exists(path + ".bad"), weir.log())
    equal(cli(weir, "device", "printer")["kind"], "printer")
    equal(one.ask(weir, "a.example", "192.168.7.21").rcode, 0)


@loopback.test("rules know a device by its name of now and by its kind, and one of them puts it in quarantine")
def ruled(box):
    lan = Lan(box)
    weir = box.weir(start=False)
    weir.configure(settings(box, lan, weir.folder, devices=[{"name": "porch", "mac": ["00:11:22:00:00:01"], "kind": "camera"}],
                            policy={"rules": [
                                {"name": "tried", "domains": ["tried.example"], "verdict": "quarantine", "shadow": True},
                                {"name": "c2", "devices": ["door"], "domains": ["c2.example"], "verdict": "quarantine"},
                                {"name": "cams", "kinds": ["camera"], "domains": ["ads.example"], "verdict": "sinkhole"}]}))
    weir.start()
    one, two = Thing(box, "cam1", "00:11:22:00:00:01"), Thing(box, "cam2", "00:11:22:00:00:02")
    for n, thing in enumerate((one, two)):
        thing.node.address("eth0", f"192.168.7.{n + 21}/24")
        equal(thing.ask(weir, "a.example", f"192.168.7.{n + 21}").rcode, 0)
        known(weir, f"192.168.7.{n + 21}", mac=thing.mac)
    def by_one(name): return one.ask(weir, name, "192.168.7.21")
    def by_two(name, tcp=False): return two.ask(weir, name, "192.168.7.22", tcp=tcp)
    equal((by_one("ads.example").addresses, by_two("ads.example").addresses), (["0.0.0.0"], ["192.0.2.1"]))
    equal((by_two("c2.example").rcode, by_two("tried.example").rcode), (0, 0))
    cli(weir, "device", "name", holder(weir, "192.168.7.22")["id"], "door")
    equal(cli(weir, "device", "door")["quarantine_reason"], None)
    told = by_two("c2.example")    # by whom it was sent shows over TCP alone
    equal((by_one("c2.example").rcode, told.rcode, told.wire[2] & 2, told.addresses), (0, 0, 2, []))
    equal((by_two("a.example").rcode, cli(weir, "device", "door")["state"]), (0, "known"))
    equal(by_two("c2.example", tcp=True).rcode, 5)
    until("it is shut off", lambda: by_two("a.example").rcode == 5)
    need("device door" in weir.log() and "is in quarantine by rule c2" in weir.log(), weir.log())
    for start in (False, True):
        if start:    # the reason is known again
            until("it is on the disk", lambda: "rule c2" in open(os.path.join(weir.folder, "devices"), encoding="utf-8").read())
            weir.process.kill()
            weir.process.wait()
            weir.start()
        door = cli(weir, "device", "door")
        equal((door["state"], door["quarantine_reason"]), ("quarantined", "rule c2"))
    cli(weir, "device", "release", "door")
    equal((by_two("a.example").rcode, by_one("a.example").rcode), (0, 0))
    cli(weir, "device", "name", "door", "gate")
    equal((by_two("c2.example").rcode, cli(weir, "device", "gate")["state"]), (0, "known"))
    need("configuration" in cli(weir, "device", "kind", "porch", "tv", fails=True))
    equal(cli(weir, "device", "kind", "gate", "camera")["kind"], "camera")
    equal(by_two("ads.example").addresses, ["0.0.0.0"])
    why = weir.verb("why", name="ads.example", client="192.168.7.21")["policy"]
    equal((why["verdict"], why["reason"], why["trigger"]), ("sinkhole", "rule cams", "name"))
    equal([r["verdict"] for r in weir.verb("policy")["rules"]], ["quarantine", "quarantine", "sinkhole"])


@loopback.test("ten thousand made-up neighbours push nobody out who is known")
def flood(box):
    lan = Lan(box)
    weir = box.weir(start=False)
    weir.configure(settings(box, lan, weir.folder, registry={"devices": 256}))
    weir.start()
    one = Thing(box, "cam1", "00:11:22:00:00:01")
    one.node.address("eth0", "192.168.7.21/24")
    equal(one.ask(weir, "a.example", "192.168.7.21").rcode, 0)
    mine = known(weir, "192.168.7.21")
    cli(weir, "device", "name", mine, "door")
    run("ip", "addr", "add", "10.9.0.1/16", "dev", "br0")
    lines = [f"neigh replace 10.9.{n >> 8}.{n & 255} lladdr 02:66:00:00:{n >> 8:02x}:{n & 255:02x} dev br0 nud permanent" for n in range(2, 10002)]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)
    shown = until("all have come by", lambda: (lambda s: s if s["refused"] > 5000 else None)(cli(weir, "devices")))
    need(shown["known"] >= 128, shown["known"])
    need(shown["known"] <= 256 * 3 // 4, shown["known"])
    equal(holder(weir, "192.168.7.21")["id"], mine)
    equal(one.ask(weir, "b.example", "192.168.7.21").rcode, 0)
    run("ip", "neigh", "flush", "dev", "br0", "nud", "all")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    loopback.main()
