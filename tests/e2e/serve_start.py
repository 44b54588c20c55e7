#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Start and end: what the service manager sees, sockets handed over, the sandbox, mistakes at the start."""
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import tempfile
import time

import loopback
from loopback import equal, need, until


class Manager:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, abstract=False):
        self.folder = tempfile.mkdtemp(prefix="weir-manager-")
        self.path = f"@weir-{os.getpid()}" if abstract else os.path.join(self.folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + self.path[1:] if abstract else self.path)
        self.socket.settimeout(loopback.PATIENCE_S)
        if not abstract:
            os.chmod(self.folder, 0o755)
            os.chmod(self.path, 0o777)

    def env(self, **more):
        return dict(os.environ, NOTIFY_SOCKET=self.path, **more)

    def wait(self, word):
        seen = []
        while True:
            text = self.socket.recv(4096).decode()
            seen.append(text)
            if any(line.startswith(word) for line in text.split("\n")):
                return text

    def close(self):
        self.socket.close()
        if os.path.exists(os.path.join(self.folder, "notify")):
            os.unlink(os.path.join(self.folder, "notify"))
        os.rmdir(self.folder)


@loopback.test("READY when it answers, RELOADING and READY, STATUS, signs of life, STOPPING")
def notify(box):
    for abstract in (False, True):
        manager = Manager(abstract)
        box.things.append(manager)
        weir = box.weir([box.upstream()], start=False)
        weir.start(ready=False, env=manager.env(WATCHDOG_USEC="500000"))
        need("workers" in manager.wait("STATUS="))
        manager.wait("READY=1")
        equal(weir.ask("a.example").rcode, 0)
        manager.wait("WATCHDOG=1")
        began = time.monotonic()
        for _ in range(4):
            manager.wait("WATCHDOG=1")
        need(time.monotonic() - began < 3, "too few signs of life for a watchdog of half a second")
        os.kill(weir.pid, signal.SIGHUP)
        need(re.search(r"^MONOTONIC_USEC=\d+$", manager.wait("RELOADING=1"), re.M))
        manager.wait("READY=1")
        weir.write("workers: none")
        os.kill(weir.pid, signal.SIGHUP)
        manager.wait("RELOADING=1")
        manager.wait("READY=1")
        weir.process.send_signal(signal.SIGTERM)
        manager.wait("STOPPING=1")
        equal(weir.stop(), 0)


@loopback.test("sockets handed over are used by all workers; what is no DNS socket is named and closed")
def activation(box):
    weir = box.weir([box.upstream()], start=False)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 5399))
    tcp = socket.create_server(("127.0.0.1", 5399))
    deaf = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    deaf.bind(("127.0.0.1", 5398))
    pipe = os.pipe()
    fds = [udp.fileno(), tcp.fileno(), deaf.fileno(), pipe[0]]

    def hand_over():
        high = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
        for i, fd in enumerate(high):
            os.dup2(fd, 3 + i)
        os.environ["LISTEN_PID"] = str(os.getpid())
        os.execv(weir.program, [weir.program, "serve", "-c", weir.config])

    with open(weir.log_path, "wb") as log:
        pid = os.fork()
        if pid == 0:
            os.dup2(log.fileno(), 2)
            os.environ["LISTEN_FDS"] = "4"
            hand_over()
    try:
        until("ready", lambda: "ready:" in weir.log())
        for tcp_too in (False, True):
            for i in range(5):
                equal(weir.ask(f"h{i}.example", to=("127.0.0.1", 5399), tcp=tcp_too).rcode, 0)
                equal(weir.ask(f"h{i}.example", tcp=tcp_too).rcode, 0)
        need("descriptor 5 of socket activation does not listen" in weir.log(), weir.log())
        need("descriptor 6 of socket activation is no socket" in weir.log(), weir.log())
        weir.verb("reload")
        equal(weir.ask("h9.example", to=("127.0.0.1", 5399)).rcode, 0)
    finally:
        os.kill(pid, signal.SIGTERM)
        equal(os.waitpid(pid, 0)[1], 0)
        for s in (udp, tcp, deaf):
            s.close()


# A sanitizer makes system calls of its own, so the sandbox is looked at in the build without.
PLAIN = os.environ.get("WEIR_PLAIN", os.path.join(loopback.TOP, "build", "main", "src", "weir"))


