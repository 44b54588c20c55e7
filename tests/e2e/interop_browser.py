#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Chromium in secure mode asks weir by DNS over HTTPS, as its managed policy says, and nobody else.

The browser is fetched when it is not there (tools/peers.sh, into build/browser-peers): a minute or two, once."""

import contextlib
import http.server
import threading

import e2e
from e2e import equal, need
from lab import askers, secure, world

import browser  # of the lab; only this test needs it

HOST = "dns.home.example"
PAGE = b"<html><body><script>document.write('made ' + 6 * 7)</script></body></html>"
V4, V6, DEVICES = world.SEGMENTS["br-home"]


@contextlib.contextmanager
def site(node, address):
    """A page at port 80 of this machine; gives the Host headers of those who came."""
    came = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            came.append(self.headers["Host"])
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, *_):
            pass

    with node.inside():
        server = http.server.ThreadingHTTPServer((address, 80), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield came
    finally:
        server.shutdown()
        server.server_close()


@e2e.test("Chromium opens a page whose name only weir knows, by DoH alone; with another authority it resolves nothing")
def chromium(lab):
    ca = secure.authority()
    mine = ca.issue("weir", [HOST], [V4, V6])
    lab.start_gateway({"encrypted": {"doh": [V4], "certificates": [{"chain": mine.chain, "key": mine.key}]},
                       "local": {"zones": [{"zone": "home.example", "records": [f"page A {DEVICES['laptop'][0]}"]}]}})
    where = askers.Server(V4, HOST, ca.path)
    with site(lab.nodes["laptop"], DEVICES["laptop"][0]) as came, lab.capture("eth0", "phone") as wire:
        text, said = browser.page(lab.nodes["phone"], where, "http://page.home.example/")
        need(text and "made 42" in text, said[-400:])
        need("page.home.example" in came, came)
        plain = [m for m in wire.queries() if "page.home" in m.name]
        equal(plain, [], "asked in plain")
        need(any(p.target_port == 443 and p.target == V4 for p in wire.packets), "no packet went to weir's DoH listener")
        where.ca = secure.authority("stranger").path
        text, said = browser.page(lab.nodes["phone"], where, "http://page.home.example/")
        need("made 42" not in (text or "") and "ERR_NAME_NOT_RESOLVED" in said, f"{text} {said[-400:]}")


e2e.main(fetch=browser.fetch)
