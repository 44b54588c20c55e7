#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Cold recursion with validation: CPU for each signed name, weir beside unbound and kresd in one run.

    bench/signed.py [--rounds N] [--zones N] [--names N] [--algorithm NAME] [--json FILE] [--peers a,b]

A root, ten TLDs and --zones zones below them, each with a key of its own and NSEC, served by three knotd in
a network namespace that ends with this program. Each round starts each resolver afresh, in an order of its own, with
the root's DS as its anchor and nothing else known, and asks for each name once; the resolver has core 0 for itself.
What is compared is the CPU of the resolver's process from the first question to the last answer. A round counts only
when nearly every name came back with AD. Exit 0 if all ran; 1 if something did not.
"""
import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile

import dns.dnssec
import dns.name
import dns.rdata

import run  # beside this file; before the attacks' folder, which has one of that name

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "attacks"))
import resolvers  # noqa: E402  (weir and its peers, as the attacks start them)

INSIDE = "WEIR_BENCH_INSIDE"
PEERS = resolvers.PEERS
ROOT, TLD, LEAF = "198.51.100.1", "198.51.100.2", ("198.51.100.3", "198.51.100.4")
TLDS = 10
PROVEN_MIN = 0.999
WORDS = {"limits": {"client_rate": 10000000, "client_burst": 10000000, "client_inflight": 100000, "rrl_rate": 1000000}}


def program(name):
    return os.path.join(PEERS, "bin", name)


class Zones:
    """Zone files, signed leaf before root, and the servers that have them."""

    def __init__(self, base, zones, names, algorithm):
        self.base, self.ds, self.processes = base, {}, []
        self.leaves = [f"z{i:03}.t{i % TLDS}." for i in range(zones)]
        self.tlds = [f"t{i}." for i in range(TLDS)]
        self.each = names // zones
        self.conf = self.write("sign.conf", f"""database:
    storage: {base}/kasp
policy:
  - id: p
    algorithm: {algorithm}
    single-type-signing: on
template:
  - id: default
    storage: {base}/in
    dnssec-signing: on
    dnssec-policy: p
    zonefile-sync: -1
zone:
""" + "".join(f"  - domain: {z}\n    file: {self.file(z)}\n" for z in [".", *self.tlds, *self.leaves]))

    @staticmethod
    def file(zone):
        return zone + "zone" if zone != "." else "root.zone"

    def write(self, name, text):
        path = os.path.join(self.base, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        return path

    def sign(self, zone, addresses, records):
        """One zone; its DS is known after it."""
        origin = "" if zone == "." else zone
        text = f"{zone} 3600 SOA ns1.{origin} host.{origin} 1 3600 600 86400 300\n"
        for i, address in enumerate(addresses):
            text += f"{zone} 3600 NS ns{i + 1}.{origin}\nns{i + 1}.{origin} 3600 A {address}\n"
        self.write("in/" + self.file(zone), text + records)
        done = subprocess.run([program("kzonesign"), "-c", self.conf, "-o", self.base + "/out", zone], capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"kzonesign {zone}: {(done.stdout + done.stderr).strip()}")
        with open(os.path.join(self.base, "out", self.file(zone)), encoding="ascii") as f:
            line = next(line for line in f if "\tDNSKEY\t" in line or " DNSKEY " in line)
        key = dns.rdata.from_text("IN", "DNSKEY", line.split("DNSKEY", 1)[1].strip())
        self.ds[zone] = f"{zone} 3600 IN DS {dns.dnssec.make_ds(dns.name.from_text(zone), key, 'SHA256')}"

    def cut(self, zone, addresses):
        return "".join(f"{zone} 3600 NS ns{i + 1}.{zone}\nns{i + 1}.{zone} 3600 A {address}\n"
                       for i, address in enumerate(addresses)) + self.ds[zone] + "\n"

    def build(self):
        for folder in ("out", "kasp"):
            os.makedirs(os.path.join(self.base, folder))
        hosts = "".join
        for number, zone in enumerate(self.leaves):
            self.sign(zone, LEAF, hosts(f"n{k:02}.{zone} 3600 A 192.0.2.{k % 250 + 1}\n" for k in range(self.each)))
            if number % 100 == 99:
                print(f"  {number + 1} of {len(self.leaves)} zones are signed", file=sys.stderr, flush=True)
        for tld in self.tlds:
            self.sign(tld, [TLD], hosts(self.cut(z, LEAF) for z in self.leaves if z.endswith("." + tld)))
        self.sign(".", [ROOT], hosts(self.cut(t, [TLD]) for t in self.tlds) + "good.zz. 3600 A 192.0.2.1\n")

    def serve(self):
        for name, zones, addresses in (("root", ["."], [ROOT]), ("tld", self.tlds, [TLD]), ("leaf", self.leaves, LEAF)):
            listen = ", ".join(a + "@53" for a in addresses)
            conf = self.write(f"{name}.conf", f"""server:
    rundir: {self.base}/{name}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    listen: [{listen}]
