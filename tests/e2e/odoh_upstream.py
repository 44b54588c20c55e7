#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Oblivious upstreams (RFC 9230): three weirs, of which one asks, one carries and one answers; what each of them knows."""
import base64
import http.client
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lab"))

import loopback                                                                     # noqa: E402
from encrypted import Files, context, gateway, identity                             # noqa: E402
from loopback import equal, need, until                                             # noqa: E402

PROXY, TARGET, HOME = ("127.0.0.1", 4431), ("127.0.0.2", 4430), ("127.0.0.9", 5300)


def odoh(pin, host="proxy.example", path="/proxy", config=None):
    return (f"odoh://target.example:{TARGET[1]}/dns-query#proxy={host}:{PROXY[1]}{path}&addr={PROXY[0]}&pin=sha256/{pin}"
            + (f"&config={config}" if config else ""))


def published(files):
    """The target's configurations, asked for without a proxy, as a URL takes them."""
    web = http.client.HTTPSConnection(*TARGET, timeout=20, context=context(files, "http/1.1"))
    web.request("GET", "/.well-known/odohconfigs")
    answer = web.getresponse()
    equal(answer.status, 200)
    octets = answer.read()
    web.close()
    return base64.b64encode(octets).decode()


def home(box, url, start=True):
    upstream = {"groups": [{"name": "sealed", "servers": [url]}], "encryption": "required"}
    return box.weir(start=start, upstream=upstream, listen=[f"{HOME[0]}:{HOME[1]}"], workers=1, time={"trust": "system"})


class Three:
    def __init__(self, box, path="/proxy", pinned=False):
        files = self.files = Files(box)
        front, back = identity(files, "proxy", PROXY[0]), identity(files, "target", TARGET[0])
        self.target = gateway(box, back, "127.0.0.2:5300", TARGET, target=True)
        url = f"https://target.example:{TARGET[1]}/dns-query#addr={TARGET[0]}&pin=sha256/{back.pin}"
        self.proxy = gateway(box, front, "127.0.0.1:5300", PROXY, targets=[url])
        self.home = home(box, odoh(front.pin, path=path, config=published(files) if pinned else None))

    def ask(self, name):
        return self.home.ask(name, to=HOME)

    def state(self):
        return self.home.verb("upstreams")["upstreams"][0]


def names(weir):
    return [e["name"] for e in weir.verb("log")["events"]]


@loopback.test("who asks is known to the proxy, what is asked to the target, and both to the home alone; without the proxy there is no way")
def three(box):
    all3 = Three(box)
    for number in range(40):
        reply = all3.ask(f"secret{number}.example")
        equal((reply.flags & 15, reply.addresses), (0, ["192.0.2.1"]), all3.state())
    seen = all3.state()
    equal((seen["transport"], seen["protocol"], seen["handshakes"], seen["connection_failures"]), ("odoh", "h2", 1, 0), seen)
    need("pin" in seen["verified_by"], seen)
    equal(len([n for n in names(all3.target) if n.startswith("secret")]), 40)
    events = [e for e in all3.target.verb("log")["events"] if e["name"].startswith("secret")]
    need(all(e["transport"] == "doh" and HOME[0] not in e["client"] for e in events), events[:3])
    need("secret" not in str(all3.proxy.verb("log")) and "secret" not in all3.proxy.log())
    all3.proxy.stop()
    equal(all3.ask("direct.example").flags & 15, 2)
    need(not any(n.startswith("direct") for n in names(all3.target)), names(all3.target))


@loopback.test("a target that starts anew has other keys: it is asked again with them, on the same connection")
def keys_lost(box):
    all3 = Three(box)
    equal(all3.ask("before.example").addresses, ["192.0.2.1"])
    before = published(all3.files)
    all3.target.stop()
    all3.target.start()
    need(published(all3.files) != before, "the same keys after a start")
    equal(all3.ask("after.example").addresses, ["192.0.2.1"])
    need(any(n.startswith("after") for n in names(all3.target)), names(all3.target))
    equal(all3.state()["handshakes"], 1)
    all3.proxy.stop()
    all3.proxy.start()      # the connection is another one, and the keys are still known
    until("asked again", lambda: all3.ask("third.example").addresses == ["192.0.2.1"])


@loopback.test("with a pinned configuration the first query opens; a target that knows it no more fails, and what to do is said")
def pinned(box):
    all3 = Three(box, pinned=True)
    equal(all3.ask("before.example").addresses, ["192.0.2.1"], all3.state())
    all3.target.stop()
    all3.target.start()     # with another key
    equal(all3.ask("after.example").flags & 15, 2, all3.state())
    need("the pinned configuration (401): pin the one" in all3.state()["last_failure"], all3.state())
    need(not any(n.startswith("after") for n in names(all3.target)), names(all3.target))


@loopback.test("a proxy without that path fails with words, and the question in time")
def no_path(box):
    all3 = Three(box, path="/elsewhere")
    equal(all3.ask("a.example").flags & 15, 2)
    seen = all3.state()
    need("configurations" in seen["last_failure"], seen)
    equal(names(all3.target), [])


@loopback.test("weir check takes an oblivious upstream, and refuses one whose proxy is the target")
def checked(box):
    files = Files(box)
    pin = identity(files, "proxy", PROXY[0]).pin
    for url, status in ((odoh(pin), 0), (odoh(pin, host="target.example"), 1)):
        weir = home(box, url, start=False)
        box.things.remove(weir)
        done = subprocess.run([box.program, "check", weir.config], capture_output=True, text=True, timeout=30, check=False)
        equal(done.returncode != 0, status != 0, done.stdout + done.stderr)
        shutil.rmtree(weir.folder)
        need((status == 0) != ("same host" in done.stdout + done.stderr), done.stdout + done.stderr)


loopback.main()