@loopback.test("every thread is inside the sandbox, with no capability, and works")
def sandbox(box):
    weir = box.weir([box.upstream()], program=PLAIN if os.access(PLAIN, os.X_OK) else None)
    inside = weir.verb("status")["sandbox"]
    for task in os.listdir(f"/proc/{weir.pid}/task"):
        with open(f"/proc/{weir.pid}/task/{task}/status", encoding="ascii") as f:
            text = f.read()
        need("NoNewPrivs:\t1" in text, text)
        need(re.search(r"^CapEff:\t0+$", text, re.M), text)
        need(not inside["seccomp"] or "Seccomp:\t2" in text, text)
    if "sanitizer" not in weir.log():
        equal(inside["seccomp"], True)
    helper = [int(line.split()[0]) for line in
              subprocess.run(["ps", "-o", "pid=,ppid=", "-A"], capture_output=True, text=True,
                             check=True).stdout.splitlines() if line.split()[1] == str(weir.pid)]
    equal((len(helper), inside["helper"]), (1, True))
    with open(f"/proc/{helper[0]}/status", encoding="ascii") as f:
        need(re.search(r"^CapEff:\t0*400$", f.read(), re.M), "the helper holds more than CAP_NET_BIND_SERVICE")
    os.kill(helper[0], signal.SIGKILL)
    weir.configure(box.settings([box.upstream()], listen=["127.0.0.1:5300", "127.0.0.8:53"]))
    need("restart weir" in weir.refusal('{"verb":"reload"}')["error"])
    need("the helper that opens listeners is gone" in weir.log(), weir.log())
    equal(weir.ask("a.example").rcode, 0)
    weir.configure(box.settings([box.upstream()], listen=["127.0.0.1:5300", "127.0.0.8:5300"]))
    equal(weir.verb("reload")["text"], "")
    equal(weir.ask("b.example", to=("127.0.0.8", 5300)).rcode, 0)


@loopback.test("the helper ends with its parent, whatever ends that")
def helper_ends(box):
    weir = box.weir([box.upstream()])
    with open(f"/proc/{weir.pid}/task/{weir.pid}/children", encoding="ascii") as f:
        child = int(f.read().split()[0])
    weir.process.kill()
    weir.process.wait()
    until("the helper's end", lambda: not os.path.exists(f"/proc/{child}") or
          "State:\tZ" in open(f"/proc/{child}/status", encoding="ascii").read())


@loopback.test("an address that the kernel still looks at for duplicates is listened on when it may be, and nothing is said to be wrong; one that stays away is")
def duplicates(box):
    subprocess.run(["ip", "link", "add", "name", "dad0", "type", "veth", "peer", "name", "dad1"], check=True)
    try:
        for path, value in (("dad_transmits", "2"), ("accept_dad", "1")):    # 2 to 3 s
            with open(f"/proc/sys/net/ipv6/conf/dad0/{path}", "w", encoding="ascii") as file:
                file.write(value)
        subprocess.run(["ip", "addr", "add", "192.168.9.1/24", "dev", "dad0"], check=True)
        for name in ("dad0", "dad1"):
            subprocess.run(["ip", "link", "set", "dev", name, "up"], check=True)
        until("an address that is looked at", lambda: "tentative" in
              subprocess.run(["ip", "-6", "addr", "show", "dev", "dad0"], check=True, capture_output=True, text=True).stdout)
        up = box.upstream()
        weir = box.weir([up], start=False)
        weir.configure(box.settings([up], listen=["dad0", "[2001:db8::77]:5300"]))
        weir.start()
        need(weir.verb("status")["listeners_missing"], weir.log())
        until("the address", lambda: any(e["address"].startswith("[fe80:") for e in weir.verb("status")["listeners"]))
        until("what is wrong", lambda: "cannot listen on" in weir.log())
        equal(re.findall(r"cannot listen on (\S+) over (\S+):", weir.log()), [("[2001:db8::77]:5300", "UDP"), ("[2001:db8::77]:5300", "TCP")])
        weir.stop()
    finally:
        subprocess.run(["ip", "link", "del", "dev", "dad0"], check=False)


@loopback.test("mistakes at the start: exit 1 and a sentence with the remedy")
def mistakes(box):
    weir = box.weir([box.upstream()], start=False)
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.bind(("127.0.0.1", 5300))
    busy = socket.create_server(("127.0.0.1", 5300))
    rows = [
        (None, r"cannot listen on 127.0.0.1:5300 over UDP: .*(in use|uses)"),
        ('{"listen": ["198.51.100.77:5300"]}', r"cannot listen on 198.51.100.77:5300"),
        ('{"listen": ["[2001:db8::77]:5300"]}', r"cannot listen on \[2001:db8::77\]:5300"),
        ('{"listen": ["nosuch0"]}', r"interface nosuch0 does not exist"),
        ("listen: [\n", r"weir.yaml:2:"),
        ("lisen: []\n", r"weir.yaml:1:1.*listen"),
        ('{"listen":["127.0.0.1:5301"],"upstream":{"groups":[{"name":"a","servers":["udp://127.0.0.1:5301"]}]}}',
         r"forwarding loop: .*udp://127.0.0.1:5301"),
    ]
    for text, expected in rows:
        if text is not None:
            weir.write(text)
        weir.start(ready=False)
        equal(weir.process.wait(loopback.PATIENCE_S), 1, (text, weir.log()))
        need(re.search(expected, weir.log()), (expected, weir.log()))
    other.close()
    busy.close()
    for words in (["serve", "-c", "/nowhere/weir.yaml"], ["serve", "-c", weir.folder]):
        done = subprocess.run([weir.program] + words, capture_output=True, text=True, timeout=20, check=False)
        equal(done.returncode, 1, done.stderr)
        need(words[2] in done.stderr, done.stderr)
    equal(subprocess.run([weir.program, "serve", "x"], capture_output=True, timeout=20, check=False).returncode, 2)


