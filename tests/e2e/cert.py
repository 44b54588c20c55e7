#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir cert: what it makes is judged by OpenSSL and GnuTLS, its pin by OpenSSL, its QR code by a reader of its own. No daemon, no network."""

import base64
import hashlib
import json
import os
import re
import subprocess
import tempfile

import mock
import qrread
from mock import equal, need, weir

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


def pin_of(path, kind):
    """By OpenSSL: the digest of the public key of a certificate or a private key."""
    pem = run("openssl", "x509", "-in", path, "-noout", "-pubkey").stdout if kind == "x509" else \
        run("openssl", "pkey", "-in", path, "-pubout").stdout
    der = run("openssl", "pkey", "-pubin", "-outform", "der", data=pem).stdout
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
            done = run("openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", ca, flag, value, cert)
            equal(done.returncode == 0, good, (flag, value, done.stderr))
        need(run("openssl", "verify", "-purpose", "sslclient", "-CAfile", ca, cert).returncode != 0, "it is for servers alone")
        done = run("certtool", "--verify", "--load-ca-certificate", ca, "--infile", cert, "--verify-hostname", "dns.home", "--verify-profile", "medium")
        equal(done.returncode, 0, done.stdout)
        equal(seen["pins"], [pin_of(cert, "x509"), pin_of(os.path.join(folder, "next.key"), "pkey")])
        for name in FILES:
            equal(oct(os.stat(os.path.join(folder, name)).st_mode & 0o777), oct(0o600 if name.endswith("key") else 0o644), name)
        text = run("openssl", "x509", "-in", cert, "-noout", "-text").stdout.decode()
        need("prime256v1" in text and "ecdsa-with-SHA256" in text, text)
        need(run("openssl", "x509", "-in", cert, "-noout", "-checkend", str(799 * 86400)).returncode == 0, text)


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
        equal(run("openssl", "verify", "-CAfile", os.path.join(folder, "ca.pem"), os.path.join(folder, "server.pem")).returncode, 0)
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
        der = run("openssl", "x509", "-in", cert, "-outform", "der").stdout
        equal(server["sha256"], hashlib.sha256(der).hexdigest())
        need(seen["pins"][0] in weir("cert", "show", key).stdout)
        text = weir("cert", "show", cert).stdout
        need("dns.home, 192.0.2.1" in text and seen["pins"][0] in text, text)
        need(authority["pin"] == pin_of(ca, "x509"), authority)
        rsa = os.path.join(folder, "rsa.pem")
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-out", rsa, "-days", "1", "-subj", "/CN=a\x1b[2Jb")
        done = weir("cert", "show", rsa)
        equal(done.returncode, 0, done.stderr)
        need("RSA" in done.stdout and "\x1b" not in done.stdout, done.stdout)
        old = os.path.join(folder, "old.pem")
        with open(os.path.join(folder, "template"), "w", encoding="ascii") as f:
            f.write('cn = "old"\nactivation_date = "2020-01-01 00:00:00 UTC"\nexpiration_date = "2021-01-01 00:00:00 UTC"\n')
        done = run("certtool", "--generate-self-signed", "--load-privkey", key, "--template", os.path.join(folder, "template"), "--outfile", old)
        equal(done.returncode, 0, done.stderr)
        done = weir("cert", "show", old)
        equal(done.returncode, 1)
        need("expired" in done.stdout, done.stdout)
        for bad in ("/dev/null", folder, os.path.join(folder, "none"), "/bin/true"):
            done = weir("cert", "show", bad)
            equal((done.returncode, done.stdout), (1, ""), bad)
            need(done.stderr.startswith("weir cert: " + bad), done.stderr)


mock.main()
