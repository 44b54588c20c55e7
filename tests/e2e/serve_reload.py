#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reload on the loopback: listeners come and go, mistakes change nothing, resolv.conf is watched."""
import contextlib
import ctypes
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import threading

import loopback
from loopback import equal, need, until


def reload(weir):
    return weir.verb("reload")


def listeners(weir):
    return {(l["address"], l["transport"]) for l in weir.verb("status")["listeners"]}


@loopback.test("listeners are added and removed; same process, same cache, a TCP connection stays")
def addresses(box):
    up = box.upstream()
    weir = box.weir([up])
    for i in range(20):
        equal(weir.ask(f"n{i}.example").addresses, ["192.0.2.1"])
    before = weir.verb("status")
    kept = socket.create_connection(weir.address)
    weir.configure(box.settings([up], listen=["127.0.0.1:53", "[::1]:5300"]))
    reload(weir)
    equal(listeners(weir), {("127.0.0.1:53", "udp"), ("127.0.0.1:53", "tcp"),
                            ("[::1]:5300", "udp"), ("[::1]:5300", "tcp")})
    asked = up.asked
    for to in (("127.0.0.1", 53), ("::1", 5300)):
        for tcp in (False, True):
            equal(weir.ask("n3.example", to=to, tcp=tcp).addresses, ["192.0.2.1"])
    equal(up.asked, asked, "the cache was lost")
    wire = loopback.question("n4.example")
    kept.settimeout(10)
    kept.sendall(struct.pack(">H", len(wire)) + wire)
    equal(loopback.read_reply(loopback.read_framed(kept)).addresses, ["192.0.2.1"])
    kept.close()
    after = weir.verb("status")
    equal((after["pid"], after["cache"]["entries"]), (before["pid"], before["cache"]["entries"]))
    try:
        weir.ask("n3.example", seconds=0.3)
        need(False, "the old address still answers")
    except (OSError, TimeoutError):
        pass


@loopback.test("a port below 1024 is opened at a reload though weir gave its privilege up")
def low_port(box):
    up = box.upstream()
    weir = box.weir([up])
    with open(f"/proc/{weir.pid}/status", encoding="ascii") as f:
        status = dict(line.rstrip().split(":\t", 1) for line in f if ":\t" in line)
    equal(int(status["CapEff"], 16) | int(status["CapPrm"], 16) | int(status["CapInh"], 16), 0)
    equal(status["NoNewPrivs"], "1")
    weir.configure(box.settings([up], listen=["127.0.0.7:53"]))
    reload(weir)
    equal(weir.ask("low.example", to=("127.0.0.7", 53)).addresses, ["192.0.2.1"])


@loopback.test("links that change while there is no memory for new settings: it is told once, and tried again without another event")
def behind(box):
    weir = box.weir([box.upstream()], program=os.environ.get("WEIR_PLAIN"), user="")    # a sanitizer's shadow needs all the address space
    serial = weir.verb("status")["settings_serial"]
    told = "it is tried again every second"
    before = resource.prlimit(weir.pid, resource.RLIMIT_AS)
    resource.prlimit(weir.pid, resource.RLIMIT_AS, (1, before[1]))
    subprocess.run(["ip", "link", "add", "name", "late0", "type", "bridge"], check=True)
    until("it is told", lambda: told in weir.log())
    heard = weir.log().count("links or addresses changed")
    subprocess.run(["ip", "address", "add", "192.0.2.9/24", "dev", "late0"], check=True)
    until("it is heard again", lambda: weir.log().count("links or addresses changed") > heard)
    resource.prlimit(weir.pid, resource.RLIMIT_AS, before)
    until("it is in force", lambda: "is in force again" in weir.log() and weir.verb("status")["settings_serial"] > serial)
    equal(weir.log().count(told), 1)
    equal(weir.ask("a.example").addresses, ["192.0.2.1"])


def take(port):
    """The port is somebody else's."""
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.bind(("127.0.0.1", port))
    return other


def figures(weir):
    text = weir.verb("metrics")["text"]
    return tuple(int(re.search(rf"^weir_listeners_{name} (\d+)$", text, re.M)[1]) for name in ("wanted", "open"))