@loopback.test("a configuration that the later user cannot read is said at the start, not at the first reload")
def unreadable(box):
    weir = box.weir([box.upstream()], start=False)
    os.chmod(weir.config, 0o600)
    weir.start()
    with open(f"/proc/{weir.pid}/status", encoding="ascii") as f:
        changed = re.search(r"^Uid:\t(\d+)", f.read(), re.M).group(1) != "0"
    equal("a reload will fail" in weir.log(), changed, weir.log())
    if changed:
        need("ermission" in weir.refusal('{"verb":"reload"}')["error"])


@loopback.test("the end: what is in flight is answered, over UDP and TCP, and nothing holds it longer than 2 s")
def drain(box):
    late, silent = box.upstream(late_s=0.5), box.upstream()
    silent.silent = True
    weir = box.weir([late], workers=3)
    for tcp in (False, True):
        sockets = []
        for i in range(12):
            s = socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
            s.settimeout(loopback.PATIENCE_S)
            s.connect(weir.address)
            wire = loopback.question(f"late{i}.t{int(tcp)}.example", i)
            s.sendall(struct.pack(">H", len(wire)) + wire if tcp else wire)
            sockets.append(s)
        until("12 questions", lambda: weir.verb("stats")["counters"]["cache_misses"] >= 12)
        weir.process.send_signal(signal.SIGTERM)
        for i, s in enumerate(sockets):
            reply = loopback.read_reply(loopback.read_framed(s) if tcp else s.recv(4096))
            equal((reply.id, reply.addresses), (i, ["192.0.2.1"]), (i, tcp))
            s.close()
        equal(weir.stop(), 0)
        weir.start()
    weir.configure(box.settings([silent]))
    weir.verb("reload")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(loopback.question("never.example"), weir.address)
        until("the question", lambda: silent.asked > 0)
        began = time.monotonic()
        equal(weir.stop(), 0)
        need(time.monotonic() - began < 4, "the drain has no end")


@loopback.test("few descriptors: TCP clients leave some for upstreams and the control socket, and the log names the remedy")
def few_descriptors(box):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    weir = box.weir([box.upstream(ttl=1)], start=False, workers=2)
    with open(weir.log_path, "wb") as log:
        weir.process = subprocess.Popen(["prlimit", "--nofile=512:512", weir.program, "serve", "-c", weir.config], stderr=log,
                                        stdin=subprocess.DEVNULL)
    until("ready", lambda: "ready:" in weir.log())
    need(re.search(r"only \d+ TCP connections of clients at once instead of 512 .*LimitNOFILE", weir.log()), weir.log())
    held = []
    try:
        for i in range(600):
            held.append(socket.socket())
            held[-1].bind((f"127.1.{i // 4000}.{i // 15 % 250 + 1}", 0))
            held[-1].settimeout(loopback.PATIENCE_S)
            held[-1].connect(weir.address)
            try:
                held[-1].sendall(b"\0")    # of a message that never comes to its end
            except OSError:
                pass
        until("many connections", lambda: weir.verb("stats")["counters"]["gauge_tcp_clients"] > 50)
        for i in range(20):
            equal(weir.ask(f"n{i}.example").rcode, 0)
        equal(weir.ask("tcp.example", tcp=True).rcode, 0)
        counters = weir.verb("stats")["counters"]
        equal((counters["ports_failed"], counters["streams_failed"]), (0, 0))
        need(counters["tcp_yielded"] > 0, counters)
    finally:
        for sock in held:
            sock.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@loopback.test("no control socket to be had is no reason not to serve")
def no_control(box):
    weir = box.weir([box.upstream()], start=False)
    weir.configure(box.settings([box.upstream()], control={"socket": "/proc/weir.sock"}))
    weir.start()
    need("no control socket" in weir.log(), weir.log())
    equal(weir.ask("a.example").rcode, 0)


@loopback.test("without a configuration and without a way to the root: SERVFAIL at once, and the log says why")
def no_root(box):
    weir = box.weir(start=False)
    weir.write(f'listen: ["127.0.0.1:5300"]\nworkers: 2\nupstream: {{ports: 256}}\ncontrol: {{socket: {weir.control}}}\n')
    weir.start()
    for name, text in (("a.example", ".: its servers cannot be reached"), ("a.example", ".: its servers cannot be reached")):
        before = time.monotonic()
        reply = weir.ask(name, edns=True)
        need(time.monotonic() - before < 2, "slow")
        equal((reply.rcode, reply.ede), (2, 23), reply)
        need(text in reply.text, reply)
    until("the warning", lambda: "not even the root's" in weir.log())
    equal(weir.stop(), 0)
    equal(weir.log().count("not even the root's"), 1)


loopback.main()
