# SPDX-License-Identifier: Apache-2.0
"""The Internet of the attacks: a signed root, a signed top-level domain, and children that a case adds."""
import subprocess
import time

import dns.name
import dns.rrset

import authority
import zones

ROOT = "10.53.0.1"
TLD = "10.53.0.2"
SILENT = "10.53.9.9"


class World:
    def __init__(self):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "link", "set", "lo", "mtu", "1500"], check=True)
        self.servers = authority.Authority()
        self.next_address = 0
        self.tld = zones.Zone("zz.", "zz. 60 NS ns.zz.\nns.zz. 60 A " + TLD, signed=True)
        self.root = zones.Zone(".", ". 3600 NS a.root.zz.", signed=True)
        self.root.add(dns.rrset.from_text("a.root.zz.", 3600, "IN", "A", ROOT))
        self.tld.add(dns.rrset.from_text("a.root.zz.", 3600, "IN", "A", ROOT))
        self.root.delegate(self.tld, [("ns.zz.", TLD)])
        self.servers.serve(ROOT, self.root)
        self.servers.serve(TLD, self.tld)
        self.servers.serve(SILENT)
        self.servers.on_query[SILENT] = lambda query, sock, client, tcp: None
        self.child("good.zz.", "good.zz. 60 A 192.0.2.1\n*.good.zz. 60 A 192.0.2.2", signed=True)

    @property
    def anchor(self):
        return f". DS {self.root.key.ds().to_text()}"

    def address(self):
        self.next_address += 1
        return f"10.53.1.{self.next_address}"

    def child(self, origin, text="", signed=False, hook=None, address=None, ttl=60):
        """A zone below zz, at an address of its own; zone.address says which."""
        address = address or self.address()
        zone = zones.Zone(origin, f"{origin} {ttl} NS ns.{origin}\nns.{origin} {ttl} A {address}\n" + text, signed, hook)
        zone.address = address
        self.tld.delegate(zone, [(f"ns.{origin}", address)], ttl)
        self.servers.serve(address, zone)
        return zone

    def quiet(self, still_s=0.4, most_s=8.0):
        """Until nobody has asked for a while: work goes on when the client has its SERVFAIL."""
        end = time.monotonic() + most_s
        seen = -1
        while time.monotonic() < end and len(self.servers.asked) != seen:
            seen = len(self.servers.asked)
            time.sleep(still_s)


class Spent:
    """What one or more questions cost a resolver: messages, checks, digests, cpu_ms, seconds."""

    def __init__(self, world, resolver):
        self.world, self.resolver = world, resolver

    def __enter__(self):
        self.world.servers.reset()
        self.began, self.cpu, self.crypto = time.monotonic(), self.resolver.cpu_ms(), self.resolver.crypto()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.began
        self.world.quiet()
        now = self.resolver.crypto()
        self.messages = len(self.world.servers.asked)
        self.checks, self.digests = now[0] - self.crypto[0], now[1] - self.crypto[1]
        self.cpu_ms = self.resolver.cpu_ms() - self.cpu
