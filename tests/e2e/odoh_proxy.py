#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir as an oblivious proxy (RFC 9230): a client of this process, one weir that carries, another one that answers; and targets that are none."""
import http.client
import http.server
import os
import socket
import sys
import threading
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lab"))

import h2raw                                                                        # noqa: E402
import loopback                                                                     # noqa: E402
import obliviouspeer                                                                # noqa: E402
from encrypted import Files, HttpsServer, context, gateway, identity                # noqa: E402
from loopback import equal, need, question, read_reply, until                              # noqa: E402

PROXY, TARGET, CLIENT = ("127.0.0.1", 4431), ("127.0.0.2", 4430), "127.0.0.9"
CONFIGS = "/.well-known/odohconfigs"


class Https(http.client.HTTPSConnection):
    """From the client's address to the proxy's."""

    def __init__(self, files, source=CLIENT):
        self.trust, self.source = context(files, "http/1.1"), source
        super().__init__("proxy.example", PROXY[1], timeout=30, context=self.trust)

    def connect(self):
        plain = socket.create_connection(PROXY, 30, (self.source, 0))
        self.sock = self.trust.wrap_socket(plain, server_hostname="proxy.example")

    def ask(self, method, host, path, body=b"", kind=obliviouspeer.MEDIA_TYPE):
        where = "/proxy?" + urllib.parse.urlencode({"targethost": host, "targetpath": path})
        self.request(method, where, body, {"Content-Type": kind, "Cookie": "a=b", "X-Who": "lamp"} if body else {})
        answer = self.getresponse()
        return answer.status, answer.headers, answer.read()


def sealed(key, name):
    wire = question(name, number=0)
    return key.ask(wire, obliviouspeer.padding(len(wire), 128), os.urandom(32))


def proxy(box, files, pin, where=TARGET):
    url = f"https://target.example:{where[1]}/dns-query#addr={where[0]}&pin=sha256/{pin}"
    return gateway(box, identity(files, "proxy", PROXY[0]), "127.0.0.1:5300", PROXY, targets=[url])


NAME = f"target.example:{TARGET[1]}"


@loopback.test("three machines: the proxy has no name of a query, the target no address of a client")
def three(box):
    files = Files(box)
    pair = identity(files, "target", TARGET[0])
    target = gateway(box, pair, "127.0.0.2:5300", TARGET, target=True)
    carrier = proxy(box, files, pair.pin)
    https = Https(files)
    status, _, body = https.ask("GET", NAME, CONFIGS)
    equal(status, 200)
    key = obliviouspeer.first_key(body)
    for number in range(10):
        asked = sealed(key, f"secret{number}.example")
        status, fields, body = https.ask("POST", NAME, "/dns-query", asked.wire)
        equal((status, fields["content-type"]), (200, obliviouspeer.MEDIA_TYPE))
        equal(read_reply(obliviouspeer.message_of(asked.open_response(body))).addresses, ["192.0.2.1"])
    events = [e for e in target.verb("log")["events"] if e["name"].startswith("secret")]
    equal(len(events), 10)
    need(all(e["client"].split(":")[0] == PROXY[0] for e in events), events)
    need("secret" not in str(carrier.verb("log")) and "secret" not in carrier.log())
    equal(https.ask("POST", NAME, "/dns-query", sealed(obliviouspeer.Key(os.urandom(32)), "a.example").wire)[0], 401)
    equal(https.ask("POST", NAME, "/dns-query", b"nonsense")[0], 400)


@loopback.test("who is not on the list is not carried to; this host is never on it")
def listed(box):
    files = Files(box)
    pair = identity(files, "proxy", PROXY[0])
    url = f"https://proxy.example:{PROXY[1]}/dns-query#addr=127.0.0.9&pin=sha256/{pair.pin}"      # by its certificate; a listener's address is refused
    other = "https://other.example/q#addr=127.0.0.3"
    weir = gateway(box, pair, "127.0.0.1:5300", PROXY, targets=[url, other], target=True)
    need("must not be one" in weir.log(), weir.log())
    https = Https(files)
    for host, path, want in ((f"proxy.example:{PROXY[1]}", "/dns-query", 403), ("localhost", "/dns-query", 403), ("other.example", "/x", 403),
                             ("", "/x", 400), ("a b", "/x", 403)):
        equal(https.ask("POST", host, path, b"x")[0], want, host)
    equal(https.ask("GET", "nobody.example", CONFIGS)[0], 403)


class Target(HttpsServer):
    """An HTTPS server that keeps the head of each request and answers octets."""

    def __init__(self, pair, status=200, where=TARGET):
        heads, peers = self.heads, self.peers = [], []
        self.arrived, self.go = threading.Event(), threading.Event()
        arrived, go = self.arrived, self.go
        go.set()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                heads.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                peers.append(self.client_address)
                self.rfile.read(int(self.headers["content-length"]))
                arrived.set()
                go.wait(30)
                self.send_response(status)
                self.send_header("Content-Type", obliviouspeer.MEDIA_TYPE)
                self.send_header("Set-Cookie", "who=you")
                self.send_header("Content-Length", "6")
                self.end_headers()
                self.wfile.write(b"octets")

            def log_message(self, *_):
                pass

        super().__init__(where, pair, Handler)
        self.server.handle_error = lambda *_: None  # who asked has gone


