#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir cert: what it makes is judged by OpenSSL and GnuTLS, its pin by OpenSSL, its QR code by a reader of its own. No daemon, no network."""

import base64
import grp
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lab"))

import mock                                                                         # noqa: E402
import qrread                                                                       # noqa: E402
from mock import equal, need, weir                                                  # noqa: E402
from spaces import peer                                                             # noqa: E402

FILES = ["ca.key", "ca.pem", "next.key", "server.key", "server.pem"]


def run(*words, data=None):
    return subprocess.run(words, input=data, capture_output=True, timeout=30, check=False)


def made(folder, *words):
    done = weir("cert", "new", "--json", "--dir", folder, *words)
    equal((done.returncode, done.stderr), (0, ""))
    return json.loads(done.stdout)


def contents(folder):
    found = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as f:
            found[name] = f.read()
    return found


def mode_of(folder, name):
    return os.stat(os.path.join(folder, name)).st_mode & 0o777


def has_group():
    try:
        return bool(grp.getgrnam("weir"))
    except KeyError:
        return False


SERVER_KEY = 0o640 if os.geteuid() == 0 and has_group() else 0o600


def pin_of(path, kind):
    """By OpenSSL: the digest of the public key of a certificate or a private key."""
    pem = run(peer("openssl"), "x509", "-in", path, "-noout", "-pubkey").stdout if kind == "x509" else \
        run(peer("openssl"), "pkey", "-in", path, "-pubout").stdout
    der = run(peer("openssl"), "pkey", "-pubin", "-outform", "der", data=pem).stdout
    need(len(der) > 80, pem)
    return "sha256/" + base64.b64encode(hashlib.sha256(der).digest()).decode()


@mock.test("new: OpenSSL and GnuTLS take the chain for each name and address, and for no other")
def takes():
    with tempfile.TemporaryDirectory() as top:
        folder = os.path.join(top, "tls")
        seen = made(folder, "dns.home", "192.0.2.1", "2001:db8::1", "*.dns.home")
        equal(sorted(os.listdir(folder)), FILES)
        equal(seen["names"], ["dns.home", "*.dns.home", "192.0.2.1", "2001:db8::1"])
        ca, cert = os.path.join(folder, "ca.pem"), os.path.join(folder, "server.pem")
        for flag, value, good in (("-verify_hostname", "dns.home", True), ("-verify_hostname", "tv.dns.home", True), ("-verify_ip", "192.0.2.1", True),
                                  ("-verify_ip", "2001:db8::1", True), ("-verify_hostname", "dns.work", False), ("-verify_ip", "192.0.2.2", False)):
            done = run(peer("openssl"), "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", ca, flag, value, cert)
            equal(done.returncode == 0, good, (flag, value, done.stderr))
        need(run(peer("openssl"), "verify", "-purpose", "sslclient", "-CAfile", ca, cert).returncode != 0, "it is for servers alone")
        done = run(peer("certtool"), "--verify", "--load-ca-certificate", ca, "--infile", cert, "--verify-hostname", "dns.home", "--verify-profile", "medium")
        equal(done.returncode, 0, done.stdout)
        equal(seen["pins"], [pin_of(cert, "x509"), pin_of(os.path.join(folder, "next.key"), "pkey")])
        for name in FILES:
            equal(oct(mode_of(folder, name)), oct(SERVER_KEY if name == "server.key" else 0o600 if name.endswith("key") else 0o644), name)
        text = run(peer("openssl"), "x509", "-in", cert, "-noout", "-text").stdout.decode()
        need("prime256v1" in text and "ecdsa-with-SHA256" in text, text)
        need(run(peer("openssl"), "x509", "-in", cert, "-noout", "-checkend", str(799 * 86400)).returncode == 0, text)


@mock.test("new: what is there stays; --replace keeps the key, --roll goes on with the next one, the authority is the same")
def stays():
    with tempfile.TemporaryDirectory() as folder:
        first = made(folder, "dns.home")
        before = contents(folder)
        done = weir("cert", "new", "--dir", folder, "other.home")
        equal(done.returncode, 1)
        need("--replace" in done.stderr and "server.pem" in done.stderr, done.stderr)
        equal(contents(folder), before)
        second = made(folder, "other.home", "--replace")
        equal(second["pins"], first["pins"])
        after = contents(folder)
        equal([name for name in FILES if before[name] != after[name]], ["server.pem"])
        third = made(folder, "other.home", "--replace", "--roll")
        equal(third["pins"][0], first["pins"][1])
        need(third["pins"][1] not in first["pins"])
        equal([name for name in FILES if after[name] != contents(folder)[name]], ["next.key", "server.key", "server.pem"])
        equal(pin_of(os.path.join(folder, "server.pem"), "x509"), third["pins"][0])
        equal(run(peer("openssl"), "verify", "-CAfile", os.path.join(folder, "ca.pem"), os.path.join(folder, "server.pem")).returncode, 0)
        equal(sorted(os.listdir(folder)), FILES)


