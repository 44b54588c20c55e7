#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir as an oblivious target (RFC 9230): this process is client and proxy, with envelopes of its own (obliviouspeer)."""
import http.client
import os
import socket
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lab"))

import loopback                                                                     # noqa: E402
import obliviouspeer                                                                # noqa: E402
from encrypted import Files, context                                                # noqa: E402
from loopback import equal, need, question, read_reply                              # noqa: E402

PORT = 4430
CONFIGS = "/.well-known/odohconfigs"


class Https(http.client.HTTPSConnection):
    """To 127.0.0.1, with the name that the certificate carries."""

    def __init__(self, files):
        super().__init__("dns.example", PORT, timeout=20, context=context(files, "http/1.1"))
        self.trust = context(files, "http/1.1")

    def connect(self):
        self.sock = self.trust.wrap_socket(socket.create_connection(("127.0.0.1", PORT), 20), server_hostname="dns.example")

    def ask(self, method, path, body=b"", kind=obliviouspeer.MEDIA_TYPE):
        self.request(method, path, body, {"Content-Type": kind, "Accept": kind} if body else {})
        answer = self.getresponse()
        return answer.status, answer.headers, answer.read()


def start(box, **more):
    files = Files(box)
    pair = files.issue()
    section = {"doh": [f"127.0.0.1:{PORT}"], "certificates": [{"chain": pair.chain, "key": pair.key}], "odoh": {"target": True}}
    return files, box.weir([box.upstream(ttl=77)], encrypted=section, **more)


def sealed(key, name, message=None):
    wire = question(name, number=0) if message is None else message
    return key.ask(wire, obliviouspeer.padding(len(wire), 128), os.urandom(32))


@loopback.test("configurations are published, a query is opened, and its answer is for who asked alone")
def answers(box):
    files, weir = start(box)
    https = Https(files)
    status, fields, body = https.ask("GET", CONFIGS)
    equal(status, 200)
    need("max-age=43200" in fields["cache-control"], fields)
    key = obliviouspeer.first_key(body)
    for number in range(20):
        asked = sealed(key, f"a{number}.example")
        status, fields, body = https.ask("POST", "/dns-query", asked.wire)
        equal((status, fields["content-type"]), (200, obliviouspeer.MEDIA_TYPE))
        need("no-store" in fields["cache-control"], fields)
        plain = asked.open_response(body)
        reply = read_reply(obliviouspeer.message_of(plain))
        equal((reply.id, reply.addresses), (0, ["192.0.2.1"]))
        equal((len(plain) - 4) % 468, 0)                           # padded
        need(b"example" not in body and b"example" not in asked.wire)
    wire = question("bare.example", number=0)
    asked = key.ask(wire, 0, os.urandom(32))                       # who does not pad is not padded for
    plain = asked.open_response(https.ask("POST", "/dns-query", asked.wire)[2])
    equal(len(plain), 4 + len(obliviouspeer.message_of(plain)))
    events = [e for e in weir.verb("log")["events"] if e["name"] == "a19.example."]
    equal([(e["transport"], e["client"].split(":")[0]) for e in events], [("doh", "127.0.0.1")])
    status, _, _ = https.ask("POST", "/dns-query", question("b.example", number=0), "application/dns-message")
    equal(status, 200)                                             # beside plain DoH


@loopback.test("two workers have the same keys; another key is told by 401, what does not open by 400")
def refuses(box):
    files, _weir = start(box, workers=2)
    keys = {Https(files).ask("GET", CONFIGS)[2] for _ in range(12)}
    equal(len(keys), 1)
    key = obliviouspeer.first_key(keys.pop())
    https = Https(files)
    other = obliviouspeer.Key(os.urandom(32))
    for wire, want in ((sealed(other, "a.example").wire, 401), (sealed(key, "a.example").wire[:-1] + b"\0", 400), (b"nonsense", 400),
                       (sealed(key, "", b"short").wire, 400), (sealed(key, "a.example").wire, 200)):
        equal(https.ask("POST", "/dns-query", wire)[0], want, wire[:40])
    equal(https.ask("GET", "/dns-query?dns=")[0], 400)
    equal(https.ask("POST", CONFIGS, b"x")[0], 405)


@loopback.test("a flood of what does not open ends its connection, and others are served")
def flood(box):
    files, _weir = start(box)
    good, bad = Https(files), Https(files)
    key = obliviouspeer.first_key(good.ask("GET", CONFIGS)[2])
    broken = sealed(key, "a.example").wire[:-1] + b"\0"
    seen = []

    def pour():
        try:
            while len(seen) < 500 and bad.ask("POST", "/dns-query", broken)[0] == 400:
                seen.append(400)
                bad.auto_open = 0
        except (OSError, http.client.HTTPException):
            pass
    # In a thread of its own: OpenSSL keeps errors by thread, and Python 3.13 takes what is left of one connection's for another's.
    thread = threading.Thread(target=pour)
    thread.start()
    thread.join()
    equal(len(seen), 64)
    equal(good.ask("POST", "/dns-query", sealed(key, "b.example").wire)[0], 200)


@loopback.test("without the key of the configuration nothing of it is there")
def off(box):
    files = Files(box)
    pair = files.issue()
    box.weir([box.upstream()], encrypted={"doh": [f"127.0.0.1:{PORT}"], "certificates": [{"chain": pair.chain, "key": pair.key}]})
    https = Https(files)
    equal(https.ask("GET", CONFIGS)[0], 404)
    equal(https.ask("POST", "/dns-query", sealed(obliviouspeer.Key(os.urandom(32)), "a.example").wire)[0], 415)


loopback.main()
