#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An upstream that is written as an address is asked over TLS when it names such a service and proves its address (RFC 9462).

The upstream is another weir, in a namespace of its own at the other end of a cable, so that both sides of the document meet.
"""
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lab"))

import certs                                                                        # noqa: E402
import loopback                                                                     # noqa: E402
from loopback import equal, need, until                                             # noqa: E402

UP = "198.51.100.7"  # a public address, of this machine's own


class World:
    """An authority, a certificate for UP and one for another address, and a weir that answers at UP:53 and UP:853."""

    def __init__(self, box, **listeners):
        self.home = tempfile.mkdtemp(prefix="weir-certs-")
        os.chmod(self.home, 0o755)
        self.ca = certs.Authority(self.home)
        self.box = box
        box.things.append(self)
        subprocess.run(["ip", "address", "replace", f"{UP}/32", "dev", "lo"], check=True)
        self.issue(UP)
        self.root = box.upstream(answer="192.0.2.77")
        self.up = box.weir(start=False, **self.settings(**(listeners or {"dot": [UP]})))
        self.up.address = (UP, 53)
        self.up.start()

    def settings(self, **listeners):
        return {"workers": 1, "upstream": {"ports": 256, "groups": [{"name": "all", "servers": [self.root.url]}]},
                "listen": [f"{UP}:53"], "allow": ["0.0.0.0/0"],
                "encrypted": {**listeners, "certificates": [{"chain": self.pair.chain, "key": self.pair.key}]}}

    def change(self, more=None, **listeners):
        self.up.configure({**self.settings(**listeners), **(more or {})})
        self.up.verb("reload")

    def issue(self, address):
        self.pair = self.ca.issue("server", ["dns.up.example"], [address])
        if os.geteuid() == 0:
            shutil.chown(self.pair.key, 0, "nogroup")
        os.chmod(self.pair.key, 0o640)

    def close(self):
        shutil.rmtree(self.home, ignore_errors=True)

    def gateway(self, discover="proven"):
        return self.box.weir(workers=1, upstream={
            "ports": 256, "ca_file": self.ca.path,
            "groups": [{"name": "isp", "servers": [f"udp://{UP}"], "discover": discover}]})


def counters(weir):
    """All counters of the program, whatever they stand in."""
    found = {}

    def walk(value):
        for key, one in value.items() if isinstance(value, dict) else ():
            if isinstance(one, dict):
                walk(one)
            elif isinstance(one, int) and not isinstance(one, bool):
                found[key] = one
    walk(weir.verb("stats"))
    return found


def discovered(weir):
    return weir.verb("status")["discovered"][0]


@loopback.test("a server that proves its address is asked over TLS from then on; when it cannot any more it is asked as it is written")
def upgraded(box):
    world = World(box)
    weir = world.gateway()
    until("the better way", lambda: discovered(weir)["state"] == "proven")
    equal(discovered(weir)["better"], f"tls://{UP}")
    until("it is in force", lambda: len(weir.verb("upstreams")["upstreams"]) == 2)
    before = counters(world.up)
    for i in range(5):
        equal(weir.ask(f"n{i}.example").addresses, ["192.0.2.77"])
    after = counters(world.up)
    grown = {key: after[key] - before[key] for key in after if after[key] != before.get(key)}
    need(grown.get("queries_dot", 0) >= 5 and grown.get("queries_udp", 0) == 0, grown)
    need("proved the address" in weir.log(), weir.log())
    # The upstream's certificate is for another address now: it stops naming the service, and weir stops asking it there.
    world.issue("203.0.113.1")
    until("the upstream tells no more", lambda: "certificates changed" in world.up.log())
    weir.configure({"workers": 1, "upstream": {"ports": 256, "ca_file": world.ca.path, "groups": [
        {"name": "isp", "servers": [f"udp://{UP}"], "discover": "private"}]}})
    weir.verb("reload")
    until("none named", lambda: discovered(weir)["state"] == "none named")
    equal(weir.ask("plain.example").addresses, ["192.0.2.77"])


@loopback.test("a server that names all three is asked by DoQ, and by DoT when nothing answers there")
def all_three(box):
    world = World(box, doq=[f"{UP}:8853"], dot=[f"{UP}:8853"], doh=[f"{UP}:8443"])
    weir = world.gateway()
    until("the better ways", lambda: discovered(weir)["state"] == "proven")
    equal(discovered(weir)["ways"], [f"quic://{UP}:8853", f"tls://{UP}:8853", f"https://{UP}:8443/dns-query"])
    until("they are in force", lambda: len(weir.verb("upstreams")["upstreams"]) == 4)
    before = counters(world.up)
    for i in range(3):
        equal(weir.ask(f"a{i}.example").addresses, ["192.0.2.77"])
    after = counters(world.up)
    equal(after["queries_doq"] - before["queries_doq"], 3)
    world.up.stop()  # and comes back without DoQ
    world.up.configure(world.settings(dot=[f"{UP}:8853"]))
    world.up.start()
    for i in range(3):
        equal(weir.ask(f"n{i}.example").addresses, ["192.0.2.77"])
    after = counters(world.up)
    equal((after["queries_dot"] >= 3, after["queries_udp"]), (True, 0))


@loopback.test("a server that names DoT and DoH is asked by DoT, and by DoH when nothing answers there")
def fallback(box):
    world = World(box, dot=[f"{UP}:8853"], doh=[f"{UP}:8443"])
    weir = world.gateway()
    until("the better ways", lambda: discovered(weir)["state"] == "proven")
    equal(discovered(weir)["ways"], [f"tls://{UP}:8853", f"https://{UP}:8443/dns-query"])
    until("they are in force", lambda: len(weir.verb("upstreams")["upstreams"]) == 3)
    equal(weir.ask("a.example").addresses, ["192.0.2.77"])
    equal(counters(world.up)["queries_doh"], 1)  # that it answers was tried once
    world.up.stop()  # and comes back without DoT
    world.up.configure(world.settings(doh=[f"{UP}:8443"]))
    world.up.start()
    for i in range(3):
        equal(weir.ask(f"n{i}.example").addresses, ["192.0.2.77"])
    after = counters(world.up)
    equal((after["queries_doh"] >= 3, after["queries_dot"], after["queries_udp"]), (True, 0, 0))


@loopback.test("what is said in the clear does not take a way that was proven")
def forged(box):
    world = World(box)
    weir = world.gateway()
    until("the better way", lambda: discovered(weir)["state"] == "proven")
    before = counters(world.up)["queries_udp"]
    # From here on the plain service says that there is none. (Port 853 says so as well, but what it said before has not ended.)
    world.change({"local": {"special": {"off": ["resolver.arpa"]}}}, dot=[UP])
    subprocess.run(["ip", "address", "add", "198.51.100.99/32", "dev", "lo"], check=True)
    until("it was asked again", lambda: counters(world.up)["queries_udp"] > before)
    subprocess.run(["ip", "address", "del", "198.51.100.99/32", "dev", "lo"], check=True)
    until("and once more", lambda: counters(world.up)["queries_udp"] > before + 1)
    equal(discovered(weir)["state"], "proven")
    equal(weir.ask("a.example").addresses, ["192.0.2.77"])
    need(counters(world.up)["queries_dot"] > 0)


@loopback.test("off is the default: nobody is asked for a better way")
def off(box):
    world = World(box)
    weir = world.gateway(discover="off")
    equal(weir.ask("a.example").addresses, ["192.0.2.77"])
    equal(weir.verb("status")["discovered"], [])
    equal(len(weir.verb("upstreams")["upstreams"]), 1)


if __name__ == "__main__":
    loopback.main()