@mock.test("new: half an authority, keys that do not fit, a link, a folder that is not to be had: a sentence, and nothing is changed")
def refused():
    with tempfile.TemporaryDirectory() as folder:
        made(folder, "dns.home")
        good = contents(folder)
        for name, octets, said in (("ca.key", None, "other half"), ("ca.key", good["server.key"], "no authority"), ("ca.pem", b"nonsense", "no authority"),
                                   ("server.key", b"nonsense", "no key"), ("ca.pem", b"", "no file that weir made"),
                                   ("ca.pem", good["server.pem"], "no authority"), ("server.key", b"x" * 9000, "no file that weir made")):
            path = os.path.join(folder, name)
            os.unlink(path)
            if octets is not None:
                with open(path, "wb") as f:
                    f.write(octets)
            kept = contents(folder)
            done = weir("cert", "new", "--dir", folder, "--replace", "dns.home")
            equal(done.returncode, 1, name)
            need(said in done.stderr, (name, done.stderr))
            equal(contents(folder), kept, name)
            with open(path, "wb") as f:
                f.write(good[name])
    with tempfile.TemporaryDirectory() as folder:
        os.symlink("/dev/null", os.path.join(folder, "server.key"))
        done = weir("cert", "new", "--dir", folder, "dns.home")
        equal(done.returncode, 1)
        need("server.key" in done.stderr, done.stderr)
        equal(weir("cert", "new", "--dir", os.path.join(folder, "no", "such"), "dns.home").returncode, 1)
        equal(weir("cert", "new", "--dir", "/dev/null", "dns.home").returncode, 1)


@mock.test("new: words that are no names, and days that are none, are refused before anything is made")
def words():
    with tempfile.TemporaryDirectory() as folder:
        for bad in ([], ["a b"], ["b\u00fccher.example"], ["192.0.2.1:853"], ["0.0.0.0"], ["x"] * 17, ["x", "--days", "0"], ["x", "--days", "9999"],
                    ["x", "--days", "a"], ["x", "--roll"], ["*"]):
            done = weir("cert", "new", "--dir", folder, *bad)
            equal((done.returncode, done.stdout), (2, ""), bad)
            need(done.stderr, bad)
        equal(weir("cert").returncode, 2)
        equal(os.listdir(folder), [])


@mock.test("new: the QR code holds the URL, and weir reads it as an upstream")
def code():
    for names in (["192.0.2.1", "dns.home"], ["2001:db8::1"], ["a-rather-long-name-of-a-gateway.somewhere.example"]):
        with tempfile.TemporaryDirectory() as folder:
            done = weir("cert", "new", "--qr", "--dir", folder, *names)
            equal((done.returncode, done.stderr), (0, ""))
            lines = done.stdout.splitlines()
            url = next(line for line in lines if line.startswith("tls://"))
            equal(qrread.read([line for line in lines if re.fullmatch("[ \u2580\u2584\u2588]{20,}", line)]), url)
            need("pin=" + pin_of(os.path.join(folder, "server.pem"), "x509") in url, url)
            need("\x1b" not in done.stdout)


@mock.test("new: what is to be written into weir.yaml is taken by weir, wherever the command ran and whatever the folder is called")
def snippet():
    with tempfile.TemporaryDirectory() as top:
        for name, words in (("here", []), ("a, b {c}: 'd'", ["--dir", "."]), ("there", ["--dir", "../there"])):
            folder = os.path.join(top, name)
            os.mkdir(folder)
            done = weir("cert", "new", *words, "dns.home", cwd=folder)
            equal((done.returncode, done.stderr), (0, ""))
            text = done.stdout[done.stdout.index("encrypted:"):done.stdout.index("tls://")]
            path = os.path.join(top, name + ".yaml")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            checked = weir("check", "--print", path)
            equal((checked.returncode, checked.stderr), (0, ""), text)
            need(os.path.join(os.path.realpath(folder), "server.key").replace("'", "''") in checked.stdout.replace("'", "''"), checked.stdout)


