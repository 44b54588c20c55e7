#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir zone check: what it says, where, and how it ends; hostile files. No lab needed."""

import contextlib
import json
import os
import resource
import subprocess
import tempfile

import mock
from mock import equal, need, weir

HEAD = "$TTL 60\n@ SOA ns root 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n"


@contextlib.contextmanager
def folder(**files):
    """A folder with these files; _ in a name is a dot."""
    with tempfile.TemporaryDirectory() as path:
        for name, text in files.items():
            with open(os.path.join(path, name.replace("_", ".")), "w", encoding="utf-8") as f:
                f.write(text)
        yield path


def check(path, *words, **more):
    return weir("zone", "check", os.path.join(path, "a.zone"), *words, **more)


@mock.test("a good zone is good, with a name given or its own")
def good():
    with folder(a_zone=HEAD, b_zone="$ORIGIN test.\n" + HEAD) as path:
        done = check(path, "--origin", "test")
        equal((done.returncode, done.stdout, done.stderr), (0, f"{path}/a.zone: good: test., 3 records, 0 warnings\n", ""))
        done = weir("zone", "check", path + "/b.zone")
        equal((done.returncode, done.stdout), (0, f"{path}/b.zone: good: test., 3 records, 0 warnings\n"))
        done = check(path)
        equal(done.returncode, 1)
        need(f"{path}/a.zone:2:1: a relative name, and no origin is known: $ORIGIN" in done.stderr, done.stderr)


@mock.test("every mistake has its place, of the file and of the zone, in the order of the file")
def mistakes():
    text = HEAD + "x A 1.2.3\nwww CNAME ns\nwww TXT x\nother.test. A 192.0.2.1\nm MX 1 nowhere\n$INCLUDE sub\n"
    with folder(a_zone=text, sub="y NOTYPE\n") as path:
        done = check(path, "-o", "example.")
        equal((done.returncode, done.stderr.replace(path + "/", "").splitlines()), (1, [
            "a.zone:5:5: A: this is not what the type wants here",
            "a.zone:6:5: www.example. CNAME: CNAME beside other data",
            "a.zone:8:13: other.test. A: outside of the zone",
            "a.zone:9:3: warning: m.example. MX: the target has no address in this zone",
            "sub:1:3: no such type",
        ]))
        equal(done.stdout, f"{path}/a.zone: 7 records, 4 errors, 1 warnings\n")
        told = json.loads(check(path, "-o", "example.", "--json").stdout)
        equal((told["ok"], told["zone"], told["records"], told["errors"], told["warnings"]), (False, "example.", 7, 4, 1))
        equal([(m["line"], m["column"], m["severity"]) for m in told["mistakes"]],
              [(5, 5, "error"), (6, 5, "error"), (8, 13, "error"), (9, 3, "warning"), (1, 3, "error")])
        equal(told["mistakes"][1]["owner"], "www.example.")
        equal(told["mistakes"][1]["type"], "CNAME")


@mock.test("the digest in a zone is held against it (ZONEMD, RFC 8976 appendix A.1)")
def digest():
    zone = ("@ 86400 SOA ns1 admin 2018031900 1800 900 604800 86400\n@ 86400 NS ns1\n@ 86400 NS ns2\n"
            "@ 86400 ZONEMD 2018031900 1 1 c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c\n"
            "ns1 3600 A 203.0.113.63\nns2 3600 AAAA 2001:db8::63\n")
    with folder(a_zone=zone, b_zone=zone + "x 60 A 192.0.2.1\n", c_zone=zone.replace(" 1 1 ", " 1 250 ")) as path:
        done = check(path, "-o", "example")
        equal((done.returncode, done.stderr), (0, ""))
        need(done.stdout.endswith(": good: example., 6 records, 0 warnings, the digest in it (ZONEMD) is right\n"), done.stdout)
        equal(json.loads(check(path, "-o", "example", "--json").stdout)["digest"], True)
        done = weir("zone", "check", "-o", "example", path + "/b.zone")
        equal((done.returncode, done.stderr),
              (1, f"{path}/b.zone: example. ZONEMD: the zone does not match the digest in its ZONEMD record\n"))
        done = weir("zone", "check", "-o", "example", path + "/c.zone")
        equal(done.returncode, 0)
        need("warning: example. ZONEMD: no ZONEMD record by a scheme and a hash that are known here" in done.stderr, done.stderr)


@mock.test("warnings alone are good, an empty file is not")
def endings():
    with folder(a_zone=HEAD + "m MX 1 nowhere\n", b_zone="") as path:
        equal(check(path, "-o", "x", "--json").returncode, 0)
        done = weir("zone", "check", path + "/b.zone", "--json")
        told = json.loads(done.stdout)
        equal((done.returncode, told["mistakes"][0]["line"], told["zone"]), (1, 0, ""))
        equal(json.loads(weir("zone", "check", path + "/a.zone", "-o", "x", "--json").stdout)["ok"], True)


