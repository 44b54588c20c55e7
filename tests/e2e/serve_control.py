#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The control socket as a protocol, and the metrics: right and wrong requests, on the loopback."""
import grp
import json
import os
import re
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request

import loopback
from loopback import equal, need, until


@loopback.test("the socket is the owner's alone, and gone with the process where its folder allows")
def the_file(box):
    weir = box.weir([box.upstream()])
    mode = os.stat(weir.control).st_mode
    need(stat.S_ISSOCK(mode))
    equal(stat.S_IMODE(mode), 0o600)
    equal(weir.stop(), 0)


@loopback.test("status says what runs")
def status(box):
    weir = box.weir([box.upstream()])
    weir.ask("a.example")
    seen = weir.verb("status")
    equal((seen["pid"], seen["workers"], seen["config"], seen["settings_serial"]),
          (weir.pid, 2, weir.config, 1))
    equal((seen["cache"]["size_bytes"], seen["cache"]["entries"]), (16 << 20, 1))
    equal(seen["ports"]["each_worker"], 256)
    equal(seen["ports"]["bits"], 24.0)
    equal({l["transport"] for l in seen["listeners"]}, {"udp", "tcp"})


@loopback.test("config: what is in force is a configuration, and one key of the file is changed and in force")
def config(box):
    weir = box.weir([box.upstream()])

    def run(*words):
        return subprocess.run([weir.program, "config", *words, "--socket", weir.control], capture_output=True, text=True,
                              check=False, timeout=60)

    whole = weir.verb("config")
    equal((whole["workers"], whole["cache"]["size"], whole["control"]["socket"]), (2, "16MiB", weir.control))
    copy = weir.config + ".copy"
    with open(copy, "w", encoding="utf-8") as f:
        json.dump(whole, f)    # JSON is YAML
    printed = [subprocess.run([weir.program, "check", "--print", path], capture_output=True, text=True, check=True).stdout
               for path in (weir.config, copy)]
    equal(printed[0], printed[1])
    equal(run("show", "cache.size").stdout, "16MiB\n")
    equal(run("show", "listen[0]").stdout.strip(), whole["listen"][0])
    equal(json.loads(run("show", "--json").stdout), whole)
    equal((run("show", "listen[99]").returncode, run("show", "nothing").returncode), (1, 1))
    need("weir explain" in weir.refusal('{"verb":"config","args":{"key":"upstream.groups[].name"}}')["error"])

    done = run("set", "cache.max_ttl", "90m", "--config", weir.config)
    equal((done.returncode, done.stdout), (0, f"{weir.config}: cache.max_ttl changed\n"), done.stderr)
    equal((weir.verb("config", key="cache.max_ttl"), weir.verb("status")["settings_serial"]), ("90m", 2))
    done = run("set", "cache.size", "32MiB", "--config", weir.config)    # only a restart puts it in force
    need("cache.size" in done.stderr and "restart" in done.stderr, done.stderr)
    done = run("set", "cache.size", "32", "--config", weir.config)
    equal((done.returncode, weir.verb("status")["settings_serial"]), (1, 3), done.stderr)
    folder, file = os.path.split(weir.config)    # the socket is the one that the file names; the gateway knows where it stands
    done = subprocess.run([weir.program, "config", "set", "cache.max_ttl", "80m", "--config", file], cwd=folder, capture_output=True, text=True,
                          check=False, timeout=60)
    equal((done.returncode, weir.verb("config", key="cache.max_ttl")), (0, "80m"), done.stderr)
    done = run("unset", "cache.max_ttl", "--config", weir.config)
    equal((done.returncode, weir.verb("config", key="cache.max_ttl")), (0, whole["cache"]["max_ttl"]), done.stderr)


