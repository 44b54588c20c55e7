#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The verbs that talk to the daemon, against a daemon that lies; weir itself as a program. No lab needed."""

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import threading

import mock
from mock import equal, need, weir


@contextlib.contextmanager
def daemon(*chunks, keep=False):
    """A control socket that answers any line with these octets and ends (or waits for the client to go)."""
    seen = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "control.sock")
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen(8)

        def serve():
            while True:
                try:
                    conn, _ = server.accept()
                except OSError:
                    return
                with conn:
                    try:
                        seen.append(conn.makefile("rb").readline())
                        for chunk in chunks:
                            conn.sendall(chunk)
                        if keep:
                            conn.recv(1)
                    except OSError:
                        pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield path, seen
        finally:
            server.shutdown(socket.SHUT_RDWR)
            server.close()


def good(result):
    return json.dumps({"ok": True, "result": result}).encode() + b"\n"


END = b'{"end":true,"taken":2,"dropped":0}\n'


@mock.test("each verb sends one line of JSON that says what was wanted")
def requests():
    rows = {
        ("status",): {"verb": "status", "args": {}},
        ("stats",): {"verb": "stats", "args": {}},
        ("stats", "--metrics"): {"verb": "metrics", "args": {}},
        ("upstreams", "--json"): {"verb": "upstreams", "args": {}},
        ("reload",): {"verb": "reload", "args": {}},
        ("zones",): {"verb": "zones", "args": {}},
        ("device", "door"): {"verb": "device", "args": {"device": "door"}},
        ("device", "show", "allow"): {"verb": "device", "args": {"device": "allow"}},
        ("device", "quarantine", "d7"): {"verb": "device_set", "args": {"device": "d7", "do": "quarantine"}},
        ("device", "name", "d7", "door"): {"verb": "device_set", "args": {"device": "d7", "do": "name", "value": "door"}},
        ("device", "group", "door", "tv"): {"verb": "device_set", "args": {"device": "door", "do": "group", "value": "tv"}},
        ("zones", "look", "corp.example"): {"verb": "zones_look", "args": {"name": "corp.example"}},
        ("firewall",): {"verb": "firewall", "args": {}},
        ("firewall", "show"): {"verb": "firewall", "args": {}},
        ("firewall", "apply"): {"verb": "firewall_apply", "args": {}},
        ("device", "quarantine", "camera-3", "--reason", "it scans", "--for", "2h"):
            {"verb": "device_set", "args": {"device": "camera-3", "do": "quarantine", "reason": "it scans", "for_s": 7200}},
        ("firewall", "bypass"): {"verb": "firewall_bypass", "args": {}},
        ("firewall", "bypass", "camera-3"): {"verb": "firewall_bypass", "args": {"device": "camera-3"}},
        ("firewall", "remove"): {"verb": "firewall_remove", "args": {}},
        ("feeds",): {"verb": "feeds", "args": {}},
        ("feeds", "look", "malware"): {"verb": "feeds_look", "args": {"name": "malware"}},
        ("cache", "show"): {"verb": "cache_show", "args": {}},
        ("cache", "show", "cam.example", "--limit", "7"):
            {"verb": "cache_show", "args": {"name": "cam.example", "limit": 7}},
        ("cache", "flush", "cam.example"):
            {"verb": "cache_flush", "args": {"name": "cam.example", "below": True}},
        ("cache", "flush", "--exact", "cam.example"): {"verb": "cache_flush", "args": {"name": "cam.example"}},
    }
    logs = {
        ("log",): {"verb": "log", "args": {"lines": True}},
        ("log", "-n", "5"): {"verb": "log", "args": {"count": 5, "lines": True}},
    }
    for reply, some in ((good({"text": "x"}), rows), (END, logs)):
        with daemon(reply) as (path, seen):
            for words, want in some.items():
                done = weir(*words, "--socket", path)
                equal(done.returncode, 0, f"{words}: {done.stderr}")
                equal(json.loads(seen[-1]), want, words)