@loopback.test("an address that is in use: the reload fails and names it, the rest is in force, it is taken once it is free")
def in_use(box):
    up, other_up = box.upstream(), box.upstream(answer="192.0.2.9")
    weir = box.weir([up])
    other = take(5353)
    weir.configure(box.settings([other_up], listen=["127.0.0.1:5300", "127.0.0.1:5353"]))
    answer = weir.refusal('{"verb":"reload"}')
    equal(answer["code"], "listen")
    need("127.0.0.1:5353 over UDP" in answer["error"] and "`listen`" in answer["error"], answer)
    need(re.search(r"cannot listen on 127.0.0.1:5353 over UDP", weir.log()), weir.log())
    equal(weir.ask("b.example").addresses, ["192.0.2.9"])
    status = weir.verb("status")
    equal((status["reload"]["ok"], status["listeners_wanted"], len(status["listeners"])), (False, 4, 3))
    equal([(m["address"], m["transport"]) for m in status["listeners_missing"]], [("127.0.0.1:5353", "udp")])
    equal(figures(weir), (4, 3))
    other.close()
    until("the freed port", lambda: ("127.0.0.1:5353", "udp") in listeners(weir))
    equal(weir.ask("a.example", to=("127.0.0.1", 5353)).rcode, 0)
    equal(weir.verb("status")["listeners_missing"], [])
    equal(figures(weir), (4, 4))
    equal(weir.log().count("cannot listen on"), 1)
    equal(reload(weir)["text"], "")


@loopback.test("a move to an address that is in use: the old one answers until the new one does")
def moved(box):
    up = box.upstream()
    weir = box.weir([up])
    other = take(5400)
    weir.configure(box.settings([up], listen=["127.0.0.1:5400"]))
    done = subprocess.run([weir.program, "reload", "--socket", weir.control], capture_output=True, text=True, check=False)
    equal(done.returncode, 1, done)
    need("127.0.0.1:5400 over UDP" in done.stderr and "stays open" in done.stderr, done)
    for tcp in (False, True):
        equal(weir.ask("a.example", tcp=tcp).rcode, 0)
    other.close()
    until("the move", lambda: listeners(weir) == {("127.0.0.1:5400", "udp"), ("127.0.0.1:5400", "tcp")})
    for tcp in (False, True):
        equal(weir.ask("a.example", to=("127.0.0.1", 5400), tcp=tcp).rcode, 0)


@loopback.test("from all addresses to one and back, on the same port")
def narrowed(box):
    up = box.upstream()
    weir = box.weir([up], listen=["0.0.0.0:5300"], allow=["127.0.0.0/8"])
    for one in ("127.0.0.1:5300", "0.0.0.0:5300"):
        weir.configure(box.settings([up], listen=[one], allow=["127.0.0.0/8"]))
        equal(reload(weir)["text"], "")
        equal(listeners(weir), {(one, "udp"), (one, "tcp")})
        equal(weir.ask("a.example").rcode, 0)


@loopback.test("an address that was in use at the start is taken once it is free")
def start_busy(box):
    up = box.upstream()
    other = take(5400)
    weir = box.weir([up], listen=["127.0.0.1:5300", "127.0.0.1:5400"])
    equal(figures(weir), (4, 3))
    other.close()
    until("the freed port", lambda: figures(weir) == (4, 4))
    equal(weir.ask("a.example", to=("127.0.0.1", 5400)).rcode, 0)


def helper_of(weir):
    return int(subprocess.run(["pgrep", "-P", str(weir.pid)], capture_output=True, text=True, check=True).stdout)


@loopback.test("the helper dies: it is noticed and reaped, a low port cannot be had, what is open stays")
def helper_dies(box):
    up = box.upstream()
    weir = box.weir([up])
    helper = helper_of(weir)
    need(weir.verb("status")["sandbox"]["helper"])
    os.kill(helper, signal.SIGKILL)
    until("the log to say so", lambda: "the helper that opens listeners is gone" in weir.log())
    until("the end of the zombie", lambda: not os.path.exists(f"/proc/{helper}"))
    seen = weir.verb("status")["sandbox"]
    need(not seen["helper"] and "restart" in seen["helper_problem"], seen)
    weir.configure(box.settings([up], listen=["127.0.0.7:53"]))
    if os.geteuid() == 0 and unprivileged_from() > 53:
        answer = weir.refusal('{"verb":"reload"}')
        need("127.0.0.7:53" in answer["error"] and "restart weir" in answer["error"], answer)
    equal(weir.ask("a.example").rcode, 0)
    weir.configure(box.settings([up], listen=["127.0.0.1:5400"]))
    reload(weir)
    equal(weir.ask("a.example", to=("127.0.0.1", 5400)).rcode, 0)


def unprivileged_from():
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as f:
        return int(f.read())