@loopback.test("stats: the workers' counters add up to what was asked")
def stats(box):
    weir = box.weir([box.upstream()])
    for i in range(12):
        weir.ask(f"s{i % 4}.example")
    weir.ask("s0.example", tcp=True)
    seen = weir.verb("stats")
    counters = seen["counters"]
    equal((counters["queries_udp"], counters["queries_tcp"], counters["replies"]), (12, 1, 13))
    equal((counters["cache_hits"], counters["cache_misses"], counters["upstream_sent"]), (9, 4, 4))
    for name, value in counters.items():
        equal(sum(worker[name] for worker in seen["workers"]), value, name)
    equal(seen["events"]["taken"], 13)


@loopback.test("upstreams: good, silent and unmeasured ones")
def upstreams(box):
    good, silent = box.upstream(), box.upstream()
    weir = box.weir([good, silent], upstream={"ports": 256, "groups": [
        {"name": "main", "servers": [good.url], "strategy": "order"},
        {"name": "other", "servers": [silent.url]}], "routes": [{"zone": "other.example", "group": "other"}]})
    weir.ask("a.example")
    rows = {row["url"]: row for row in weir.verb("upstreams")["upstreams"]}
    equal((rows[good.url]["state"], rows[good.url]["answers"], rows[good.url]["groups"]), ("good", 1, ["main"]))
    equal(rows[silent.url]["state"], "unmeasured")
    silent.silent = True
    equal(weir.ask("x.other.example").rcode, 2)
    rows = {row["url"]: row for row in weir.verb("upstreams")["upstreams"]}
    equal(rows[silent.url]["state"], "suspect", rows[silent.url])
    need(rows[silent.url]["timeouts"] >= 2, rows[silent.url])


@loopback.test("cache_show and cache_flush: a name alone, or all below it")
def cache(box):
    up = box.upstream()
    weir = box.weir([up])
    for name in ("example", "a.example", "b.a.example", "c.example"):
        weir.ask(name)
    entries = weir.verb("cache_show", name="A.Example.")["entries"]
    equal(len(entries), 1)
    equal((entries[0]["name"], entries[0]["type"], entries[0]["records"], entries[0]["stale"]),
          ("a.example.", "A", ["192.0.2.1"], False))
    need(50 < entries[0]["ttl"] <= 60, entries)
    equal(len(weir.verb("cache_show")["entries"]), 4)
    shown = weir.verb("cache_show", limit=2)
    equal((len(shown["entries"]), shown["more"]), (2, True))
    equal(weir.verb("cache_flush", name="a.example"), {"removed": 1})
    equal(len(weir.verb("cache_show")["entries"]), 3)
    equal(weir.verb("cache_flush", name="a.example", below=True), {"removed": 1})
    equal({e["name"] for e in weir.verb("cache_show")["entries"]}, {"example.", "c.example."})
    asked = up.asked
    weir.ask("a.example")
    equal(up.asked, asked + 1)
    equal(weir.verb("cache_flush", name=".", below=True), {"removed": 3})
    equal(weir.verb("cache_show")["entries"], [])


@loopback.test("log: the last events, and one line for each new one to those who follow")
def log(box):
    weir = box.weir([box.upstream()], workers=1)
    weir.ask("first.example")
    weir.ask("first.example", tcp=True)
    events = weir.verb("log")["events"]
    equal([(e["number"], e["name"], e["type"], e["rcode"], e["transport"], e["source"]) for e in events],
          [(1, "first.example.", "A", "NOERROR", "udp", "upstream"),
           (2, "first.example.", "A", "NOERROR", "tcp", "cache")])
    need(events[0]["client"].startswith("127.0.0.1:"), events)
    equal([e["number"] for e in weir.verb("log", count=1)["events"]], [2])
    equal([json.loads(line) for line in weir.request('{"verb":"log","args":{"lines":true}}').splitlines()],
          events + [{"end": True, "taken": 2, "dropped": 0}])
    equal(json.loads(weir.request('{"verb":"log","args":{"lines":true,"count":0}}'))["end"], True)
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(weir.control)
        s.sendall(b'{"verb":"log","args":{"follow":true,"count":0}}\n')
        lines = s.makefile("r", encoding="utf-8")
        until("the follower", lambda: weir.verb("stats") is not None)
        for i in range(3):
            weir.ask(f"f{i}.example")
        equal([json.loads(lines.readline())["name"] for _ in range(3)],
              ["f0.example.", "f1.example.", "f2.example."])
    equal(weir.verb("status")["pid"], weir.pid)


