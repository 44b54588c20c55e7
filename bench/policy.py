#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What identity, policy and the log cost an answer from the cache, in one run.

    bench/policy.py [--rounds N] [--seconds S] [--names N] [--rules N] [--only a,b] [--perf KIND]

    plain     no devices, no rules, no log
    identity  10 000 leases and 1000 devices of the configuration (the client is one of them), 8 groups, 4 segments
    rules     440 rules (as many as there may be) of all kinds, with 2000 names, that do not say anything of what is asked, and a list of a million names
    log       every query is written to the disk
    all       the three together

One weir each, all at once on core 0, one worker each; the client and the server behind them have core 1. In each round each is asked in
turn for names that it has in its cache, and what it took of the processor, all threads of it, is divided by its answers: on a busy machine
that is steadier than the clock. What counts is the least of all rounds, and beside it the median of what each round had against `plain`.
The same of the worker's thread alone is what is left where the log's threads have another core. Answers a second are printed too.
"""
import argparse
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WEIR = os.environ.get("WEIR", os.path.join(ROOT, "build", "release", "src", "weir"))
TOOLS = os.path.join(os.path.dirname(os.path.dirname(WEIR)), "bench")
INSIDE = "WEIR_BENCH_POLICY_INSIDE"
HOST, UPSTREAM, PORT = "10.99.0.1", 5459, 5460     # client and server: a device is at no loopback address
LEASES, DEVICES, GROUPS = 10000, 1000, 8
LIMIT = 1.05


def mac(i):
    return "02:00:00:%02x:%02x:%02x" % (i >> 16 & 255, i >> 8 & 255, i & 255)


def identity(home):
    with open(os.path.join(home, "leases"), "w", encoding="ascii") as f:
        for i in range(LEASES):
            f.write(f"{int(time.time()) + 86400} {mac(i)} 10.{i >> 14}.{i >> 7 & 127}.{i & 127} host-{i} *\n")
    devices = [{"name": f"device-{i}", "mac": [mac(i)], "kind": "camera" if i % 3 else "tv", "groups": [f"group-{i % GROUPS}"]}
               for i in range(DEVICES - 1)]
    devices.append({"name": "asker", "addresses": [HOST], "groups": ["group-1", "group-2"], "mac": [mac(1 << 20)]})
    return {"groups": [{"name": f"group-{i}"} for i in range(GROUPS)], "devices": devices, "registry": {"devices": 16384},
            "segments": [{"name": "home", "subnets": ["10.99.0.0/16"]}] +
                        [{"name": f"part-{i}", "subnets": [f"10.{i}.0.0/16"]} for i in range(3)],
            "local": {"leases": [{"file": os.path.join(home, "leases"), "format": "dnsmasq", "zone": "lan.test"}]}}


def rules(home, args, who):
    """As an owner's file that has grown: most rules are about names, some about who asks, when, and what the answer is."""
    out = []
    for i in range(args.rules):
        rule = {"name": f"rule-{i}", "verdict": ("nxdomain", "nodata", "allow", "refused")[i % 4],
                "domains": [f"t{n}.ads-{n % 97}.example" for n in range(5 * i, 5 * i + 5)]}
        if i % 10 == 1:
            rule["hours"] = "22:00-06:00"
        if i % 10 == 2:
            rule["types"] = ["HTTPS"]
        if i % 50 == 3:
            rule = {"name": f"rule-{i}", "verdict": "nodata", "addresses": [f"198.18.{i % 256}.0/24"]}
        if i % 50 == 4:
            rule = {"name": f"rule-{i}", "verdict": "nxdomain", "aliases": [f"track-{i}.test"]}
        if who and i % 10 == 5:
            rule["groups"] = [f"group-{i // 10 % GROUPS}"]
        if who and i % 10 == 6:
            rule["segments"] = [("home", "part-0", "part-1", "part-2")[i // 10 % 4]]
        out.append(rule)
    out.append({"name": "list", "verdict": "nxdomain", "feeds": ["list"]})
    path = os.path.join(home, "list")
    if not os.path.exists(path):
        with open(path, "w", encoding="ascii") as f:
            f.writelines(f"a{i * 7919 % 1000003}{('.com', f'.b{i % 1013}.net', f'.c.b{i % 1013}.org')[i % 3]}\n" for i in range(args.names))
    return {"policy": {"rules": out}, "feed_folder": home, "feeds": [{"name": "list", "from": path, "format": "domains"}]}


def merge(*parts):
    out = {}
    for part in parts:
        for key, value in part.items():
            out[key] = {**out[key], **value} if isinstance(value, dict) and key in out else value
    return out


class Server:
    def __init__(self, kind, home, port, args):
        self.kind, self.port, self.rounds = kind, port, []
        folder = os.path.join(home, kind)
        os.mkdir(folder)
        parts = [{"listen": [f"{HOST}:{port}"], "allow": ["10.0.0.0/8"], "workers": 1, "user": "", "dnssec": {"validate": False},
                  "upstream": {"ports": 256, "groups": [{"name": "up", "servers": [f"udp://{HOST}:{UPSTREAM}"]}]},
                  "control": {"socket": os.path.join(folder, "control")}, "limits": {"client_rate": 0, "rrl_rate": 0},
                  "cache": {"prefetch": False}, "registry": {"file": os.path.join(folder, "devices")}}]
        if kind in ("identity", "all"):
            parts.append(identity(folder))
        if kind in ("rules", "all"):
            parts.append(rules(folder, args, kind == "all"))
        if kind in ("log", "all"):
            parts.append({"log": {"path": os.path.join(folder, "log"), "max_size": "4GiB", "budget_per_day": "64GiB"}})
        path = os.path.join(folder, "weir.yaml")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(merge(*parts), f)
        self.config = path
        with open(os.path.join(folder, "out"), "wb") as out:
            self.process = subprocess.Popen(["taskset", "-c", "0", WEIR, "serve", "-c", path], stdout=out, stderr=out)
        self.out = os.path.join(folder, "out")

    def wait(self):
        """Until it is ready, with its list."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            done = subprocess.run([WEIR, "feeds", "--json", "--socket", os.path.join(os.path.dirname(self.out), "control")],
                                  capture_output=True, text=True, check=False)
            feeds = json.loads(done.stdout) if done.returncode == 0 else None
            if feeds is not None and all(feed.get("names") for feed in feeds):
                return
            time.sleep(0.2)
        with open(self.out, encoding="utf-8") as f:
            raise SystemExit(f"{self.kind} does not start: {f.read()[-2000:]}")

    def used_ns(self):
        """By all its threads, and by its worker alone."""
        total = worker = 0
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/schedstat"):
            with open(path, encoding="ascii") as f, open(os.path.join(os.path.dirname(path), "comm"), encoding="ascii") as comm:
                ns = int(f.read().split()[0])
                total += ns
                worker += ns if comm.read().strip() == "weir-0" else 0
        return total, worker

    def blast(self, *words):
        done = subprocess.run(["taskset", "-c", "1", os.path.join(TOOLS, "blast"), *words, HOST, str(self.port)],
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def round(self, seconds):
        before = self.used_ns()
        found = self.blast("-t", str(seconds), "-n", "10000")
        if found["received"] == 0 or found["good"] < 0.99 * found["received"]:
            raise SystemExit(f"{self.kind}: answers that are none: {found}")
        total, worker = (a - b for a, b in zip(self.used_ns(), before))
        self.rounds.append((total / found["received"], found["qps"], worker / found["received"]))

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def table(servers):
    plain = servers[0]
    worst = 0
    print(f"{'':10}{'ns an answer':>14}{'to plain':>10}{'by rounds':>11}{'its worker':>12}{'by rounds':>11}{'answers/s':>12}")
    for s in servers:
        least = min(r[0] for r in s.rounds)
        share = least / min(r[0] for r in plain.rounds)
        worker = min(r[2] for r in s.rounds) / min(r[2] for r in plain.rounds)
        worker_by_rounds = statistics.median(a[2] / b[2] for a, b in zip(s.rounds, plain.rounds))
        by_rounds = statistics.median(a[0] / b[0] for a, b in zip(s.rounds, plain.rounds))
        worst = max(worst, share)
        print(f"{s.kind:10}{least:14.0f}{share:10.3f}{by_rounds:11.3f}{worker:12.3f}{worker_by_rounds:11.3f}{max(r[1] for r in s.rounds):12.0f}")
    print(f"the most that it costs: {100 * (worst - 1):.1f} % (at most {100 * (LIMIT - 1):.0f} % is the figure)")


def engine_alone(servers):
    """The same configurations without sockets and threads."""
    done = subprocess.run(["taskset", "-c", "0", os.path.join(TOOLS, "micro_policy"), *(s.config for s in servers)],
                          stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    print("the engine alone, ns an answer: " +
          ", ".join(f"{s.kind} {ns:.0f} (+{ns - found[0]:.0f})" for s, ns in zip(servers, found)))


def profile(server, seconds):
    """Where the time goes, by perf, for one of them."""
    path = os.path.join(os.path.dirname(server.out), "perf")
    with subprocess.Popen(["perf", "record", "-q", "-o", path, "-p", str(server.process.pid), "--", "sleep", str(seconds)]):
        server.blast("-t", str(seconds), "-n", "10000")
    print(subprocess.run(["perf", "report", "-i", path, "--stdio", "--percent-limit", "0.7"], capture_output=True, text=True,
                         check=False).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--names", type=int, default=1000000)
    parser.add_argument("--rules", type=int, default=440)
    parser.add_argument("--only", default="identity,rules,log,all")
    parser.add_argument("--perf", help="profile this one in place of measuring")
    args = parser.parse_args()
    if not os.environ.get(INSIDE):
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "-n", "sh", "-c", f'ip link set lo up && ip addr add {HOST}/32 dev lo && exec "$@"', "sh",
                              sys.executable, os.path.abspath(__file__), *sys.argv[1:]])
    home = tempfile.mkdtemp(prefix="weir-bench-policy-")
    upstream = subprocess.Popen(["taskset", "-c", "1", os.path.join(TOOLS, "bare"), "--answer", HOST, str(UPSTREAM)])
    servers = []
    try:
        for i, kind in enumerate(["plain", *args.only.split(",")]):
            servers.append(Server(kind, home, PORT + i, args))
        for s in servers:
            s.wait()
            s.blast("-W", "-n", "10000", "-w", "32")
            s.blast("-t", "0.3", "-n", "10000")
        for s in servers:
            if s.kind == args.perf:
                profile(s, 4)
        for i in range(0 if args.perf else args.rounds):
            for s in servers[i % len(servers):] + servers[:i % len(servers)]:
                s.round(args.seconds)
        if not args.perf:
            table(servers)
            engine_alone(servers)
    finally:
        for s in servers:
            s.stop()
        upstream.terminate()
        upstream.wait()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
