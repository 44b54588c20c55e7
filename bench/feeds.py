#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A block list of a million names in weir and in its peers, in one run: memory, time to start, and what clients feel of a new list.

    bench/feeds.py [--names N] [--peers a,b]

One thread each, in a network namespace of its own. Memory is what is resident with the list less what is resident without, a name (for weir the mapped list is
in it). "start" is from the start of the process to the first denied answer; for weir also with the compiled list of an earlier start. Then a client asks
for a name that is not listed, once a millisecond, while the list changes: the 99th percentile and the worst of the answers before and during that, and how
long it takes until the new list is in force. A peer that is not there is named as absent.
"""
import argparse
import os
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
sys.path.insert(0, os.path.join(ROOT, "lab"))
import loopback  # noqa: E402  (for its packets and its upstream)
import rooted  # noqa: E402  (kresd finds its files only where Debian puts them)

INSIDE = "WEIR_BENCH_FEEDS_INSIDE"
PORT, UPSTREAM_PORT = 5440, 5453
FOLDERS = [os.path.join(ROOT, "build", "bench-peers"), os.path.join(ROOT, "build", "peers")]
PATIENCE_S = 120

WEIR = """\
listen: ["127.0.0.1:{port}"]
workers: 1
user: ""
upstream: {{ports: 256, groups: [{{name: up, servers: ["udp://127.0.0.1:{up}"]}}]}}
dnssec: {{validate: false}}
limits: {{client_rate: 0, rrl_rate: 0}}
control: {{socket: {dir}/control.sock}}
feed_folder: {dir}
feeds: [{feeds}]
"""

UNBOUND = """\
server:
  interface: 127.0.0.1@{port}
  num-threads: 1
  module-config: "respip iterator"
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{dir}"
  pidfile: ""
  use-syslog: no
  do-ip6: no
  do-not-query-localhost: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{up}