@mock.test("results as lines and tables, or as JSON")
def results():
    result = {"name": "gate", "list": [{"a": 1, "b": "x"}, {"a": 22, "b": None}]}
    with daemon(good(result)) as (path, _):
        equal(weir("status", "-s", path).stdout, "name: gate\nlist:\n  a   b\n  1   x\n  22  -\n")
        equal(json.loads(weir("status", "-s", path, "--json").stdout), result)


@mock.test("status: a pin as URLs have it and a date for people, both as they are for programs; upstreams: a block a server where a line is too long")
def for_people():
    pin = "sha256/" + "A" * 43 + "="
    result = {"certificates": [{"not_after": 86400, "pin_sha256": "00" * 32, "pin": pin}]}
    with daemon(good(result)) as (path, _):
        equal(weir("status", "-s", path).stdout, f"certificates:\n  not_after             pin\n  1970-01-02T00:00:00Z  {pin}\n")
        equal(json.loads(weir("status", "-s", path, "--json").stdout), result)
    result = {"upstreams": [{"url": "tls://192.0.2.1", "last_failure": "x" * 60}, {"url": "y" * 40}]}
    with daemon(good(result)) as (path, _):
        equal(weir("upstreams", "-s", path).stdout, "upstreams:\n  url           tls://192.0.2.1\n"
              f"  last_failure  {'x' * 60}\n\n  url           {'y' * 40}\n")


@mock.test("leases, tries and profiles are a line each for people; who is not known is called by the address that is known; programs get all of it")
def tables():
    six = "2001:db8:1111:2222:3333:4444:5555:6666"
    camera = {"device": "camera-3", "id": "d3", "mac": "02:00:00:00:00:01", "interface": "lan0"}
    stranger = {"device": None, "id": None, "mac": "02:00:00:00:00:02", "interface": "lan0"}
    dates = {"first_seen": 0, "last_seen": 86400}
    counts = {"dns": 3, "encrypted": 0, "doh": 0, "unleased": 1, "router": 0}
    lease = {"segment": "cameras", "from": "02:00:00:00:00:01", "left_s": 7}
    for words, result, want in (
            (("firewall", "leases"), {"leases": [
                {**camera, **lease, "to": six, "protocol": "tcp", "port": 443}, {**camera, **lease, "to": "192.0.2.1", "protocol": None, "port": None},
                {"device": None, "id": None, "segment": None, "interface": "lan0", "from": "192.168.8.9", "to": "192.0.2.1", "protocol": None, "port": None, "left_s": 7}]},
             ["leases:", "device id segment interface to port left_s", f"camera-3 d3 cameras lan0 {six} 443/tcp 7", "camera-3 d3 cameras lan0 192.0.2.1 any 7",
              "192.168.8.9 - - lan0 192.0.2.1 any 7"]),
            (("firewall", "bypass"), {"routers": "heard", "devices": [{**camera, **counts, **dates}, {**stranger, **counts, **dates}], "tries": [
                {**camera, "what": "dns", "to": six, "protocol": "udp", "port": 53, "count": 3, **dates},
                {**stranger, "what": "router", "to": six, "protocol": None, "port": None, "count": 1, **dates}]},
             ["routers: heard", "devices:", "device id interface dns encrypted doh unleased router last_seen", "camera-3 d3 lan0 3 0 0 1 0 1970-01-02T00:00:00Z",
              "02:00:00:00:00:02 - lan0 3 0 0 1 0 1970-01-02T00:00:00Z", "tries:", "device interface what to port count last_seen",
              f"camera-3 lan0 dns {six} 53/udp 3 1970-01-02T00:00:00Z", f"02:00:00:00:00:02 lan0 router {six} - 1 1970-01-02T00:00:00Z"]),
            (("mud", "list"), {"profiles": [{"device": "camera-3", "state": "enforced", "profile": "A camera of Example", "url": "https://example.com/" + "x" * 90,
                                             "signer": None, "taken": 86400, "leases": True, "addresses": "opened", "aces": 7, "not_enforceable": 1, "proposed": False, "due": False}]},
             ["profiles:", "device state profile aces not_enforceable proposed due taken", "camera-3 enforced A camera of Example 7 1 no no 1970-01-02T00:00:00Z"])):
        with daemon(good(result)) as (path, _):
            equal([" ".join(line.split()) for line in weir(*words, "-s", path).stdout.splitlines()], want)
            equal(json.loads(weir(*words, "-s", path, "--json").stdout), result)