@loopback.test("what leaves the proxy says nothing of the client; what comes back is the body and the status")
def nothing(box):
    files = Files(box)
    pair = identity(files, "target", TARGET[0])
    target = Target(pair)
    box.things.append(target)
    proxy(box, files, pair.pin)
    status, fields, body = Https(files).ask("POST", NAME, "/dns-query", b"sealed")
    equal((status, body), (200, b"octets"))
    need("set-cookie" not in fields, fields)
    (path, head), = target.heads
    equal(path, "/dns-query")
    equal(sorted(head), ["accept", "content-length", "content-type", "host"], head)
    equal(head["host"], NAME)


@loopback.test("a reload that leaves the targets as they are: what is out comes back, over the connection that was there; other targets end it")
def reloaded(box):
    files = Files(box)
    pair = identity(files, "target", TARGET[0])
    target = Target(pair)
    box.things.append(target)
    own = identity(files, "proxy", PROXY[0])
    url = f"https://target.example:{TARGET[1]}/dns-query#addr={TARGET[0]}&pin=sha256/{pair.pin}"
    section = {"doh": [f"{PROXY[0]}:{PROXY[1]}"], "certificates": [{"chain": own.chain, "key": own.key}], "odoh": {"targets": [url]}}
    weir = box.weir([box.upstream()], encrypted=section, listen=["127.0.0.1:5300"], workers=1)
    https, said = Https(files), []
    equal(https.ask("POST", NAME, "/dns-query", b"sealed")[0], 200)
    for changed in (section, {**section, "doh_path": "/other"}, {**section, "odoh": {"targets": [url, url.replace("dns-query#", "more#")]}}):
        target.arrived.clear()
        target.go.clear()
        asks = threading.Thread(target=lambda: said.append(https.ask("POST", NAME, "/dns-query", b"sealed")[0]))
        asks.start()
        need(target.arrived.wait(30), "the load did not come")
        weir.configure(box.settings([box.upstream()], encrypted=changed, listen=["127.0.0.1:5300"], workers=1))
        weir.verb("reload")
        target.go.set()
        asks.join(30)
    equal(said, [200, 200, 502])
    equal(len(set(target.peers)), 1, target.peers)
    equal(https.ask("POST", NAME, "/more", b"sealed")[0], 200)
    equal(len(set(target.peers)), 2, target.peers)


@loopback.test("a target that is not who it should be, or not there, is a 502 and nothing is sent to it")
def stranger(box):
    files = Files(box)
    pair, other = identity(files, "target", TARGET[0]), identity(files, "other", TARGET[0])
    proxy(box, files, pair.pin)
    equal(Https(files).ask("POST", NAME, "/dns-query", b"sealed")[0], 502)
    target = Target(other)
    box.things.append(target)
    https = Https(files)
    for _ in range(3):
        equal(https.ask("POST", NAME, "/dns-query", b"sealed")[0], 502)
    equal(target.heads, [])


@loopback.test("a target that accepts and never speaks is a 504, and the next connection is another one")
def silent(box):
    files = Files(box)
    pair = identity(files, "target", TARGET[0])
    proxy(box, files, pair.pin)
    https = Https(files)
    with socket.create_server(TARGET) as mute:
        mute.settimeout(20)
        equal(https.ask("POST", NAME, "/dns-query", b"sealed")[0], 504)
        mute.accept()[0].close()
    target = Target(pair)
    box.things.append(target)
    equal(https.ask("POST", NAME, "/dns-query", b"sealed")[0], 200)


@loopback.test("one client whose target is mute has its share of what is carried, and the others theirs; what connections hold is in the budget")
def greedy(box):
    files = Files(box)
    pair = identity(files, "target", TARGET[0])
    good = ("127.0.0.3", 4430)
    target = Target(pair, where=good)
    box.things.append(target)
    urls = [f"https://target.example:{port}/dns-query#addr={addr}&pin=sha256/{pair.pin}" for addr, port in ((TARGET[0], 4429), good)]
    weir = gateway(box, identity(files, "proxy", PROXY[0]), "127.0.0.1:5300", PROXY, targets=urls)
    trust = context(files)
    trust.check_hostname = False
    path = "/proxy?" + urllib.parse.urlencode({"targethost": "target.example:4429", "targetpath": "/dns-query"})
    head = b"\x83\x87\x01" + h2raw.string(b"proxy.example") + b"\x04" + h2raw.string(path.encode())
    head += h2raw.literal(b"content-type", obliviouspeer.MEDIA_TYPE.encode()) + h2raw.literal(b"content-length", b"6")
    with socket.create_server((TARGET[0], 4429)):
        hogs = []
        for _ in range(3):
            hogs.append(h2raw.Raw(PROXY[1], trust, source=CLIENT))
            for i in range(60):
                hogs[-1].send(h2raw.frame(h2raw.HEADERS, 4, 2 * i + 1, head) + h2raw.frame(h2raw.DATA, 1, 2 * i + 1, b"sealed"))
        refused = 0
        while refused < 40:     # of the last sixty: all has been looked at
            refused += hogs[-1].read()[0] == h2raw.HEADERS
        fair, again = Https(files, "127.0.0.8"), Https(files, CLIENT)
        status, _, body = fair.ask("POST", NAME, "/dns-query", b"sealed")
        equal((status, body), (200, b"octets"))
        equal(again.ask("POST", NAME, "/dns-query", b"sealed")[0], 429)
        for one in [*hogs, fair, again]:
            one.close()
        until("the clients have gone", lambda: weir.verb("stats")["counters"]["gauge_tcp_clients"] == 0)
        used = weir.verb("status")["encrypted"]["memory_used_bytes"]
        need(used > 40000, used)     # the connections to targets


loopback.main()
