#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir check: the certificates and authorities that a configuration names, and sockets that cannot be two listeners. No daemon, no network."""

import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lab"))

import mock                                                                         # noqa: E402
from mock import equal, need, weir                                                  # noqa: E402
from spaces import peer                                                             # noqa: E402


def write(folder, text):
    path = os.path.join(folder, "weir.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


@mock.test("what cert new makes is good; a key that is another's, gone, or open to others is not, in words and in JSON")
def files():
    with tempfile.TemporaryDirectory() as top:
        tls = os.path.join(top, "tls")
        equal(weir("cert", "new", "--dir", tls, "dns.home").returncode, 0)
        pair = f"{{chain: {tls}/server.pem, key: {tls}/server.key}}"
        path = write(top, f"encrypted:\n  dot: [192.0.2.1]\n  certificates: [{pair}]\n")
        done = weir("check", path)
        equal((done.returncode, done.stdout, done.stderr), (0, f"{path}: good\n", ""))
        key = os.path.join(tls, "server.key")
        with open(key, "rb") as f:
            good = f.read()

        def other():
            subprocess.run([peer("openssl"), "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key], check=True)
            os.chmod(key, 0o600)

        for change, says in ((other, "the key is not the one"), (lambda: os.chmod(key, 0o644), "has rights 644"), (lambda: os.unlink(key), "No such file")):
            change()
            done = weir("check", path)
            equal((done.returncode, done.stdout), (1, ""))
            need(done.stderr.startswith("encrypted.certificates[0]: ") and says in done.stderr, done.stderr)
            need(done.stderr.splitlines()[-1].startswith(f"{path}: good, but not what it names: 1 mistake; what is encrypted"), done.stderr)
            told = json.loads(weir("check", "--json", path).stdout)
            equal((told["ok"], told["errors"], [m["file"] for m in told["local"]]), (False, 1, ["encrypted.certificates[0]"]))
            with open(key, "wb") as f:
                f.write(good)
            os.chmod(key, 0o600)


@mock.test("a bundle of authorities that the owner named and that is not there is a mistake; a configuration without certificates is good")
def authorities():
    with tempfile.TemporaryDirectory() as top:
        equal(weir("check", write(top, "")).returncode, 0)
        path = write(top, f"upstream: {{ca_file: {top}/none.pem, groups: [{{name: a, servers: [\"tls://192.0.2.1\"]}}]}}\n")
        done = weir("check", path)
        equal(done.returncode, 1)
        need(f"upstream.ca_file: {top}/none.pem: No such file" in done.stderr, done.stderr)


@mock.test("a firewall without the program nft, or with one that cannot be run, is a mistake that names the package; one that is off is none")
def firewall():
    with tempfile.TemporaryDirectory() as top:
        nft = os.path.join(top, "nft")
        path = write(top, f"firewall: {{enabled: true, nft: {nft}}}\n")

        def refused(why):
            done = weir("check", path)
            equal(done.returncode, 1)
            need(f"firewall: the program nft cannot be run ({nft}: {why}): install Debian's package nftables" in done.stderr, done.stderr)
            need("1 mistake, and weir serves the rest" in done.stderr, done.stderr)
            equal([m["file"] for m in json.loads(weir("check", "--json", path).stdout)["local"]], ["firewall"])

        refused("No such file or directory")
        with open(nft, "w", encoding="ascii") as f:
            f.write("#!/bin/sh\n")
        refused("Permission denied")
        os.chmod(nft, 0o755)
        equal(weir("check", path).returncode, 0)
        os.unlink(nft)
        equal(weir("check", write(top, f"firewall: {{nft: {nft}}}\n")).returncode, 0)


@mock.test("two listeners on one socket: both places; an encrypted upstream that is weir itself")
def sockets():
    with tempfile.TemporaryDirectory() as top:
        path = write(top, "listen: [\"192.0.2.1:853\"]\nencrypted:\n  dot: [192.0.2.1]\n  doh: [192.0.2.1]\n"
                          "upstream:\n  groups:\n    - {name: a, servers: [\"https://192.0.2.1\"]}\n")
        done = weir("check", path)
        equal(done.returncode, 1)
        need(f"{path}:3:9: encrypted.dot[0]: one TCP port cannot be two listeners: it is that of listen[0] (line 1, column 10)" in done.stderr, done.stderr)
        need(f"{path}:7:27: upstream.groups[0].servers[0]: forwarding loop" in done.stderr, done.stderr)


mock.main()