@mock.test("a refusal names what was typed, not what the daemon calls it")
def denied():
    with daemon(b'{"ok":false,"code":"denied","error":"this changes something"}\n') as (path, _):
        for words in (("firewall", "apply"), ("device", "quarantine", "d7"), ("mud", "enforce", "d7"), ("zones", "look", "a"), ("cache", "flush", "."), ("reload",)):
            told = " ".join(words[:2])
            equal(weir(*words, "-s", path).stderr, f"weir {told}: this changes something\n")


@mock.test("a refusal goes to standard error, status 1; each of its lines")
def refusal():
    with daemon(json.dumps({"ok": False, "code": "config", "error": "f:1:2: one\nf:3:4: two\x1b[2J"}).encode() +
                b"\n") as (path, _):
        done = weir("reload", "--socket", path)
        equal((done.returncode, done.stdout), (1, ""))
        equal(done.stderr, "weir reload: f:1:2: one\nweir reload: f:3:4: two\\x1b[2J\n")
        done = weir("reload", "--socket", path, "--json")
        equal(json.loads(done.stdout)["code"], "config")


@mock.test("replies that are none: status 1 with words, never a crash")
def nonsense():
    for chunks in ((), (b"\n",), (b"nonsense\n",), (b"{}\n",), (b"[1]\n",), (b'{"ok":true',), (b'{"ok":1}\n',),
                   (b"\xff\xfe\n",), (b'{"ok":false}\n',), (b'{"ok":false,"error":7}\n',), (b"\0\n",),
                   (b"[" * 100000 + b"\n",)):
        with daemon(*chunks) as (path, _):
            for words in (("status",), ("log", "--follow"), ("stats", "-m")):
                done = weir(*words, "--socket", path)
                if words[0] == "log" and chunks in ((b"{}\n",), (b'{"ok":1}\n',)):
                    continue    # an event like any other; then the daemon has ended
                equal(done.returncode, 1, f"{chunks} {words}: {done.stdout}")
                need(done.stderr.startswith(f"weir {words[0]}: "), f"{chunks} {words}: {done.stderr}")


@mock.test("a reply without end is given up")
def endless():
    with daemon(*[b"x" * (1 << 20)] * 80) as (path, _):
        done = weir("status", "--socket", path)
        equal(done.returncode, 1)
        need("too long" in done.stderr.lower(), done.stderr)


