#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""DoT, DoH, DoQ and new TLS connections: what they cost weir's process and its peers', in one run on one machine.

    bench/encrypted.py [--rounds N] [--seconds S] [--peers a,b] [--json FILE] [dot doh doq new resumed idle]

  dot, doh, doq   cached names over kept connections: server CPU a query, from /proc
  new, resumed    TLS connections with one question each: server CPU a connection (four clients), and how long one client alone waited
  idle            1000 DoT connections that asked once and stay: the server's private memory above what it had before

The load is dnsperf's for DoT and DoH, bench/handshake.c's and bench/doqload.c's for the rest. Servers listen on loopback of a
network namespace of their own and forward to one authority; the one that is measured has core 0 for itself (the others are
stopped), the load core 1. Rounds are interleaved in random order; medians are printed, with the ratio to the best peer.
Only ratios of one run count. A server that does not speak a protocol, or is not there, is named. Exit 0 if all that was asked ran.
"""
import argparse
import json
import os
import random
import statistics
import subprocess
import sys

import run  # beside this file

TOP = run.ROOT
sys.path.insert(0, os.path.join(TOP, "lab"))
import askers  # noqa: E402  (the servers and clients of the lab)
import secure  # noqa: E402
import spaces  # noqa: E402

UPSTREAM = "127.0.1.53"
HOST = "dns.bench.example"
NAMES = [f"n{number:09d}.bench.example" for number in range(10000)]
IDLE = 1000
WHAT = ("dot", "doh", "doq", "new", "resumed", "idle")
ADDRESSES = {"weir": "127.0.0.41", "unbound": "127.0.0.42", "kresd": "127.0.0.43", "dnsdist": "127.0.0.44",
             "knotd": "127.0.0.45"}
SPEAKS = {"knotd": ("doq",)}  # weir's: what_weir_speaks
OTHERS = ("dot", "doh", "new", "resumed", "idle")

WEIR = """\
listen: ["{ip}:53"]
allow: [127.0.0.0/8]
workers: 1
user: root
encrypted:
{listeners}  certificates: [{{chain: {chain}, key: {key}}}]
  handshake_rate: 0
upstream:
  groups: [{{name: bench, servers: ["udp://{up}"]}}]
  default: bench
dnssec: {{validate: false}}
# One client asks as fast as it can, and keeps many connections: the limits are on, and high.
limits: {{client_rate: 10000000, client_burst: 10000000, client_inflight: 100000, rrl_rate: 1000000}}
tcp: {{max_connections: 4096, max_per_client: 4096}}
control: {{socket: {dir}/control.sock}}
"""
# An authority for all the names: the upstream of the others (dnsdist passes DoT on over TCP), and the peer for DoQ.
KNOTD = """\
server:
    rundir: {dir}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    {listen}
    key-file: {key}
    cert-file: {chain}
log:
  - target: stderr
    any: warning
database:
    storage: {dir}
    journal-db-max-size: 16M
    kasp-db-max-size: 8M
    timer-db-max-size: 2M
zone:
  - domain: bench.example
    file: "{dir}/bench.zone"
    zonefile-sync: -1