database:
    storage: {self.base}/{name}
    journal-db-max-size: 1M
template:
  - id: default
    storage: {self.base}/out
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
zone:
""" + "".join(f"  - domain: {z}\n    file: {self.file(z)}\n" for z in zones))
            os.makedirs(os.path.join(self.base, name))
            with open(os.path.join(self.base, name + ".log"), "wb") as log:
                self.processes.append(subprocess.Popen([program("knotd"), "-c", conf], stdout=log, stderr=log,
                                                       preexec_fn=run.pin(run.OTHER_CORE)))

    def names(self):
        found = [f"n{k:02}.{zone}".rstrip(".") for zone in self.leaves for k in range(self.each)]
        random.Random(1).shuffle(found)
        return found

    def keep_off(self):
        """knotd gives its threads cores of its own choice, once it has read its zones: the resolver's core is none of them."""
        for process in self.processes:
            for thread in os.listdir(f"/proc/{process.pid}/task"):
                os.sched_setaffinity(int(thread), {run.OTHER_CORE})

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait()


def trial(kind, zones, blast, names):
    resolver = kind(ROOT, zones.ds["."], **(WORDS if kind is resolvers.Weir else {}))
    try:
        resolver.start(counted=False, prepare=run.pin(run.SERVER_CORE))
        zones.keep_off()  # they answer by now
        before = resolver.cpu_ms()
        done = subprocess.run([blast, "-y", "-t", "120", "-w", "32", "-f", names, *map(str, resolvers.ADDRESS)],
                              capture_output=True, text=True, check=True, preexec_fn=run.pin(run.OTHER_CORE))
        found = json.loads(done.stdout)
        found["cpu_us"] = (resolver.cpu_ms() - before) * 1000 / found["sent"]
    finally:
        resolver.stop()
    if found["proven"] < PROVEN_MIN * found["sent"]:
        raise SystemExit(f"{kind.name}: {found['proven']} of {found['sent']} names came back with AD: {found}")
    return found


def table(found, options):
    def middle(name, key):
        return statistics.median(row[key] for row in found[name])

    best = min((middle(n, "cpu_us") for n in found if n != "weir"), default=None)
    print(f"\ncold recursion with validation, one core, {options.names} names in {options.zones} zones signed by {options.algorithm}")
    print(f"{'server':<10}{'us CPU a name':>15}{'(min-max)':>14}{'names/s':>10}{'p50 us':>9}{'p99 us':>9}{'proven':>8}{'lost':>6}")
    for name in sorted(found, key=lambda n: middle(n, "cpu_us")):
        each = [row["cpu_us"] for row in found[name]]
        span = f"{min(each):.0f}-{max(each):.0f}"
        print(f"{name:<10}{middle(name, 'cpu_us'):>15.0f}{span:>14}{middle(name, 'qps'):>10.0f}{middle(name, 'p50_us'):>9.0f}"
              f"{middle(name, 'p99_us'):>9.0f}{middle(name, 'proven'):>8.0f}{sum(row['lost'] for row in found[name]):>6}")
    if best:
        print(f"weir's CPU is {middle('weir', 'cpu_us') / best:.2f} of the better of the others")


def enter():
    flags = "-nm" if os.geteuid() == 0 else "-Urnm"
    os.execvpe("unshare", ["unshare", flags, "/usr/bin/python3", *sys.argv], {**os.environ, INSIDE: "1"})


def parse():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--zones", type=int, default=500)
    p.add_argument("--names", type=int, default=10000)
    p.add_argument("--algorithm", default="ecdsap256sha256", help="as knotd names it: rsasha256, ed25519, ...")
    p.add_argument("--peers", default="unbound,kresd")
    p.add_argument("--json", metavar="FILE")
    p.add_argument("--blast", default=os.path.join(TOP, "build/release/bench/blast"))
    return p.parse_args()


def main():
    options = parse()
    if INSIDE not in os.environ:
        enter()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in (ROOT, TLD, *LEAF):
        subprocess.run(["ip", "addr", "add", address + "/32", "dev", "lo"], check=True)
    kinds, missing = resolvers.available()
    kinds = [k for k in kinds if k is resolvers.Weir or k.name in options.peers.split(",")]
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as base:
        os.chmod(base, 0o755)
        zones = Zones(base, options.zones, options.names, options.algorithm)
        zones.build()
        zones.serve()
        found = {k.name: [] for k in kinds}
        names = zones.write("names", "\n".join(zones.names()) + "\n")
        try:
            for number in range(options.rounds):
                for kind in random.Random(number).sample(kinds, len(kinds)):
                    row = trial(kind, zones, options.blast, names)
                    found[kind.name].append(row)
                    print(f"  round {number + 1} {kind.name}: {row['cpu_us']:.0f} us CPU a name", file=sys.stderr, flush=True)
        finally:
            zones.stop()
    table(found, options)
    for reason in missing:
        print(reason)
    if options.json:
        with open(options.json, "w", encoding="ascii") as f:
            json.dump(found, f, indent=1)


main()
