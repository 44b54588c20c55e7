#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir beside its peers and the bare socket, in one run on one machine.

    bench/run.py [--rounds N] [--seconds S] [--peers a,b] [--json FILE] [--fetch] [hit miss memory]

Only ratios of one run count: absolute figures move with the machine. Each trial of a server stands
between two short bursts at the bare reflector (bench/bare.c), and its ratio is to their mean; the medians over
interleaved rounds in random order are printed. The server has core 0 for itself, the generator (and, for misses, the
upstream) core 1. cost_x is server CPU a query over that of bare.

  hit     cached names over UDP
  miss    names never asked before, forwarded over UDP to a tiny upstream
  memory  100 000 cached A records: resident octets a name, and at start

Servers come from build/peers and build/bench-peers; --fetch gets the latter (apt, installs nothing). A server that is
not there is named as absent. Processes that this program did not start are not touched. Exit 0 if all that was asked ran.
"""
import argparse
import collections
import glob
import json
import os
import random
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import peers  # noqa: E402  (beside this file)

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TICKS = os.sysconf("SC_CLK_TCK")
MEMORY_NAMES = 100000
HIT_NAMES = 10000
SERVER_CORE, OTHER_CORE = 0, 1


def pin(core):
    """For a child: a session of its own (so that the scheduler does not group it), first in line, one core."""
    def enter():
        os.setsid()
        try:
            with open("/proc/self/autogroup", "w", encoding="ascii") as f:
                f.write("-19")
        except OSError:
            pass
        try:
            os.setpriority(os.PRIO_PROCESS, 0, -19)
        except OSError:
            pass
        os.sched_setaffinity(0, {core})
    return enter


class Server:
    """A process under test. Paused while others are measured."""

    def __init__(self, name, command, address, port, core, directory, log):
        self.name, self.address, self.port = name, address, port
        with open(log, "wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=out, cwd=directory, preexec_fn=pin(core))
        self.log = log

    def wait_ready(self, timeout=15):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.process.poll() is not None:
                return False
            if probe(self.address, self.port):
                return True
        return False

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def family(self):
        """The process and its children (a helper that holds the privileges, say)."""
        pids = [str(self.process.pid)]
        for pid in pids:
            for path in glob.glob(f"/proc/{pid}/task/*/children"):
                with open(path, encoding="ascii") as f:
                    pids += f.read().split()
        return pids

    def memory(self):
        """Resident octets that are its own, and all, of all its processes."""
        found = collections.Counter()
        for pid in self.family():
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                for line in f:
                    word = line.split()
                    if len(word) == 3 and word[2] == "kB":
                        found[word[0].rstrip(":")] += int(word[1]) * 1024
        return found["Private_Clean"] + found["Private_Dirty"], found["Rss"]

    def stop(self):
        if self.process.poll() is None:
            self.go_on()
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def probe(address, port):
    query = struct.pack("!6H", random.randrange(65536), 0x100, 1, 0, 0, 0)
    query += b"\x05probe\x05bench\x07example\x00\x00\x01\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.2)
        try:
            s.connect((address, port))
            s.send(query)
            return len(s.recv(4096)) >= 12
        except OSError:
            time.sleep(0.05)
            return False


class Bench:
    def __init__(self, options):
        self.options = options
        self.base = tempfile.mkdtemp(prefix="weir-bench-")
        os.chmod(self.base, 0o755)
        self.folders = [os.path.join(ROOT, "build/bench-peers"), os.path.join(ROOT, "build/peers")]
        self.tools = {t: os.path.join(options.tools, t) for t in ("bare", "blast")}
        self.servers, self.absent, self.results = [], [], {}

    # --- processes

    def start(self, name, command, address, port, core, directory=None):
        server = Server(name, command, address, port, core, directory or self.base,
                        os.path.join(self.base, name + ".log"))
        self.servers.append(server)
        if not server.wait_ready():
            self.stop(server)
            with open(server.log, encoding="utf-8", errors="replace") as f:
                print(f"{name} does not answer:\n{f.read()[-600:]}", file=sys.stderr)
            return None
        return server

    def stop(self, server):
        server.stop()
        self.servers.remove(server)

    def start_bare(self):
        return self.start("bare", [self.tools["bare"], "127.0.0.40", "5440"], "127.0.0.40", 5440,
                          SERVER_CORE)

    def start_upstream(self):
        return self.start("upstream",
                          [self.tools["bare"], "--answer", peers.UPSTREAM, str(peers.UPSTREAM_PORT)],
                          peers.UPSTREAM, peers.UPSTREAM_PORT, OTHER_CORE)

    def start_peer(self, name, cache="16MiB"):
        peer = peers.make(name, self.options.weir, self.folders, self.base, cache)
        if peer is None:
            if name not in self.absent:
                self.absent.append(name)
            return None
        return self.start(name, peer.command, peer.address, peer.port, SERVER_CORE, peer.directory)

    def start_peers(self):
        found = []
        for name in self.options.peers:
            server = self.start_peer(name)
            if server is not None:
                server.pause()
                found.append(server)
        return found

    def blast(self, server, *arguments):
        run = subprocess.run([self.tools["blast"], *map(str, arguments), server.address,
                              str(server.port)], capture_output=True, text=True, check=True,
                             timeout=120, preexec_fn=pin(OTHER_CORE))
        return json.loads(run.stdout)

    # --- trials

    def trial(self, server, *arguments):
        before = server.cpu()
        result = self.blast(server, *arguments)
        result["cost_us"] = (server.cpu() - before) * 1e6 / max(1, result["received"])
        return result

    def paired(self, bare, server, *arguments):
        """The server between two bursts at the bare reflector."""
        bare.go_on()
        first = self.trial(bare, "-t", 0.6)
        bare.pause()
        server.go_on()
        result = self.trial(server, "-t", self.options.seconds, *arguments)
        server.pause()
        bare.go_on()
        last = self.trial(bare, "-t", 0.6)
        bare.pause()
        qps = (first["qps"] + last["qps"]) / 2
        cost = (first["cost_us"] + last["cost_us"]) / 2
        result["bare_qps"] = qps
        result["ratio"] = result["good"] / result["seconds"] / qps
        result["cost_x"] = result["cost_us"] / cost if cost > 0 else float("nan")
        return result

    def rounds(self, bare, servers, arguments):
        found = {s.name: [] for s in servers}
        for number in range(self.options.rounds):
            order = servers[:]
            random.Random(number).shuffle(order)
            for server in order:
                result = self.paired(bare, server, *arguments(server))
                found[server.name].append(result)
                print(f"  round {number + 1} {server.name}: {result['qps']:.0f}/s "
                      f"ratio {result['ratio']:.3f}", file=sys.stderr, flush=True)
        return found

    def table(self, title, found):
        def middle(rows, key):
            return statistics.median(r[key] for r in rows)

        print(f"\n{title}")
        print(f"{'server':<15}{'ratio':>8}{'(min-max)':>14}{'queries/s':>12}{'us CPU':>8}{'cost_x':>8}"
              f"{'p50 us':>8}{'p99 us':>8}{'lost':>6}{'failed':>8}")
        bare = statistics.median(r["bare_qps"] for rows in found.values() for r in rows)
        print(f"{'bare':<15}{1:>8.2f}{'':>14}{bare:>12.0f}")
        order = sorted(found.items(), key=lambda item: -middle(item[1], "ratio"))
        for name, rows in order:
            ratios = [r["ratio"] for r in rows]
            span = f"{min(ratios):.2f}-{max(ratios):.2f}"
            print(f"{name:<15}{middle(rows, 'ratio'):>8.3f}{span:>14}{middle(rows, 'qps'):>12.0f}"
                  f"{middle(rows, 'cost_us'):>8.2f}{middle(rows, 'cost_x'):>8.2f}"
                  f"{middle(rows, 'p50_us'):>8.0f}{middle(rows, 'p99_us'):>8.0f}"
                  f"{sum(r['lost'] for r in rows):>6}{sum(r['servfail'] for r in rows):>8}")

    def run_hit(self):
        upstream, bare = self.start_upstream(), self.start_bare()
        servers = self.start_peers()
        for server in servers:
            server.go_on()
            for _ in range(2):
                self.blast(server, "-W", "-t", 30, "-w", 32, "-n", HIT_NAMES)
            server.pause()
        found = self.rounds(bare, servers, lambda server: ["-n", HIT_NAMES])
        self.results["hit"] = found
        self.table(f"cached answers over UDP, one core, {HIT_NAMES} names", found)
        for server in [upstream, bare] + servers:
            self.stop(server)

    def run_miss(self):
        upstream, bare = self.start_upstream(), self.start_bare()
        servers = self.start_peers()
        counter = {s.name: 0 for s in servers}

        def arguments(server):
            # Far apart, so that a trial never meets the names of the one before.
            counter[server.name] += 20000000
            return ["-y", "-u", counter[server.name]]

        for server in servers:  # ports and buffers are opened, as they are after the first seconds
            server.go_on()
            self.blast(server, "-t", 1, *arguments(server))
            server.pause()
        found = self.rounds(bare, servers, arguments)
        self.results["miss"] = found
        self.table("forwarded misses, one core, each name once", found)
        for server in [upstream, bare] + servers:
            self.stop(server)

    def run_memory(self):
        upstream = self.start_upstream()
        rows = {}
        for name in self.options.peers:
            server = self.start_peer(name, cache="16MiB")
            if server is None:
                continue
            start_own, start_all = server.memory()
            for _ in range(2):  # a second time, for what was lost
                self.blast(server, "-W", "-t", 120, "-w", 32, "-n", MEMORY_NAMES)
            own, _ = server.memory()
            rows[name] = {"start_private": start_own, "start_rss": start_all,
                          "per_name": (own - start_own) / MEMORY_NAMES}
            self.stop(server)
        self.stop(upstream)
        self.results["memory"] = rows
        print(f"\nmemory: at start, and for each of {MEMORY_NAMES} cached A records")
        print(f"{'server':<15}{'private MB':>12}{'resident MB':>13}{'octets a name':>15}")
        for name, row in sorted(rows.items(), key=lambda item: item[1]["per_name"]):
            print(f"{name:<15}{row['start_private'] / 1e6:>12.1f}{row['start_rss'] / 1e6:>13.1f}"
                  f"{row['per_name']:>15.0f}")

    def finish(self):
        for server in self.servers[:]:
            self.stop(server)
        shutil.rmtree(self.base, ignore_errors=True)


def text_of(path):
    try:
        with open(path, encoding="ascii") as f:
            return f.read().strip()
    except OSError:
        return "?"


def describe(bench):
    found = peers.versions(bench.folders)
    print(f"machine: {os.cpu_count()} cores, kernel {os.uname().release}, "
          f"load {text_of('/proc/loadavg')}")
    for name in bench.options.peers:
        package = peers.TABLE[name][1]
        if package is not None:
            print(f"  {name} {found.get(package, '(absent)')}")
    if bench.absent:
        print("absent: " + ", ".join(bench.absent) + " (make bench ARGS=--fetch gets them)")


def parse():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("what", nargs="*", help="hit, miss, memory (default: all)")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--seconds", type=float, default=2)
    p.add_argument("--peers", default=",".join(peers.TABLE))
    p.add_argument("--json", metavar="FILE")
    p.add_argument("--fetch", action="store_true", help="get the peers into build/bench-peers")
    p.add_argument("--weir", default=os.environ.get("WEIR",
                                                   os.path.join(ROOT, "build/release/src/weir")))
    p.add_argument("--tools", help="where bare and blast were built")
    options = p.parse_args()
    options.peers = [n for n in options.peers.split(",") if n]
    for name in options.peers:
        if name not in peers.TABLE:
            p.error(f"no such server: {name}; there are {', '.join(peers.TABLE)}")
    options.weir = os.path.abspath(options.weir)
    options.what = options.what or ["hit", "miss", "memory"]
    for what in options.what:
        if what not in ("hit", "miss", "memory"):
            p.error(f"no such bench: {what}")
    if options.tools is None:
        options.tools = os.path.join(os.path.dirname(os.path.dirname(options.weir)), "bench")
    options.tools = os.path.abspath(options.tools)
    return options


def main():
    options = parse()
    if options.fetch:
        packages = sorted({row[1] for row in peers.TABLE.values() if row[1]})
        subprocess.run([os.path.join(ROOT, "tools/peers.sh"), *packages], check=True,
                       env={**os.environ, "WEIR_PEERS": os.path.join(ROOT, "build/bench-peers")})
    if os.cpu_count() < 2:
        print("bench: needs two cores, one of them for the server alone", file=sys.stderr)
        return 1
    bench = Bench(options)
    try:
        for what in options.what:
            getattr(bench, "run_" + what)()
        describe(bench)
    finally:
        bench.finish()
    if options.json:
        with open(options.json, "w", encoding="ascii") as f:
            json.dump({"results": bench.results, "versions": peers.versions(bench.folders),
                       "absent": bench.absent}, f, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