"""
ZONE = "$TTL 3600\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n* A 192.0.2.1\n"


def knotd_command(home, identity, listen):
    secure.write(os.path.join(home, "bench.zone"), ZONE)
    path = secure.write(os.path.join(home, "knot.conf"), KNOTD.format(
        dir=home, listen=listen, chain=identity.chain, key=identity.key))
    return [spaces.peer("knotd"), "-c", path]


def what_weir_speaks(program):
    """The rows that this weir can have, by its own manual: a listener that it does not know is not measured."""
    manual = subprocess.run([program, "check", "--doc"], capture_output=True, text=True, check=True).stdout
    heard = [what for what in ("dot", "doh", "doq") if f"### `encrypted.{what}`" in manual]
    return (*heard, "new", "resumed", "idle")


def weir_command(home, identity, program):
    path = secure.write(os.path.join(home, "weir.yaml"), WEIR.format(
        ip=ADDRESSES["weir"], chain=identity.chain, key=identity.key, up=UPSTREAM, dir=home,
        listeners="".join(f'  {what}: ["{ADDRESSES["weir"]}"]\n' for what in ("dot", "doh", "doq") if what in SPEAKS["weir"])))
    return [program, "serve", "-c", path]


class Server(run.Server):
    """A server under test; its CPU in finer steps than the clock ticks of run.Server."""

    def __init__(self, name, command, home, core=run.SERVER_CORE):
        address, port = (UPSTREAM, 53) if name == "upstream" else (ADDRESSES[name], 853)
        super().__init__(name, command, address, port, core, home, os.path.join(home, "log"))

    def wait_ready(self, timeout=20):
        address = (self.address, self.port)
        return bool(secure.until(lambda: self.process.poll() is not None or accepts(address), timeout)
                    and self.process.poll() is None)

    def cpu(self):
        total = 0
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total / 1e9


def accepts(address):
    import socket
    with socket.socket() as sock:
        return sock.connect_ex(address) == 0


class Bench:
    def __init__(self, options):
        self.options = options
        ca = secure.authority()
        self.identity = ca.issue("bench", [HOST], list(ADDRESSES.values()))
        self.ca = ca.path
        self.node = Here()
        self.servers, self.absent, self.upstream = {}, [], None

    def start(self, name):
        home = os.path.join(spaces.RUN, "bench", name)
        os.makedirs(home, exist_ok=True)
        core = run.OTHER_CORE if name == "upstream" else run.SERVER_CORE
        server = Server(name, self.command(name, home), home, core)
        if server.wait_ready():
            return server
        server.stop()
        with open(server.log, encoding="utf-8", errors="replace") as file:
            self.absent.append(f"{name}: {file.read()[-400:]}")
        return None

    def command(self, name, home):
        if name == "weir":
            return weir_command(home, self.identity, self.options.weir)
        if name == "upstream":
            return knotd_command(home, self.identity, f"listen: {UPSTREAM}@53")
        if name == "knotd":
            return knotd_command(home, self.identity, f"listen-quic: {ADDRESSES[name]}@853\n    "
                                                      f"listen-tls: {ADDRESSES[name]}@853")
        return secure.KINDS[name](home, [ADDRESSES[name]], self.identity, UPSTREAM)

    def start_all(self):
        self.upstream = self.start("upstream")
        for name in ["weir", *self.options.peers]:
            server = self.upstream and self.start(name)
            if server:
                server.pause()
                self.servers[name] = server
        if not self.upstream:
            raise spaces.LabError(f"no upstream: {self.absent}")

    def where(self, server):
        return askers.Server(server.address, HOST, self.ca)

    # --- one trial each: {"cost_us": CPU a piece, ...}

    def perf(self, server, mode):
        return askers.perf(self.node, self.where(server), mode, NAMES, seconds=self.options.seconds, clients=8)

    def trial_query(self, server, mode):
        before = server.cpu()
        figures = self.perf(server, mode)
        cost = (server.cpu() - before) * 1e6 / max(1, figures["completed"])
        return {"cost_us": cost, "per_second": figures["completed"] / self.options.seconds, "lost": figures["lost"],
                "failed": figures["sent"] - figures["lost"] - int(figures["codes"].get("NOERROR", 0))}

    def tool(self, name, server, *words):
        done = self.node.run([os.path.join(self.options.tools, name), *map(str, words), server.address, "853", HOST, self.ca],
                             check=False, timeout=120)
        if not done.stdout.strip():
            raise spaces.LabError(f"{name}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def trial_doq(self, server):
        before = server.cpu()
        figures = self.tool("doqload", server, "-t", self.options.seconds)
        return {"cost_us": (server.cpu() - before) * 1e6 / max(1, figures["received"]),
                "per_second": figures["received"] / figures["seconds"], "lost": figures["lost"], "failed": 0}

    def trial_new(self, server, resume):
        before = server.cpu()
        figures = self.tool("handshake", server, "-t", self.options.seconds, *(["-r"] if resume else []))
        spent = server.cpu() - before
        alone = self.tool("handshake", server, "-c", 1, "-t", self.options.seconds / 3, *(["-r"] if resume else []))
        done = figures["connections"]
        return {"cost_us": spent * 1e6 / max(1, done), "per_second": done / figures["seconds"],
                "lost": figures["failed"], "failed": 0, "handshake_us": alone["handshake_us"],
                "answer_us": alone["answer_us"], "resumed": figures["resumed"] / max(1, done)}

    def trial(self, what, server):
        if what in ("new", "resumed"):
            return self.trial_new(server, what == "resumed")
        return self.trial_doq(server) if what == "doq" else self.trial_query(server, what)

    def rounds(self, what):
        able = [s for name, s in self.servers.items() if what in SPEAKS.get(name, OTHERS)]
        found = {s.name: [] for s in able}
        for server in able:  # names into the cache, code and tables into memory
            server.go_on()
            if what in ("dot", "doh"):
                askers.perf(self.node, self.where(server), what, NAMES, clients=4)
            else:
                self.trial(what, server)
            server.pause()
        for number in range(self.options.rounds):
            order = able[:]
            random.Random(number).shuffle(order)
            for server in order:
                server.go_on()
                row = self.trial(what, server)
                server.pause()
                found[server.name].append(row)
                print(f"  {what} round {number + 1} {server.name}: {row['cost_us']:.1f} us CPU", file=sys.stderr, flush=True)
        return found

    def idle(self):
        """Memory of connections that stay open; each server alone, one after the other."""
        found = {}
        for name, server in self.servers.items():
            if "idle" not in SPEAKS.get(name, OTHERS):
                continue
            server.go_on()
            before, _ = server.memory()
            with subprocess.Popen([os.path.join(self.options.tools, "handshake"), "-i", str(IDLE), server.address, "853",
                                   HOST, self.ca], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
                said = json.loads(client.stdout.readline())
                after, _ = server.memory()
                client.stdin.close()
                client.wait()
            server.pause()
            found[name] = {"connections": said["idle"], "octets": after - before, "why": said.get("why", "")}
        return found

    def stop(self):
        for server in [*self.servers.values(), *([self.upstream] if self.upstream else [])]:
            server.stop()


class Here(spaces.Node):
    """The namespace that this program is in, as a machine of the lab."""

    def __init__(self):  # nothing to build
        self.name, self.processes = "bench", []
        self.fd = os.open("/proc/self/ns/net", os.O_RDONLY)

    def run(self, argv, check=True, **options):
        return super().run(argv, check, preexec_fn=run.pin(run.OTHER_CORE), **options)


TITLES = {"dot": "DoT, cached names on kept connections", "doh": "DoH (HTTP/2, GET), cached names on kept connections",
          "doq": "DoQ, cached names on kept connections", "new": "new TLS connections, full handshake, one question each",
          "resumed": "new TLS connections, resumed, one question each"}


def table(what, found):
    def middle(rows, key):
        return statistics.median(row[key] for row in rows)

    peers = [middle(rows, "cost_us") for name, rows in found.items() if name != "weir" and rows]
    best = min(peers) if peers else float("nan")
    connections = what in ("new", "resumed")
    print(f"\n{TITLES[what]}")
    print(f"{'server':<10}{'us CPU':>9}{'(min-max)':>16}{'to best peer':>14}{'a second':>10}{'lost':>6}{'failed':>8}" +
          (f"{'shaken us':>11}{'answer us':>11}{'resumed':>9}" if connections else ""))
    for name, rows in sorted(found.items(), key=lambda item: middle(item[1], "cost_us")):
        costs = [row["cost_us"] for row in rows]
        line = (f"{name:<10}{middle(rows, 'cost_us'):>9.1f}{f'{min(costs):.1f}-{max(costs):.1f}':>16}"
                f"{middle(rows, 'cost_us') / best:>14.2f}{middle(rows, 'per_second'):>10.0f}"
                f"{sum(r['lost'] for r in rows):>6}{sum(r['failed'] for r in rows):>8}")
        if connections:
            line += (f"{middle(rows, 'handshake_us'):>11.0f}{middle(rows, 'answer_us'):>11.0f}"
                     f"{middle(rows, 'resumed'):>9.0%}")
        print(line, flush=True)


def idle_table(found):
    print(f"\n{IDLE} idle DoT connections: private memory above the start")
    for name, row in sorted(found.items(), key=lambda item: item[1]["octets"]):
        each = row["octets"] / max(1, row["connections"])
        print(f"{name:<10}{row['connections']:>6} open{row['octets'] / 1e6:>9.1f} MB{each / 1e3:>9.1f} KB each  {row['why']}")


def parse():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("what", nargs="*", help=f"{', '.join(WHAT)} (default: those that weir has)")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--seconds", type=float, default=3)
    p.add_argument("--peers", default="unbound,kresd,dnsdist,knotd")
    p.add_argument("--json", metavar="FILE")
    p.add_argument("--weir", default=os.environ.get("WEIR", os.path.join(TOP, "build/release/src/weir")))
    p.add_argument("--tools", help="where handshake and doqload were built")
    options = p.parse_args()
    options.peers = [name for name in options.peers.split(",") if name]
    for name in options.peers:
        if name not in ADDRESSES or name == "weir":
            p.error(f"no such peer: {name}")
    options.what = options.what or [what for what in WHAT if what in what_weir_speaks(os.path.abspath(options.weir))]
    for what in options.what:
        if what not in WHAT:
            p.error(f"no such bench: {what}; there are {', '.join(WHAT)}")
    options.weir = os.path.abspath(options.weir)
    SPEAKS["weir"] = what_weir_speaks(options.weir)
    options.tools = os.path.abspath(options.tools or os.path.join(os.path.dirname(os.path.dirname(options.weir)), "bench"))
    return options


def main():
    options = parse()
    if os.cpu_count() < 2:
        print("bench: needs two cores, one of them for the server alone", file=sys.stderr)
        return 1
    spaces.enter()
    bench, results = Bench(options), {}
    try:
        bench.start_all()
        print(f"machine: {os.cpu_count()} cores, kernel {os.uname().release}, load {run.text_of('/proc/loadavg')}")
        versions = run.peers.versions([spaces.PEERS])
        packages = {"kresd": "knot-resolver", "knotd": "knot"}
        print("peers: " + ", ".join(f"{n} {versions.get(packages.get(n, n), '?')}" for n in options.peers))
        for line in bench.absent:
            print(f"absent: {line}")
        for what in options.what:
            results[what] = bench.idle() if what == "idle" else bench.rounds(what)
            if what == "idle":
                idle_table(results[what])
            else:
                table(what, results[what])
    finally:
        bench.stop()
    if options.json:
        with open(options.json, "w", encoding="ascii") as file:
            json.dump(results, file, indent=1)
    return 1 if bench.absent else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except spaces.LabError as problem:
        sys.exit(f"bench: {problem}")