@mock.test("log: one line an event; --follow prints each as it comes")
def log():
    events = [{"time": 0, "name": "cam.example.", "rcode": "NOERROR", "took_us": 7},
              {"time": 86400, "name": "evil\x1b[2J", "rcode": "SERVFAIL", "took_us": 8}]
    want = ["1970-01-01T00:00:00Z - cam.example. - NOERROR - - 0.0 ms", "1970-01-02T00:00:00Z - evil\\x1b[2J - SERVFAIL - - 0.0 ms"]

    def lines(out):    # columns are as wide as they like
        return [" ".join(line.split()) for line in out.splitlines()]
    text = b"".join(json.dumps(e).encode() + b"\n" for e in events)
    with daemon(text[:40], text[40:] + END) as (path, _):
        done = weir("log", "--socket", path)
        equal((done.returncode, lines(done.stdout)), (0, want), done.stderr)
        objects = weir("log", "--json", "--socket", path).stdout.splitlines()
        equal([json.loads(line) for line in objects], events)
    with daemon(text) as (path, _):    # cut off, and said so
        done = weir("log", "--socket", path)
        equal((done.returncode, lines(done.stdout)), (1, want))
        need("has ended" in done.stderr, done.stderr)
    with daemon(text[:20], text[20:], keep=True) as (path, seen):
        with subprocess.Popen([mock.WEIR, "log", "-f", "-n", "2", "-s", path], stdout=subprocess.PIPE,
                              text=True) as follow:
            equal(lines("".join(follow.stdout.readline() for _ in range(2))), want)
            follow.terminate()
        equal(json.loads(seen[0]), {"verb": "log", "args": {"count": 2, "follow": True}})
    with daemon(text) as (path, _):
        done = weir("log", "--follow", "--socket", path)
        equal((done.returncode, lines(done.stdout)), (1, want))
        need("has ended" in done.stderr, done.stderr)


@mock.test("no daemon, a wrong path, a path that is too long")
def nobody():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "control.sock")
        done = weir("status", "--socket", path)
        equal(done.returncode, 1)
        need(path in done.stderr and "is weir serve running?" in done.stderr, done.stderr)
        with open(path, "w"):
            pass
        equal(weir("status", "--socket", path).returncode, 1)
    done = weir("status", "--socket", "/" + "x" * 200)
    equal(done.returncode, 2)
    need("longer than" in done.stderr, done.stderr)


@mock.test("usage: --help of each verb, unknown verbs and options, the version")
def usage():
    done = weir("--help")
    equal(done.returncode, 0)
    verbs = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")]
    need(len(verbs) >= 9, verbs)
    for verb in verbs:
        done = weir(verb, "--help")
        equal((done.returncode, done.stderr), (0, ""), verb)
        need(f"usage: weir {verb}" in done.stdout, done.stdout)
        done = weir(verb, "--no-such-option")
        equal((done.returncode, done.stdout), (2, ""), verb)
    for words in ((), ("statsu",), ("cache",), ("cache", "frob"), ("cache", "flush"), ("cache", "show", "a..b"),
                  ("cache", "show", "--limit", "0"), ("status", "x"), ("log", "--count", "x"), ("check", "a", "b")):
        done = weir(*words)
        equal((done.returncode, done.stdout), (2, ""), words)
        need(done.stderr, words)
    need("did you mean status?" in weir("statsu").stderr)
    for words, said in ((("device", "quarantin", "tv"), '"quarantin"; did you mean quarantine?'), (("policy", "tst"), '"tst"; did you mean test?'),
                        (("feeds", "loook", "ads"), '"loook"; did you mean look?'), (("device", "tv", "fridge"), '"tv": it is none of show,'),
                        (("policy", "test"), "test takes FILE"), (("zones", "look"), "look takes NAME"),
                        (("log", "--top", "clients"), "--top wants devices, names or minutes"),
                        (("log", "--name", "*.ads.example"), "write --name ads.example")):
        done = weir(*words)
        equal((done.returncode, done.stdout), (2, ""), words)
        need(said in done.stderr, done.stderr)
    need(weir("--version").stdout.startswith("weir "))


