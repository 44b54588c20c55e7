#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir mud: profiles of devices (RFC 8520), from the file to what a device gets."""

import json
import os
import subprocess
import sys
import tempfile

import loopback
from loopback import equal, need

ABOUT = {"mud-version": 1, "mud-url": "https://things.example/cam", "last-update": "2026-01-02T03:04:05+01:00", "cache-validity": 48, "is-supported": True, "systeminfo": "a camera"}


def ace(name, direction="dst", port=None, protocol=6):
    match = {"ipv4": {f"ietf-acldns:{direction}-dnsname": name, "protocol": protocol}}
    if port:
        match["tcp" if protocol == 6 else "udp"] = {("destination" if direction == "dst" else "source") + "-port": {"operator": "eq", "port": port}}
    return {"name": f"to-{name}", "matches": match, "actions": {"forwarding": "accept"}}


def profile(*aces, old=False, **about):
    """The text of a MUD file with these ACEs from the device."""
    lists = {"acl": [{"name": "from", "type": "ipv4-acl-type", "aces": {"ace": list(aces)}}]}
    policy = {"access-lists": {"access-list": [{"name": "from"}]}}
    return json.dumps({"ietf-mud:mud": {**ABOUT, **about, "from-device-policy": policy},
                       "ietf-access-control-list:" + ("access-lists" if old else "acls"): lists}, indent=1)


def weir_mud(*words, stdin=None):
    return subprocess.run([os.environ["WEIR"], "mud", *words], input=stdin, capture_output=True, text=True, timeout=60)


@loopback.test("a file is shown, compared and written in the form of RFC 8520; what is wrong with one is told at its place")
def files(box):
    with tempfile.TemporaryDirectory() as top:
        one, two = os.path.join(top, "one.json"), os.path.join(top, "two.json")
        with open(one, "w", encoding="utf-8") as f:
            f.write(profile(ace("cloud.example", port=443), old=True))
        with open(two, "w", encoding="utf-8") as f:
            f.write(profile(ace("cloud.example", port=443), ace("stats.example")))
        shown = json.loads(weir_mud("show", "--json", one).stdout)
        equal([(a["says"], a["enforced"]) for a in shown["aces"]], [("may reach cloud.example over TCP, port 443", "by name")])
        done = weir_mud("diff", one, two)
        equal(done.returncode, 3, done.stderr)
        need("may reach stats.example over TCP" in done.stdout, done.stdout)
        written = weir_mud("export", one).stdout
        need("ietf-access-control-list:acls" in written, written)
        equal(weir_mud("diff", one, "-", stdin=written).returncode, 0)
        done = weir_mud("show", "-", stdin=profile(ace("cloud.example")).replace("cloud.example\",", "cloud..example\","))
        need(done.returncode == 1 and done.stderr.startswith("-:") and "no host name" in done.stderr, done.stderr)


loopback.main()