@loopback.test("the helper hangs: weir does not, the reload fails, and it is made good when the helper goes on")
def helper_hangs(box):
    up = box.upstream()
    weir = box.weir([up])
    helper = helper_of(weir)
    os.kill(helper, signal.SIGSTOP)
    try:
        weir.configure(box.settings([up], listen=["127.0.0.1:5400"]))
        answer = weir.refusal('{"verb":"reload"}')
        need("does not answer" in answer["error"], answer)
        seen = weir.verb("status")["sandbox"]
        need(not seen["helper"] and "does not answer" in seen["helper_problem"], seen)
        equal(weir.ask("a.example").rcode, 0)
    finally:
        os.kill(helper, signal.SIGCONT)
    until("the new address", lambda: ("127.0.0.1:5400", "udp") in listeners(weir))
    need(weir.verb("status")["sandbox"]["helper"])
    os.kill(helper, signal.SIGSTOP)
    equal(weir.stop(), 0)
    os.kill(helper, signal.SIGCONT)


@loopback.test("a broken file: every mistake is reported, the running configuration stays")
def broken(box):
    up = box.upstream()
    weir = box.weir([up])
    equal(weir.ask("a.example").rcode, 0)
    serial = weir.verb("status")["settings_serial"]
    weir.write("workers: many\nlisten: [1.2.3.4.5]\nupsteam: {}\n")
    answer = weir.refusal('{"verb":"reload"}')
    equal(answer["code"], "config")
    for place in ("weir.yaml:1:", "weir.yaml:2:", "weir.yaml:3:"):
        need(place in answer["error"], answer)
    os.unlink(weir.config)
    need(weir.config in weir.refusal('{"verb":"reload"}')["error"])
    status = weir.verb("status")
    equal((status["settings_serial"], status["reload"]["ok"], status["reload"]["count"]), (serial, False, 2))
    equal(weir.ask("b.example").addresses, ["192.0.2.1"])
    weir.configure(box.settings([up]))
    os.kill(weir.pid, signal.SIGHUP)
    until("the reload by signal", lambda: weir.verb("status")["reload"]["count"] == 3)
    until("new settings", lambda: weir.verb("status")["settings_serial"] == serial + 1)


@loopback.test("what takes effect only at a restart is named, each time, and keeps its value")
def restart_keys(box):
    up = box.upstream()
    weir = box.weir([up])
    for _ in range(2):
        weir.configure(box.settings([up], cache={"size": "4MiB"}) | {"workers": 3})
        text = reload(weir)["text"]
        need("workers" in text and "cache.size" in text, text)
    status = weir.verb("status")
    equal((status["workers"], status["cache"]["size_bytes"]), (2, 16 << 20))
    weir.configure(box.settings([up], tcp={"max_connections": 1024}))
    text = reload(weir)["text"]
    need("max_connections" not in text, text)
    weir.configure(box.settings([up], tcp={"max_connections": 5000}))    # there is room for 1024
    text = reload(weir)["text"]
    need("tcp.max_connections: only 1024 instead of 5000 until a restart" in text, text)


@loopback.test("an upstream that is weir itself is refused by name")
def own_address(box):
    up = box.upstream()
    weir = box.weir([up])
    weir.configure(box.settings(["udp://127.0.0.1:5300", up]))
    error = weir.refusal('{"verb":"reload"}')["error"]
    need("forwarding loop" in error and "udp://127.0.0.1:5300" in error, error)
    equal(weir.ask("a.example").rcode, 0)


@loopback.test("resolv.conf with weir alone: SERVFAIL with a reason; rewritten, it is used without a reload")
def resolv_conf(box):
    up = loopback.Upstream("127.0.0.2", 53)
    box.things.append(up)
    weir = box.weir(start=False)
    path = os.path.join(weir.folder, "resolv.conf")
    with open(path, "w", encoding="ascii") as f:
        f.write("nameserver 127.0.0.1\n")
    weir.configure({"workers": 1, "listen": ["127.0.0.1:53"], "upstream": {"ports": 256, "default": "system", "resolv_conf": path}})
    weir.address = ("127.0.0.1", 53)
    weir.start()
    need("forwarding loop" in weir.log() and "upstream.groups" in weir.log(), weir.log())
    need(weir.verb("status")["upstreams"]["forwarding_loop"])
    reply = weir.ask("a.example", edns=True)
    equal(reply.rcode, 2)
    need(reply.ede is not None, reply)
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write("nameserver 127.0.0.1\nnameserver 127.0.0.2\n")
    os.replace(path + ".new", path)
    until("the new server", lambda: weir.verb("status")["upstreams"]["servers"] == 1)
    equal(weir.ask("b.example").addresses, ["192.0.2.1"])
    need(not weir.verb("status")["upstreams"]["forwarding_loop"])


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