@mock.test("config set and unset: the file keeps its comments, owner and rights; what is wrong leaves it alone")
def config_file():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "weir.yaml")

        def run(*words):
            return weir("config", *words, "--config", path, "--socket", folder + "/none")

        def text():
            with open(path, encoding="utf-8") as f:
                return f.read()

        done = run("set", "cache.size", "2MiB")    # a file that is not there is an empty one
        equal((done.returncode, text(), os.stat(path).st_mode & 0o777), (0, "cache:\n  size: 2MiB\n", 0o644), done.stderr)
        need("from the next start" in done.stderr, done.stderr)
        with open(path, "w", encoding="utf-8") as f:
            f.write("# mine\ncache: {size: 1MiB} # small\n")
        os.chmod(path, 0o640)
        if os.geteuid() == 0:
            os.chown(path, 3, 4)
        owner = os.stat(path)[4:6]
        os.rename(path, folder + "/real")
        os.symlink("real", path)
        equal(run("set", "upstream.groups", "[{name: a, servers: [udp://192.0.2.1]}]").returncode, 0)
        good_text = "# mine\ncache: {size: 1MiB} # small\nupstream:\n  groups: [{name: a, servers: [udp://192.0.2.1]}]\n"
        equal((text(), os.path.islink(path), os.stat(path).st_mode & 0o777, os.stat(path)[4:6]), (good_text, True, 0o640, owner))
        for words in (("set", "cache.size", "x"), ("set", "cahce.size", "1MiB"), ("set", "upstream.groups[1].name", "b"), ("unset", "workers"),
                      ("set", "upstream.groups[0].name", "a\nworkers: 1"), ("unset", "upstream.groups[0].servers")):
            done = run(*words)
            equal((done.returncode, done.stdout, text()), (1, "", good_text), words)
            need(done.stderr.count("\n") >= 1, words)
        equal(json.loads(run("unset", "cache.size", "--json", "--no-reload").stdout), {"file": folder + "/real", "key": "cache.size"})
        equal(sorted(os.listdir(folder)), ["real", "weir.yaml"])
        for key, value in (("local.services", "[{name: a, type: _a._tcp, port: 1, host: 192.168.7.4}]"), ("local.relays", "[{host: 'fd00::1'}]")):
            need("this is an address; a host is a name" in run("set", key, value).stderr, key)
        done = run("set", "local.relays", "[{host: turn}]")
        need(done.returncode == 0 and "a name of one label" in done.stderr, done.stderr)
        os.symlink("nowhere", folder + "/link")
        real, path = path, folder + "/link"
        done = run("set", "workers", "1")
        equal((done.returncode, os.path.islink(path)), (1, True))
        need("a link to a file that is not there" in done.stderr, done.stderr)
        path = real
        odd = os.fsencode(folder) + b"/\xff.yaml"
        done = subprocess.run([os.fsencode(mock.WEIR), b"config", b"set", b"workers", b"2", b"--json", b"--config", odd], capture_output=True,
                              check=False, timeout=60)
        equal((done.returncode, json.loads(done.stdout)["file"]), (0, folder + "/\\xff.yaml"))
        for words in (("set",), ("set", "workers"), ("unset",), ("get", "workers"), ("unset", "a", "b")):
            equal(run(*words).returncode, 2, words)
        path = folder    # no file
        equal(run("set", "workers", "1").returncode, 1)


LOCAL = """local:
  hosts: [{0}/hosts]
  zones: [{{zone: home.arpa, file: {0}/zone}}, {{zone: gone.test, file: {0}/none}}]
  leases: [{{file: {0}/leases, format: dnsmasq}}, {{file: {0}/never, format: odhcpd}}]
"""