@mock.test("new: root gives the server's key to the group that weir is, and no other; what is replaced keeps its owner, group and mode")
def shared():
    root = os.geteuid() == 0
    gid = 4242 if root else 0          # in a namespace of one user its own is all there is
    with tempfile.TemporaryDirectory() as top:
        groups, folder = os.path.join(top, "group"), os.path.join(top, "tls")
        with open(groups, "w", encoding="ascii") as f:
            f.write(f"root:x:0:\nweir:x:{gid}:\n")

        def new(*words):
            script = 'mount --bind "$1" /etc/group && shift && exec "$@"'
            done = run("unshare", "-m" if root else "-rm", "sh", "-c", script, "sh", groups, mock.WEIR, "cert", "new", "--dir", folder, *words)
            equal((done.returncode, done.stderr), (0, b""))
            return done.stdout.decode()

        need("group weir may read server.key" in new("dns.home"))
        equal([oct(mode_of(folder, name)) for name in FILES], ["0o600", "0o644", "0o600", "0o640", "0o644"])
        key = os.path.join(folder, "server.key")
        equal(os.stat(key).st_gid, gid if root else os.getegid())
        for name in ("ca.key", "next.key"):
            equal(os.stat(os.path.join(folder, name)).st_gid, os.getegid(), name)
        if root:
            os.chown(key, 1234, 2345)
            os.chown(os.path.join(folder, "server.pem"), 1234, 2345)
        os.chmod(os.path.join(folder, "server.pem"), 0o640)
        before = contents(folder)
        new("dns.home", "--replace", "--roll")
        need(before["server.key"] != contents(folder)["server.key"] and before["server.pem"] != contents(folder)["server.pem"])
        for name in ("server.key", "server.pem"):
            equal(oct(mode_of(folder, name)), "0o640", name)
            if root:
                seen = os.stat(os.path.join(folder, name))
                equal((seen.st_uid, seen.st_gid), (1234, 2345), name)
        os.chmod(key, 0o644)            # that of others is no right to keep
        done = weir("cert", "new", "--dir", folder, "--replace", "--roll", "dns.home")
        equal(done.returncode, 0)
        need("server.key: others may read or write this key" in done.stderr, done.stderr)
        equal(oct(mode_of(folder, "server.key")), "0o640")


@mock.test("show: names, dates, key and pin of each certificate; what a client would mind; the pin of a key; what is no certificate")
def shows():
    with tempfile.TemporaryDirectory() as folder:
        seen = made(folder, "dns.home", "192.0.2.1", "--days", "30")
        ca, cert, key = (os.path.join(folder, name) for name in ("ca.pem", "server.pem", "server.key"))
        chain = os.path.join(folder, "chain.pem")
        with open(chain, "wb") as f:
            f.write(contents(folder)["server.pem"] + contents(folder)["ca.pem"])
        done = weir("cert", "show", "--json", chain)
        equal((done.returncode, done.stderr), (0, ""))
        server, authority = json.loads(done.stdout)
        equal((server["names"], server["pin"], server["key"], server["minded"]), (["dns.home", "192.0.2.1"], seen["pins"][0], "ECDSA 256", []))
        equal((server["authority"], authority["authority"], authority["self_signed"]), (False, True, True))
        equal(server["issuer"], authority["subject"])
        need(28 <= server["days_left"] <= 30, server)
        der = run(peer("openssl"), "x509", "-in", cert, "-outform", "der").stdout
        equal(server["sha256"], hashlib.sha256(der).hexdigest())
        need(seen["pins"][0] in weir("cert", "show", key).stdout)
        text = weir("cert", "show", cert).stdout
        need("dns.home, 192.0.2.1" in text and seen["pins"][0] in text, text)
        need(authority["pin"] == pin_of(ca, "x509"), authority)
        rsa = os.path.join(folder, "rsa.pem")
        run(peer("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-out", rsa, "-days", "1", "-subj", "/CN=a\x1b[2Jb")
        done = weir("cert", "show", rsa)
        equal(done.returncode, 0, done.stderr)
        need("RSA" in done.stdout and "\x1b" not in done.stdout, done.stdout)
        old = os.path.join(folder, "old.pem")
        with open(os.path.join(folder, "template"), "w", encoding="ascii") as f:
            f.write('cn = "old"\nactivation_date = "2020-01-01 00:00:00 UTC"\nexpiration_date = "2021-01-01 00:00:00 UTC"\n')
        done = run(peer("certtool"), "--generate-self-signed", "--load-privkey", key, "--template", os.path.join(folder, "template"), "--outfile", old)
        equal(done.returncode, 0, done.stderr)
        done = weir("cert", "show", old)
        equal(done.returncode, 1)
        need("expired" in done.stdout, done.stdout)
        for bad in ("/dev/null", folder, os.path.join(folder, "none"), "/bin/true"):
            done = weir("cert", "show", bad)
            equal((done.returncode, done.stdout), (1, ""), bad)
            need(done.stderr.startswith("weir cert: " + bad), done.stderr)


mock.main()