@loopback.test("an interface is listened on as its addresses come and go, and its neighbours may ask")
def interface(box):
    up = box.upstream()
    ip("addr", "add", "10.77.0.1/24", "dev", "lo")
    weir = box.weir([up], listen=["lo:5300"], allow=["127.0.0.0/8"])
    try:
        need(("10.77.0.1:5300", "udp") in listeners(weir), listeners(weir))
        equal(weir.ask("a.example", to=("10.77.0.1", 5300)).rcode, 0)    # from 10.77.0.1, which is on the link
        need(("10.78.0.1:5300", "udp") not in listeners(weir))
        ip("addr", "add", "10.78.0.1/24", "dev", "lo")
        until("the new address", lambda: ("10.78.0.1:5300", "tcp") in listeners(weir))
        equal(weir.ask("b.example", to=("10.78.0.1", 5300), tcp=True).rcode, 0)
        pid = weir.verb("status")["pid"]
        ip("addr", "del", "10.77.0.1/24", "dev", "lo")
        until("the old address to go", lambda: ("10.77.0.1:5300", "udp") not in listeners(weir))
        equal((weir.ask("a.example", to=("10.78.0.1", 5300)).rcode, weir.pid), (0, pid))
    finally:
        for address in ("10.77.0.1/24", "10.78.0.1/24"):
            subprocess.run(["ip", "addr", "del", address, "dev", "lo"], check=False, capture_output=True)


@contextlib.contextmanager
def held(weir, name):
    """One thread of weir's stands still meanwhile, so that an order does not settle."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    seize, interrupt, detach, wall = 0x4206, 0x4207, 17, 0x40000000

    def thread():    # a thread gives itself its name
        tasks = f"/proc/{weir.pid}/task"
        for tid in os.listdir(tasks):
            with open(f"{tasks}/{tid}/comm", encoding="ascii") as f:
                if f.read().strip() == name:
                    return int(tid)
        return None
    tid = until(f"the thread {name}", thread)
    if libc.ptrace(seize, tid, None, None) != 0:
        raise loopback.Skipped(f"no thread can be held here: {os.strerror(ctypes.get_errno())}")
    equal(libc.ptrace(interrupt, tid, None, None), 0)
    os.waitpid(tid, wall)
    try:
        yield
    finally:
        equal(libc.ptrace(detach, tid, None, None), 0)


@loopback.test("a change of the links while a reload settles is not lost when the next file is broken")
def change_kept(box):
    up = box.upstream()
    weir = box.weir([up], listen=["lo:5300"])
    try:
        with held(weir, "weir-1"):
            os.kill(weir.pid, signal.SIGHUP)
            until("the first reload", lambda: weir.log().count("SIGHUP: reloading") == 1)
            ip("addr", "add", "10.79.0.1/32", "dev", "lo")
            until("the change", lambda: "links or addresses changed" in weir.log())
            weir.write("nonsense: [\n")
            os.kill(weir.pid, signal.SIGHUP)
            until("the second reload", lambda: weir.log().count("SIGHUP: reloading") == 2)
        until("the new address", lambda: ("10.79.0.1:5300", "udp") in listeners(weir))
        need(not weir.verb("status")["reload"]["ok"])
    finally:
        subprocess.run(["ip", "addr", "del", "10.79.0.1/32", "dev", "lo"], check=False, capture_output=True)


@loopback.test("no answer is lost or wrong while it reloads twenty times under load")
def under_load(box):
    first, second = box.upstream(answer="192.0.2.1"), box.upstream(answer="192.0.2.2")
    weir = box.weir([first], limits={"client_rate": 0, "rrl_rate": 0})
    failures, done = [], threading.Event()

    def load(number):
        count = 0
        while not done.is_set():
            try:
                reply = weir.ask(f"l{number}-{count % 200}.example", tcp=count % 10 == 0)
                if reply.rcode != 0 or reply.addresses[0] not in ("192.0.2.1", "192.0.2.2"):
                    failures.append(reply)
            except (OSError, AssertionError) as why:
                failures.append(why)
            count += 1

    threads = [threading.Thread(target=load, args=(i,)) for i in range(3)]
    for t in threads:
        t.start()
    try:
        for i in range(20):
            weir.configure(box.settings([second if i % 2 else first],
                                        limits={"client_rate": 0, "rrl_rate": 0},
                                        listen=["127.0.0.1:5300"] + ["127.0.0.3:5300"] * (i % 2)))
            reload(weir)
    finally:
        done.set()
        for t in threads:
            t.join()
    equal(failures, [])
    equal(weir.verb("status")["reload"]["count"], 20)
    equal(weir.stop(), 0)


loopback.main()