remote-control:
  control-enable: yes
  control-interface: {dir}/control.sock
  control-use-cert: no
{rpz}
"""

KRESD = """\
net.listen('127.0.0.1', {port}, {{ kind = 'dns' }})
modules = {{ 'policy' }}
trust_anchors.remove('.')
{rpz}
policy.add(policy.all(policy.FORWARD('127.0.0.1@{up}')))
cache.size = 32 * MB
"""


def put(path, text):
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write(text)
    os.replace(path + ".new", path)


def name_of(i, turn):
    return f"h{i}.ads{i % 997}-{turn}.example"


class Server:
    """One kind of server: how it is started with a list or without, and how it is given another one."""

    def __init__(self, name, program, folder, names):
        self.name, self.program, self.folder, self.names = name, program, folder, names
        self.list = os.path.join(folder, "list")
        self.process = None

    def write_list(self, turn):
        names = (name_of(i, turn) for i in range(self.names))
        if self.name in ("unbound", "kresd"):
            head = f"$TTL 60\n@ SOA ns.rpz. root.rpz. {turn + 1} 3600 600 86400 60\n@ NS ns.rpz.\n"
            put(self.list, head + "".join(f"{n} CNAME .\n" for n in names))
        else:
            put(self.list, "".join(f"0.0.0.0 {n}\n" for n in names))

    def command(self, listed):
        words = {"port": PORT, "up": UPSTREAM_PORT, "dir": self.folder}
        conf = os.path.join(self.folder, "conf")
        if self.name == "weir":
            feed = f"{{name: big, from: {self.list}, format: hosts, verdict: nxdomain}}" if listed else ""
            put(conf, WEIR.format(feeds=feed, **words))
            return [self.program, "serve", "-c", conf]
        if self.name == "unbound":
            rpz = f"rpz:\n  name: rpz.\n  zonefile: {self.list}\n" if listed else ""
            put(conf, UNBOUND.format(rpz=rpz, **words))
            return [self.program, "-c", conf]
        if self.name == "kresd":
            rpz = f"policy.add(policy.rpz(policy.DENY, '{self.list}', false))" if listed else ""
            put(conf, KRESD.format(rpz=rpz, **words))
            return rooted.command("/usr/sbin/kresd", "-n", "-q", "-c", conf, self.folder)
        return [self.program, "-k", "--conf-file=/dev/null", "--user=root", "--no-resolv", "--no-hosts", "--no-poll", "--bind-interfaces",
                "--listen-address=127.0.0.1", f"--port={PORT}", f"--server=127.0.0.1#{UPSTREAM_PORT}", "--cache-size=10000"] + (
                    [f"--addn-hosts={self.list}"] if listed else [])

    def start(self, listed, name, blocked):
        """Seconds until `name` is answered as it should be."""
        begun = time.monotonic()
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(self.command(listed), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        self.wait(name, blocked)
        return time.monotonic() - begun

    def wait(self, name, blocked):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if self.process.poll() is not None:
                with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
                    raise RuntimeError(f"{self.name} ended: {log.read()[-600:]}")
            reply = ask(name, 0.2)
            if reply is not None and is_blocked(reply) == blocked:
                return
            time.sleep(0.002)
        raise RuntimeError(f"{self.name}: {name} is not {'' if blocked else 'not '}blocked in {PATIENCE_S} s")

    def renew(self):
        if self.name == "dnsmasq":
            self.process.send_signal(1)
        elif self.name == "unbound":
            control = os.path.join(os.path.dirname(self.program), "unbound-control")
            subprocess.run([control, "-c", os.path.join(self.folder, "conf"), "auth_zone_reload", "rpz."], check=True,
                           stdout=subprocess.DEVNULL)

    def resident(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmRSS"))

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def ask(name, seconds):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(seconds)
        try:
            s.connect(("127.0.0.1", PORT))
            s.send(loopback.question(name))
            return loopback.read_reply(s.recv(4096))
        except OSError:
            return None


def is_blocked(reply):
    return reply.rcode == 3 or reply.addresses == ["0.0.0.0"]


class Client(threading.Thread):
    """Asks once a millisecond for a name that nobody lists, on a socket of its own; keeps how long each answer took."""

    def __init__(self):
        super().__init__(daemon=True)
        self.took, self.over, self.lost = [], False, 0

    def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(("127.0.0.1", PORT))
            s.settimeout(PATIENCE_S)
            number = 0
            while not self.over:
                number = (number + 1) % 65536
                begun = time.monotonic()
                s.send(loopback.question("www.unlisted.example", number))
                try:
                    while struct.unpack(">H", s.recv(4096)[:2])[0] != number:
                        pass
                    self.took.append(time.monotonic() - begun)
                except OSError:
                    self.lost += 1
                time.sleep(0.001)

    def figures(self):
        taken, self.took = self.took, []
        taken.sort()
        return (statistics.median(taken), taken[int(len(taken) * 0.99)], taken[-1]) if taken else (0, 0, 0)


def measure(server):
    server.start(False, "www.unlisted.example", False)
    empty = server.resident()
    server.stop()
    server.write_list(0)
    cold = server.start(True, name_of(server.names - 1, 0), True)
    time.sleep(0.5)
    full = server.resident()
    warm = None
    if server.name == "weir":
        server.stop()
        warm = server.start(True, name_of(server.names - 1, 0), True)
        full = server.resident()
    client = Client()
    client.start()
    time.sleep(3)
    calm = client.figures()
    swap, fresh = (None, None, None), None
    if server.name != "kresd":    # which wants lua-cqueues for that, or a restart
        server.write_list(1)
        client.figures()
        written = time.monotonic()
        server.renew()
        server.wait(name_of(server.names - 1, 1), True)
        fresh = time.monotonic() - written
        time.sleep(0.5)    # the answer that waited for the list is one of them
        swap = client.figures()
    client.over = True
    client.join(40)
    server.stop()
    times = "".join("        -" if t is None else f"{t * 1e3:9.1f}" for t in (cold, warm, *calm[1:], *swap[1:], fresh))
    print(f"{server.name:9} {(full - empty) / server.names:8.1f} {empty / 1e6:8.1f}{times} {client.lost:5}", flush=True)


def find(name):
    if name == "weir":
        return os.environ.get("WEIR", os.path.join(ROOT, "build", "release", "src", "weir"))
    for folder in FOLDERS:
        path = os.path.join(folder, "bin", name)
        if os.access(path, os.X_OK):
            return path
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", type=int, default=1000000)
    parser.add_argument("--peers", default="weir,dnsmasq,unbound,kresd")
    args = parser.parse_args()
    if INSIDE not in os.environ:
        os.execvpe("unshare", ["unshare", "-nm" if os.geteuid() == 0 else "-Urnm", sys.executable] + sys.argv, dict(os.environ, **{INSIDE: "1"}))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "bench", "/run"], check=True)
    upstream = loopback.Upstream("127.0.0.1", UPSTREAM_PORT, ttl=3600)
    print(f"{args.names} names; memory in octets a name and at start in MB, times in ms\n"
          "            a name    empty    start compiled calm p99      max swap p99      max in force  lost")
    failed = 0
    for name in args.peers.split(","):
        program = find(name)
        if program is None:
            print(f"{name:9} absent")
            continue
        folder = tempfile.mkdtemp(prefix=f"weir-bench-{name}-", dir="/run")
        server = Server(name, program, folder, args.names)
        try:
            measure(server)
        except (RuntimeError, subprocess.SubprocessError) as why:
            failed += 1
            print(f"{name:9} {why}")
        finally:
            server.stop()
            shutil.rmtree(folder, ignore_errors=True)
    upstream.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