@mock.test("check: mistakes in the local files count, a client's word does not; their names cannot move the terminal's cursor")
def check_local():
    with tempfile.TemporaryDirectory() as path:
        with open(path + "/kea", "w", encoding="ascii") as f:
            f.write("0 00:11:22:33:44:55 192.0.2.9 cam *\n")
        with open(path + "/c", "w", encoding="ascii") as f:
            f.write(f"local: {{leases: [{{file: {path}/kea, format: kea}}], services: [{{name: a, type: _a._tcp, host: no.home.arpa, port: 1}}]}}\n")
        done = weir("check", path + "/c")    # of the wrong format: the owner's mistake
        equal(done.returncode, 1)
        need("kea: no lease in it could be read; is its `format`" in done.stderr, done.stderr)
        need("local.services[0].host: warning: no.home.arpa.: the host of a service has no address" in done.stderr, done.stderr)
        files = {"hosts": "192.0.2.1 nas.home.arpa\n192.0.2.300 x\n", "leases": "0 00:11:22:33:44:55 192.0.2.9 wpad *\n",
                 "zone": "$INCLUDE sub/\\027[2J\\255\n", "conf": LOCAL.format(path)}
        os.mkdir(path + "/sub")
        for name, text in files.items():
            with open(os.path.join(path, name), "w", encoding="ascii") as f:
                f.write(text)
        with open(os.fsencode(path) + b"/sub/\x1b[2J\xff", "wb") as f:
            f.write(b"a 60 A 192.0.2\nb 60 A 192.0.2.7\n")
        done = weir("check", path + "/conf")
        equal((done.returncode, done.stdout), (1, ""))
        told = done.stderr.replace(path + "/", "")
        for line in ("hosts:2: ", "none: cannot be read: No such file or directory\n", "sub/\\x1b[2J\\xff:1: ",
                     'leases:1: warning: "wpad" is a name', "never: warning: cannot be read", "conf: good, but not what it names: 3 mistakes"):
            need(line in told, line + " in " + told)
        need("\x1b" not in told, told)
        done = weir("check", path + "/conf", "--json")
        told = json.loads(done.stdout)
        equal((done.returncode, told["ok"], told["errors"], told["warnings"], told["mistakes"]), (1, False, 3, 2, []))
        equal(sorted((one["file"].replace(path + "/", ""), one["line"], one["severity"]) for one in told["local"]),
              [("hosts", 2, "error"), ("leases", 1, "warning"), ("never", 0, "warning"), ("none", 0, "error"), ("sub/\\x1b[2J\\xff", 1, "error")])


@mock.test("check: text, JSON, what is in force, the schema; 100 MB and binary junk")
def check():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "f.yaml")

        def run(text, *words):
            with open(path, "wb") as file:
                file.write(text)
            return weir("check", path, *words)

        equal(run(b"").returncode, 0)
        done = run(b"workers: x\nlistn: []\nallow: [0.0.0.0/0]\n")
        equal((done.returncode, done.stdout), (1, ""))
        equal([line.split(": ")[0] for line in done.stderr.splitlines()],
              [f"{path}:1:10", f"{path}:2:1", f"{path}:3:9"])
        got = json.loads(run(b"workers: x\nallow: [0.0.0.0/0]\n", "--json").stdout)
        equal((got["ok"], got["errors"], got["warnings"]), (False, 1, 1))
        equal([(m["line"], m["column"], m["severity"]) for m in got["mistakes"]],
              [(1, 10, "error"), (2, 9, "warning")])
        shown = run(b"cache: {size: 1GiB}\n", "--print").stdout
        need("\ncache:\n  size: 1GiB\n" in shown, shown)
        equal(run(shown.encode(), "--print").stdout, shown)
        for junk in (b"\x7fELF\x02\x01" + bytes(range(256)) * 16, b"a" * 17_000_000, b"[" * 1_000_000,
                     b"".join(b"k%d: 1\n" % i for i in range(100_000))):
            done = run(junk)
            equal(done.returncode, 1, junk[:8])
            need(len(done.stderr) < 100_000, len(done.stderr))
        with open(path, "wb") as file:
            file.truncate(100_000_000)
        equal(weir("check", path).returncode, 1)
    done = weir("check", "-", "--json", input="workers: x\n")
    equal((done.returncode, json.loads(done.stdout)["errors"]), (1, 1))
    done = subprocess.run([os.fsencode(mock.WEIR), b"check", b"--json", b"/nonexistent-\xff\x1b"],
                          capture_output=True, timeout=20, check=False)
    equal(json.loads(done.stdout)["file"], "/nonexistent-\\xff\\x1b")
    equal(json.loads(weir("check", "--schema").stdout)["title"], "weir.yaml")
    equal(weir("check", "--doc").stdout, open(os.path.join(mock.TOP, "docs", "config.md")).read())


mock.main()