def flood(weir, count, prefix):
    """So many queries, each with a name of its own; what the daemon has taken in of them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(20)
        for first in range(0, count, 64):
            for i in range(first, min(first + 64, count)):
                s.sendto(loopback.question(f"{prefix}{i}.a-name-of-usual-length.example.org"), weir.address)
            for i in range(first, min(first + 64, count)):
                s.recv(4096)


@loopback.test("a full ring and a big cache are told whole, to one who reads slowly too")
def large(box):
    weir = box.weir([box.upstream(ttl=3600)], program=os.environ.get("WEIR_PLAIN"), log={"events": 30000},
                    limits={"client_rate": 0, "rrl_rate": 0, "client_inflight": 1000})
    flood(weir, 24000, "n")
    until("the last event", lambda: weir.verb("stats")["events"]["taken"] == 24000)    # it comes behind its reply
    seen = weir.verb("log")
    numbers = [e["number"] for e in seen["events"]]
    need(numbers == list(range(1, 24001)) and seen["taken"] == 24000, f"{len(numbers)} of {seen['taken']}")
    names = {e["name"] for e in weir.verb("cache_show", limit=1000000)["entries"]}
    need(len(names) > 23000, len(names))    # the cache may pass one over
    shown = weir.verb("cache_show", limit=20000)
    equal((len(shown["entries"]), shown["more"]), (20000, True))
    named = "n7.a-name-of-usual-length.example.org"
    equal([e["name"] for e in weir.verb("cache_show", name=named)["entries"]], [named + "."])
    done = subprocess.run([weir.program, "log", "--json", "--socket", weir.control], capture_output=True, text=True, check=False)
    equal((done.returncode, len(done.stdout.splitlines())), (0, 24000), done.stderr)
    done = subprocess.run([weir.program, "cache", "show", "--json", "-n", "1000000", "--socket", weir.control],
                          capture_output=True, text=True, check=False)
    equal((done.returncode, len(json.loads(done.stdout)["entries"]) > 23000), (0, True), done.stderr)
    with socket.socket(socket.AF_UNIX) as slow:
        slow.settimeout(20)
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(weir.control)
        slow.sendall(b'{"verb":"log"}\n')
        text = slow.recv(100)
        before = memory(weir)
        flood(weir, 1000, "later")    # meanwhile others are answered, and asked about
        equal(weir.verb("status")["pid"], weir.pid)
        need(memory(weir) - before < 8 << 20, "it is kept for the reader")
        while more := slow.recv(1 << 16):
            text += more
    late = [e["number"] for e in json.loads(text)["result"]["events"]]
    equal((late[-1], late == sorted(set(late))), (24000, True))


def memory(weir):
    with open(f"/proc/{weir.pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith("VmRSS"))


@loopback.test("clients that hold the control socket keep nobody out")
def hogs(box):
    weir = box.weir([box.upstream()])
    hold = []

    def sit(line=b""):
        s = socket.socket(socket.AF_UNIX)
        s.connect(weir.control)
        s.settimeout(20)
        s.sendall(line)
        hold.append(s)
        return s

    follow = b'{"verb":"log","args":{"follow":true}}\n'
    followers = [sit(follow) for _ in range(16)]
    equal(weir.verb("status")["pid"], weir.pid)    # it came after them, so they are taken in
    for _ in range(24):
        equal(json.loads(sit(follow).recv(4096))["code"], "busy")
    equal(weir.verb("status")["pid"], weir.pid)
    for _ in range(40):
        sit()
        equal(weir.verb("status")["pid"], weir.pid)
    followers[0].close()    # a place among the followers is free again

    def follows():
        s = sit(follow)
        weir.ask("a.example")
        return "number" in json.loads(s.recv(65536).split(b"\n")[0])

    until("a place", follows)
    for s in hold:
        s.close()


def as_other(weir, gid, line):
    """What another user of that group gets for a line; runs outside of this process, which is root."""
    code = ("import os, socket, sys\n"
            f"os.setgroups([{gid}]); os.setgid({gid}); os.setuid(4321)\n"
            "s = socket.socket(socket.AF_UNIX); s.settimeout(20); s.connect(sys.argv[1])\n"
            "s.sendall(sys.argv[2].encode() + b'\\n')\n"
            "sys.stdout.write(b''.join(iter(lambda: s.recv(65536), b'')).decode())\n")
    done = subprocess.run([sys.executable, "-c", code, weir.control, line], capture_output=True, text=True, check=False)
    equal(done.returncode, 0, done.stderr)
    return json.loads(done.stdout)


@loopback.test("the group may look, and change something only when it is said so")
def group(box):
    with open("/proc/self/uid_map", encoding="ascii") as f:
        if os.geteuid() != 0 or int(f.read().split()[2]) < 65536:
            raise loopback.Skipped("no other user can be had here")
    try:
        gid = grp.getgrnam("games").gr_gid
    except KeyError:
        raise loopback.Skipped("there is no group games") from None
    up = box.upstream()
    weir = box.weir(start=False)
    control = {"socket": weir.control, "group": "games"}
    weir.configure(box.settings([up], control=control))
    weir.start()
    equal(stat.S_IMODE(os.stat(weir.control).st_mode), 0o660)
    weir.ask("a.example")
    looks = ["status", "stats", "upstreams", "config", "cache_show", "anchors", "log", "metrics"]
    changes = ['{"verb":"reload"}', '{"verb":"cache_flush","args":{"name":".","below":true}}',
               '{"verb":"anchors_negative","args":{"name":"."}}', '{"verb":"anchors_remove","args":{"name":"."}}',
               '{"verb":"anchors_add","args":{"line":". IN DS 1 8 2 00"}}']
    for verb in looks:
        need(as_other(weir, gid, json.dumps({"verb": verb}))["ok"], verb)
    need(as_other(weir, gid, '{"verb":"why","args":{"name":"a.example"}}')["ok"])
    for line in changes:
        answer = as_other(weir, gid, line)
        equal((answer["ok"], answer.get("code")), (False, "denied"), line)
        need("members of control.group (games) may look" in answer["error"] and "root" in answer["error"], answer)
        need("control.group_may_change: true" in answer["error"] and "_flush" not in answer["error"], answer)
    equal((len(weir.verb("cache_show")["entries"]), weir.verb("status")["settings_serial"]), (1, 1))
    equal([a for a in weir.verb("anchors")["in_force"] if a["negative"]], [])
    weir.configure(box.settings([up], control=control | {"group_may_change": True}))
    weir.verb("reload")    # root may
    need(as_other(weir, gid, changes[0])["ok"])
    equal(as_other(weir, gid, changes[1])["result"], {"removed": 1})


@loopback.test("wrong requests get a sentence and a code, and harm nobody")
def wrong(box):
    weir = box.weir([box.upstream()])
    rows = [
        ("status", "json"), ("", "json"), ("[]", "request"), ('"status"', "json"), ("{}", "request"),
        ('{"verb":7}', "request"), ('{"verb":"status","args":[]}', "request"),
        ('{"verb":"stat"}', "verb"), ('{"verb":"status","verb":"stats"}', "json"),
        ('{"verb":"status","args":{"x":1}}', "argument"),
        ('{"verb":"cache_flush"}', "argument"), ('{"verb":"cache_flush","args":{"name":7}}', "argument"),
        ('{"verb":"cache_flush","args":{"name":"a..b"}}', "argument"),
        ('{"verb":"cache_flush","args":{"name":"a","below":"yes"}}', "argument"),
        ('{"verb":"cache_flush","args":{"name":"' + "a" * 64 + '"}}', "argument"),
        ('{"verb":"cache_show","args":{"limit":0}}', "argument"),
        ('{"verb":"log","args":{"count":-1}}', "argument"),
        ('{"verb":"status"} {"verb":"status"}', "json"), ("[" * 3000, "json"),
        ('{"verb":"\\u0000status"}', "json"),
    ]
    for line, code in rows:
        answer = weir.refusal(line)
        equal(answer["code"], code, (line[:60], answer))
        need(len(answer["error"]) > 10, answer)
    for octets in (b"\xff\xfe{}\n", b"\0\n", b'{"verb":"st\0atus"}\n'):
        equal(weir.refusal(octets)["code"], "json", octets)
    try:
        weir.request(b"x" * 100000)
    except (ConnectionResetError, BrokenPipeError):
        pass
    with socket.socket(socket.AF_UNIX) as half:
        half.connect(weir.control)
        half.sendall(b'{"verb":"sta')
        equal(weir.verb("status")["pid"], weir.pid)
    equal(weir.ask("a.example").rcode, 0)


@loopback.test("a client that does not read is dropped, not waited for")
def unread(box):
    weir = box.weir([box.upstream()], limits={"client_rate": 0, "rrl_rate": 0})
    deaf = socket.socket(socket.AF_UNIX)
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect(weir.control)
    deaf.sendall(b'{"verb":"log","args":{"follow":true}}\n')
    for i in range(3000):
        weir.ask(f"d{i % 50}.example")
    equal(weir.verb("stats")["events"]["taken"], 3000)
    equal(weir.verb("log", count=1)["events"][0]["number"], 3000)
    deaf.close()


@loopback.test("who only sits on the metrics keeps nobody out")
def metrics_sat_on(box):
    weir = box.weir([box.upstream()], metrics={"listen": "127.0.0.1:9153"})
    hold = [socket.create_connection(("127.0.0.1", 9153)) for _ in range(16)]
    for _ in range(20):
        hold.append(socket.create_connection(("127.0.0.1", 9153)))
        need(b"weir_" in urllib.request.urlopen("http://127.0.0.1:9153/metrics", timeout=20).read())
    need(any(s.recv(1) == b"" for s in hold[:1]))
    for s in hold:
        s.close()
    equal(weir.verb("status")["pid"], weir.pid)


@loopback.test("metrics: over the socket and over HTTP, GET only, no client and no name")
def metrics(box):
    up = box.upstream()
    weir = box.weir([up], metrics={"listen": "127.0.0.1:9153"})
    weir.ask("secret-name.example")
    text = urllib.request.urlopen("http://127.0.0.1:9153/metrics", timeout=20).read().decode()
    values = dict(re.findall(r"^(\w+(?:\{[^}]*\})?) ([0-9.e+-]+)$", text, re.M))
    equal((values["weir_queries_udp_total"], values["weir_cache_entries"]), ("1", "1"))
    equal(values[f'weir_upstream_server_answers_total{{upstream="{up.url}"}}'], "1")
    need(float(values[f'weir_upstream_srtt_seconds{{upstream="{up.url}"}}']) > 0, text)
    named = re.findall(r"^(\w+)(?:\{| )", re.sub(r"^#.*\n", "", text, flags=re.M), re.M)
    typed = re.findall(r"^# TYPE (\w+) (?:counter|gauge)$", text, re.M)
    equal(sorted(set(named)), sorted(typed))
    need("secret-name" not in text and re.sub(re.escape(up.url), "", text).find("127.0.0.1") < 0, text)
    equal(weir.verb("metrics")["text"].splitlines()[0], text.splitlines()[0])
    for path, method, code in (("/", "GET", 404), ("/metrics", "POST", 405), ("/metrics", "DELETE", 405)):
        try:
            urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:9153" + path, method=method,
                                                          data=b"x" if method == "POST" else None), timeout=20)
            need(False, (path, method))
        except urllib.error.HTTPError as error:
            equal(error.code, code)


loopback.main()