@mock.test("what cannot be read is a mistake as any other, in JSON too; a last line without its end is told")
def unreadable():
    with folder(a_zone=HEAD + "w A 192.0.2.2") as path:
        done = check(path, "-o", "x")
        equal((done.returncode, done.stderr.replace(path + "/", "")),
              (0, "a.zone:5:14: warning: the file ends within this line; it counts as it stands: is it half written?\n"))
        for what in ("none.zone", ""):
            done = weir("zone", "check", path + "/" + what, "--json")
            told = json.loads(done.stdout)
            equal((done.returncode, done.stderr, told["ok"], told["errors"], told["records"]), (1, "", False, 1, 0))
            equal((told["mistakes"][0]["line"], told["mistakes"][0]["severity"]), (0, "error"))
            need(told["mistakes"][0]["message"] in ("No such file or directory", "not a plain file"), told)
        need("none.zone: No such file or directory\n" in weir("zone", "check", path + "/none.zone").stderr)


@mock.test("$INCLUDE stays in the folder")
def include():
    with folder(secret="secret 1 A 192.0.2.9\n") as outside, folder(a_zone="") as path:
        os.symlink(outside, path + "/out")
        os.symlink(outside + "/secret", path + "/link")
        os.mkfifo(path + "/fifo")
        for where in (outside + "/secret", "../" + os.path.basename(outside) + "/secret", "out/secret", "link", "fifo"):
            with open(path + "/a.zone", "w", encoding="utf-8") as f:
                f.write(HEAD + f"$INCLUDE {where}\n")
            done = check(path, "-o", "x")
            equal(done.returncode, 1)
            equal(len(done.stderr.splitlines()), 1, done.stderr)
            need("secret." not in done.stderr and ":5:10: " in done.stderr, done.stderr)


@mock.test("loops and fans of files end, and a file of nothing but parentheses")
def hostile():
    with folder(a_zone="$INCLUDE a.zone\n" * 8) as path:
        done = check(path, "-o", "x")
        equal(done.returncode, 1)
        need("too deeply" in done.stderr and "too many files" in done.stderr, done.stderr[:500])
        for text in ("(\n" * 2000000, "(" * 4000000, "\"" * 4000000, "\\" * 4000000, "\0" * 4000000, "a\n" * 300000,
                     "$GENERATE 0-2147483647 a$ A 192.0.2.1\n" * 1000):
            with open(path + "/a.zone", "w", encoding="utf-8") as f:
                f.write(text)
            for words in ((), ("--generate", "--json")):
                done = check(path, "-o", "x", *words)
                equal(done.returncode, 1)
        json.loads(done.stdout)


@mock.test("$GENERATE only when it is asked for")
def generate():
    with folder(a_zone=HEAD + "$GENERATE 1-254 h$ A 192.0.2.$\n") as path:
        done = check(path, "-o", "x")
        need(done.returncode == 1 and ":5:1: $GENERATE is not allowed here" in done.stderr, done.stderr)
        done = check(path, "-o", "x", "--generate")
        need(done.returncode == 0 and "257 records" in done.stdout, done.stdout)


@mock.test("a hundred megabytes in bounded memory")
def large():
    plain = os.environ.get("WEIR_PLAIN", os.path.join(mock.TOP, "build", "main", "src", "weir"))
    need(os.access(plain, os.X_OK), plain)
    with folder() as path:
        with open(path + "/a.zone", "w", encoding="utf-8") as f:
            f.write(HEAD)
            block = "".join(f"h{i:04} TXT \"{'x' * 200}\"\n" for i in range(4096))
            for _ in range(100_000_000 // len(block)):
                f.write(block)
        need(os.path.getsize(path + "/a.zone") > 99_000_000)
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))
        done = subprocess.run([plain, "zone", "check", "-o", "x", path + "/a.zone"], capture_output=True, text=True,
                              preexec_fn=limit, timeout=120, check=False)
        equal(done.returncode, 0, done.stderr[:300])


@mock.test("what cannot be read, and bad usage")
def usage():
    with folder(a_zone=HEAD) as path:
        for words in ((), ("check",), ("check", "a", "b"), ("print", "a"), ("check", path + "/a.zone", "--origin", "a..b")):
            equal(weir("zone", *words).returncode, 2, words)
        for name in (path, path + "/none", "/dev/zero"):
            done = weir("zone", "check", name)
            equal((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
        done = subprocess.run([os.fsencode(mock.WEIR), b"zone", b"check", b"/none-\xff\x1b"], capture_output=True, check=False)
        need(b"/none-\\xff\\x1b" in done.stderr, done.stderr)


mock.main()
