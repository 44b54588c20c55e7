#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The control socket and its verbs, each as text and as JSON; the metrics."""

import json
import os
import socket
import stat
import subprocess

import e2e
from e2e import equal, need
from lab import RUN, clients, gateway

CONTROL = f"{RUN}/weir/control.sock"


def numbers(value):
    """The numbers of all workers together."""
    if isinstance(value, dict) and "workers" in value:
        value = {key: item for key, item in value.items() if key != "workers"}
    found = {}
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, (int, float)) and not isinstance(item, bool):
                found[key] = found.get(key, 0) + item
            else:
                for inner, number in numbers(item).items():
                    found[inner] = found.get(inner, 0) + number
    elif isinstance(value, list):
        for item in value:
            for inner, number in numbers(item).items():
                found[inner] = found.get(inner, 0) + number
    return found


@e2e.test("every verb answers, as text and as JSON")
def verbs(lab):
    weir = lab.start_gateway()
    lab.kdig_many("camera", [f"v{i}.load.cloud.example" for i in range(5)])
    need(e2e.until(lambda: weir.run_verb("log").stdout.strip(), 3), "the log stays empty")
    for words in (["status"], ["stats"], ["upstreams"], ["cache", "show"], ["log"],
                  ["cache", "show", "v1.load.cloud.example"]):
        done = weir.run_verb(*words)
        equal(done.returncode, 0, f"{words}: {done.stderr}")
        need(done.stdout.strip(), f"{words} prints nothing")
        done = weir.run_verb(*words, "--json")
        equal(done.returncode, 0, f"{words} --json: {done.stderr}")
        for line in done.stdout.strip().splitlines() if words == ["log"] else [done.stdout]:
            need(json.loads(line) is not None, words)


@e2e.test("stats count what happened")
def counts(lab):
    weir = lab.start_gateway()
    lab.kdig_many("camera", [f"c{i}.load.cloud.example" for i in range(10)])
    lab.kdig_many("phone", [f"c{i}.load.cloud.example" for i in range(10)])
    lab.kdig("phone", "c1.load.cloud.example", "+tcp")
    found = numbers(weir.verb("stats"))
    equal((found["queries_udp"], found["queries_tcp"], found["cache_hits"], found["noerror"]),
          (20, 1, 11, 21), found)
    need(found["upstream_sent"] >= 10, found)


@e2e.test("upstreams shows each server, and which one is silent")
def upstreams(lab):
    weir = lab.start_gateway()
    lab.kdig_many("camera", [f"u{i}.load.cloud.example" for i in range(20)])
    good = weir.run_verb("upstreams").stdout
    for address in ("203.0.113.53", "192.0.2.53"):
        need(address in good, good)
    lab.cut("isp")
    lab.kdig_many("camera", [f"uu{i}.load.cloud.example" for i in range(30)])
    need(weir.run_verb("upstreams").stdout != good, "nothing changed")


@e2e.test("cache show and cache flush: a name, and all below it")
def cache(lab):
    weir = lab.start_gateway()
    lab.kdig("camera", "hour.cloud.example")
    need("198.51.100.53" in weir.run_verb("cache", "show", "hour.cloud.example").stdout,
         weir.run_verb("cache", "show", "hour.cloud.example").stdout)
    equal(weir.run_verb("cache", "flush", "hour.cloud.example").returncode, 0)
    with lab.capture() as wire:
        equal(lab.kdig("camera", "hour.cloud.example").rcode, "NOERROR")
    need(wire.queries(), "still answered from the cache")


@e2e.test("reload by verb: says what it did, and what is wrong")
def reload(lab):
    weir = lab.start_gateway()
    equal(weir.run_verb("reload").returncode, 0)
    weir.configure("listen: [127.0.0.1]\ncache: {sise: 1}\n")
    done = weir.run_verb("reload")
    equal(done.returncode, 1, done.stdout)
    need("sise" in done.stderr + done.stdout, done.stderr + done.stdout)
    equal(lab.kdig("camera", "hour.cloud.example").rcode, "NOERROR")


@e2e.test("log: the last queries with name and outcome; --follow goes on")
def log(lab):
    weir = lab.start_gateway()
    lab.kdig("camera", "logged.load.cloud.example")
    need(e2e.until(lambda: "logged.load.cloud.example" in weir.run_verb("log").stdout, 3),
         weir.run_verb("log").stdout)
    home = lab.nodes["gateway"]
    with home.inside():
        follow = subprocess.Popen([gateway.binary(), "log", "--follow", "--socket", CONTROL],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
    os.set_blocking(follow.stdout.fileno(), False)
    seen = []

    def followed():
        lab.kdig("camera", "followed.load.cloud.example")
        seen.append(follow.stdout.read() or b"")
        return b"followed.load.cloud.example" in b"".join(seen)

    try:
        need(e2e.until(followed, 5, 0.2), seen)
    finally:
        follow.terminate()
        follow.wait()


@e2e.test("the socket is its owner's alone; nonsense over it gets an error, not a crash")
def socket_mode(lab):
    weir = lab.start_gateway()
    equal(stat.S_IMODE(os.stat(CONTROL).st_mode), 0o600)
    for data in (b"\n", b"{}\n", b"{\"verb\":\"frob\"}\n", b"[1,2]\n", b"\xff\xfe\n", b"{" * 5000 + b"\n",
                 b"x" * 300000 + b"\n", b"{\"verb\":\"cache_show\",\"args\":{\"name\":7}}\n"):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(2)
            sock.connect(CONTROL)
            try:
                sock.sendall(data)
                sock.recv(65536)
            except OSError:
                pass
    need(weir.alive(), "ended")
    equal(weir.run_verb("status").returncode, 0)


@e2e.test("no daemon: the verb says so, status 1")
def no_daemon(lab):
    weir = lab.start_gateway()
    weir.stop()
    done = weir.run_verb("status")
    equal(done.returncode, 1, done.stdout)
    need("control.sock" in done.stderr, done.stderr)


def http(lab, request):
    with clients.tcp_socket(lab.nodes["gateway"], "127.0.0.1", 9153) as sock:
        sock.sendall(request)
        data = b""
        try:
            while chunk := sock.recv(65536):
                data += chunk
        except OSError:
            pass
    return data.decode("utf-8", "replace")


@e2e.test("metrics: GET only, no client address and no name in it")
def metrics(lab):
    lab.start_gateway({"metrics": {"listen": "127.0.0.1:9153"}})
    lab.kdig_many("camera", [f"m{i}.load.cloud.example" for i in range(5)])
    text = http(lab, b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    need(text.startswith("HTTP/1.") and " 200" in text[:13], text[:200])
    need("weir_" in text and "# HELP" in text and "# TYPE" in text, text[:400])
    for secret in ("192.168.7.10", "fd00:7::10", "load.cloud"):
        need(secret not in text, secret)
    for request in (b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", b"nonsense\r\n\r\n",
                    b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\n\r\n", b"GET /../etc/passwd HTTP/1.1\r\n\r\n"):
        need(" 200" not in http(lab, request)[:15], request[:20])
    equal(lab.kdig("camera", "hour.cloud.example").rcode, "NOERROR")


e2e.main()
