#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lists of names with the real binary: read, swapped while weir is asked, kept, fetched over HTTPS; bad ones change nothing."""
import calendar
import http.server
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import loopback
from loopback import equal, need, until

sys.path.insert(0, os.path.join(loopback.TOP, "lab"))
import certs
import shim

PLAIN = os.environ.get("WEIR_PLAIN", os.path.join(loopback.TOP, "build", "main", "src", "weir"))

HOST, PORT = "lists.example", 8443


def put(path, text):
    """As a program that updates a list should: whole, at once."""
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.replace(path + ".new", path)


def feed(weir, name="ads"):
    return next(f for f in weir.verb("feeds") if f["name"] == name)


def has(weir, name="ads", **values):
    """Waits until the report of the feed has these values; a text is looked for in its value."""
    def look():
        seen = feed(weir, name)
        return all(v in (seen.get(k) or "") if isinstance(v, str) else seen.get(k) == v for k, v in values.items()) and seen
    return until(f"{name} {values}", look)


def serve(box, feeds, start=True, **more):
    """`feeds` of the configuration, from files in weir's folder. What is kept lies there as well."""
    weir = box.weir(start=False)
    for f in feeds:
        f["from"] = os.path.join(weir.folder, f["from"])
    weir.settings = box.settings([box.upstream()], user="", feeds=feeds, feed_folder=weir.folder, **more)
    weir.configure(weir.settings)
    return weir.start() if start else weir


class Lists:
    """An HTTPS server of lists on the loopback. `pages`: path -> (status, fields, body)."""

    def __init__(self, box, identity, pages):
        self.pages, self.asked, self.held = pages, [], {}    # held: path -> event that is waited for before the body
        lists = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):    # pylint: disable=invalid-name
                lists.asked.append((self.path, dict(self.headers)))
                status, fields, body = lists.pages[self.path]
                if fields.get("ETag") and self.headers.get("If-None-Match") == fields["ETag"]:
                    status, body = 304, b""
                self.send_response(status)
                for field in fields.items():
                    self.send_header(*field)
                if "Transfer-Encoding" not in fields and "Content-Length" not in fields:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.path in lists.held:
                    lists.held[self.path].wait(loopback.PATIENCE_S)
                try:
                    self.wfile.write(body)
                except OSError:
                    pass    # it was cut off, as it should

            def log_message(self, *_):    # pylint: disable=arguments-differ
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity.chain, identity.key)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        box.things.append(self)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Folder:
    def __init__(self, box):
        self.path = tempfile.mkdtemp(prefix="weir-lists-")
        box.things.append(self)

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)


def authority(box):
    return certs.Authority(Folder(box).path)


# The name is a local one, so that it costs no question.
ZONE = {"zones": [{"zone": HOST, "records": ["@ A 127.0.0.1"]}]}


def fetching(box, ca, path="/list", start=True, program=None, **more):
    weir = box.weir(start=False, program=program)
    upstream = box.settings([box.upstream()])["upstream"]
    weir.settings = {"workers": 1, "user": "", "local": ZONE, "upstream": dict(upstream, ca_file=ca.path), "feed_folder": weir.folder,
                     "feeds": [{"name": "ads", "from": f"https://{HOST}:{PORT}{path}", **more}]}
    weir.configure(weir.settings)
    return weir.start() if start else weir


@loopback.test("a list is read at the start, followed, and a bad one keeps the last good; what is kept serves a start without the text")
def files(box):
    weir = serve(box, [{"name": "ads", "from": "ads.txt"}], start=False)
    path = weir.settings["feeds"][0]["from"]
    put(path, "# a list\n0.0.0.0 ads.example\n||zone.example^\nbad/line\n*.co.uk\n192.0.2.0/24\n")
    weir.start()
    seen = feed(weir)
    equal((seen["state"], seen["names"], seen["addresses"], seen["bad"], seen["not_for_dns"]), ("live", 2, 1, 1, 1))
    equal([(a["line"], a["bad"]) for a in seen["set_aside"]], [(4, True), (5, False)])
    put(path, "0.0.0.0 other.example\n")
    has(weir, names=1, state="live")
    put(path, "<!DOCTYPE html>\n<html><body>Not found</body></html>\n")
    weir.verb("feeds_look", name="ads")    # at once, and not when it was the same for a second
    equal(has(weir, state="old", problem="page")["names"], 1)
    put(path, "")
    weir.verb("feeds_look", name="ads")
    has(weir, problem="empty")
    with open(path, "wb") as f:
        f.write(os.urandom(100000))
    weir.verb("feeds_look", name="ads")
    has(weir, state="old", problem="")
    equal(weir.verb("status")["feeds"]["failing"], 1)
    weir.stop()
    os.unlink(path)
    weir.start()
    equal(has(weir, state="old", problem="No such file")["names"], 1)
    put(path, "a.example\nb.example\n")
    weir.verb("feeds_look", name="ads")
    has(weir, state="live", names=2, problem="")
    need("feed ads" in weir.log(), weir.log())


def denied(weir, name, words):
    """NXDOMAIN, and an extended error that says these words."""
    reply = weir.ask(name, edns=True)
    equal((reply.rcode, reply.ede, reply.text, reply.addresses), (3, 15, words, []), name)


def passes(weir, name, *addresses):
    reply = weir.ask(name, edns=True)
    equal((reply.rcode, reply.addresses), (0, list(addresses) or ["192.0.2.1"]), name)


@loopback.test("what is listed is denied, with feed and line: by a verdict of the feed, by a rule, as an alias, by an address; what is allowed passes")
def denies(box):
    weir = serve(box, [{"name": "ads", "from": "ads.txt", "verdict": "nxdomain"}, {"name": "bad", "from": "bad.txt"}], start=False,
                 policy={"rules": [{"name": "mine", "domains": ["ok.ads.example"], "verdict": "allow"},
                                   {"name": "no-bad", "feeds": ["bad"], "verdict": "refused"}]},
                 local={"zones": [{"zone": "local.example", "records": [
                     "alias CNAME x.ads.example.", "far A 198.51.100.7", "near A 192.0.2.7", "listed A 192.0.2.8"]}]})
    put(weir.settings["feeds"][0]["from"], "# a list\n||ads.example^\n@@||fine.ads.example^\n0.0.0.0 listed.local.example\n")
    put(weir.settings["feeds"][1]["from"], "198.51.100.0/24\nmalware.example\n")
    weir.start()
    denied(weir, "ads.example", "feed ads line 2")
    denied(weir, "x.ADS.example", "feed ads line 2")
    denied(weir, "listed.local.example", "feed ads line 4")
    equal(weir.verb("why", name="x.ads.example")["feeds"], [{"feed": "ads", "line": 2, "listed": True}])
    equal(weir.verb("why", name="fine.ads.example")["feeds"], [{"feed": "ads", "line": 3, "listed": False}])
    equal(weir.verb("why", name="good.example")["feeds"], [])
    why = weir.verb("why", name="x.ads.example", client="127.0.0.1")["policy"]
    equal((why["verdict"], why["by"], why["reason"]), ("nxdomain", "rule", "feed ads line 2"))
    age_s = time.time() - calendar.timegm(time.strptime(why["since"], "%Y-%m-%dT%H:%M:%SZ"))
    need(-1 <= age_s < 600, why)
    denied(weir, "alias.local.example", "feed ads line 2")
    passes(weir, "fine.ads.example")
    passes(weir, "x.ok.ads.example")
    passes(weir, "example.net")
    passes(weir, "near.local.example", "192.0.2.7")
    for name, words in (("malware.example", "rule no-bad, feed bad line 2"), ("far.local.example", "rule no-bad, feed bad line 1")):
        reply = weir.ask(name, edns=True)
        equal((reply.rcode, reply.ede, reply.text), (5, 15, words))
    passes(weir, "x.malware.example")
    # What the cache has is denied as soon as a list says so, and passes again when it does not.
    passes(weir, "later.example")
    put(weir.settings["feeds"][1]["from"], "later.example\n")
    until("denied", lambda: weir.ask("later.example").rcode == 5)
    passes(weir, "malware.example")
    equal(weir.verb("status")["feeds"]["swaps"] >= 1, True)


@loopback.test("a list is swapped again and again while weir is asked: each question is answered, by the old list or the new one")
def swapped(box):
    weir = serve(box, [{"name": "ads", "from": "ads.txt", "verdict": "nxdomain"}], start=False,
                 limits={"client_rate": 0, "rrl_rate": 0, "client_inflight": 100000})
    path = weir.settings["feeds"][0]["from"]
    filler = "".join(f"0.0.0.0 h{i}.filler.example\n" for i in range(20000))
    put(path, "0.0.0.0 always.example\n" + filler)
    weir.start()
    wrong, asked, over = [], [0], threading.Event()

    def ask():
        while not over.is_set():
            for name, rcode in (("always.example", 3), ("never.example", 0)):
                reply = weir.ask(name)
                asked[0] += 1
                if reply.rcode != rcode:
                    wrong.append((name, reply.rcode))
    threads = [threading.Thread(target=ask) for _ in range(2)]
    for t in threads:
        t.start()
    try:
        for turn in range(3):
            put(path, f"0.0.0.0 turn{turn}.example\n0.0.0.0 always.example\n{filler}")
            weir.verb("feeds_look", name="ads")
            until(f"list {turn}", lambda: weir.ask(f"turn{turn}.example").rcode == 3)    # pylint: disable=cell-var-from-loop
    finally:
        over.set()
        for t in threads:
            t.join()
    equal(wrong, [])
    need(asked[0] > 100, asked)


@loopback.test("a reload brings, changes and takes feeds; mistakes are told with their place")
def reloads(box):
    weir = serve(box, [{"name": "ads", "from": "ads.txt"}], start=False)
    put(weir.settings["feeds"][0]["from"], "0.0.0.0 ads.example\n")
    weir.start()
    more = os.path.join(weir.folder, "more.txt")
    put(more, "a.example\nb.example\n")
    weir.settings["feeds"].append({"name": "more", "from": more})
    weir.configure(weir.settings)
    weir.verb("reload")
    until("two", lambda: len(weir.verb("feeds")) == 2)
    has(weir, "more", names=2)
    del weir.settings["feeds"][0]
    weir.configure(weir.settings)
    weir.verb("reload")
    until("one", lambda: [f["name"] for f in weir.verb("feeds")] == ["more"])
    weir.write('feeds: [{name: a, from: /x}, {name: A, from: "http://x/"}]\n')
    done = subprocess.run([box.program, "check", weir.config], capture_output=True, text=True, check=False)
    equal(done.returncode, 1)
    for text in ("another feed has this name", "or an https:// URL"):
        need(text in done.stdout + done.stderr, done.stdout + done.stderr)


@loopback.test("a list is fetched over HTTPS by an address that weir finds; what has not changed is not sent again")
def fetched(box):
    ca = authority(box)
    pages = {"/list": (200, {"ETag": '"one"'}, b"ads.example\n||zone.example^\n"), "/moved": (302, {"Location": "/list"}, b"")}
    lists = Lists(box, ca.issue("good", [HOST]), pages)
    weir = fetching(box, ca)
    seen = has(weir, state="live", names=2)
    equal(seen["from"], f"https://{HOST}:{PORT}/list")
    equal(len(lists.asked), 1)
    need("If-None-Match" not in lists.asked[0][1] and "Cookie" not in lists.asked[0][1], lists.asked)
    # Another start: nothing is asked before its time has come.
    weir.stop()
    weir.start()
    equal(has(weir, state="live", names=2)["checked_ago_s"], None)
    equal(len(lists.asked), 1)
    # By another way to the same, so it is asked anew, and by a redirect.
    weir.settings["feeds"][0]["from"] = f"https://{HOST}:{PORT}/moved"
    weir.configure(weir.settings)
    weir.verb("reload")
    until("asked", lambda: [a[0] for a in lists.asked] == ["/list", "/moved", "/list"])
    until("checked", lambda: feed(weir)["checked_ago_s"] is not None)
    # The same version: one question, no text.
    weir.verb("feeds_look", name="ads")
    until("asked with its tag", lambda: lists.asked[-1][1].get("If-None-Match") == '"one"')
    until("checked", lambda: feed(weir)["checked_ago_s"] == 0 and feed(weir)["state"] == "live")
    # Another one.
    pages["/list"] = (200, {"ETag": '"two"'}, b"ads.example\nb.example\nc.example\n")
    weir.verb("feeds_look", name="ads")
    has(weir, state="live", names=3)
    equal(weir.refusal('{"verb": "feeds_look", "args": {"name": "none"}}')["code"], "feed")


@loopback.test("who cannot prove its name, an error page, a list without end: none is taken, one that dribbles holds up no other, and the last good one stays")
def strangers(box):
    ca, other = authority(box), authority(box)
    good = ca.issue("good", [HOST])
    pages = {"/list": (200, {}, b"ads.example\n"), "/page": (200, {}, b"<html>Welcome to this hotel</html>"),
             "/gone": (404, {}, b"ads.example\n"), "/big": (200, {}, b"h.example\n" * 20000),
             "/cut": (200, {"Content-Length": "100"}, b"ads.example\nb.example\n"),
             "/plain": (302, {"Location": "http://lists.example/list"}, b""),
             "/round": (302, {"Location": "/round"}, b""), "/slow": (200, {}, b"slow.example\n")}
    lists = Lists(box, good, pages)
    lists.held["/slow"] = threading.Event()
    rows = {"slow": ("/slow", {}, ""), "page": ("/page", {}, "page"), "gone": ("/gone", {}, "404"), "big": ("/big", {"max_size": "16KiB"}, "max_size"),
            "cut": ("/cut", {}, ""), "plain": ("/plain", {}, "no https URL"), "round": ("/round", {}, "again and again"),
            "pinned": ("/list", {"pins": ["sha256/" + "A" * 43 + "="]}, ""), "ads": ("/list", {}, "")}
    weir = fetching(box, ca, start=False)
    weir.settings["feeds"] = [{"name": name, "from": f"https://{HOST}:{PORT}{path}", **words} for name, (path, words, _) in rows.items()]
    weir.configure(weir.settings)
    weir.start()
    has(weir, state="live", names=1)
    for name, (_, _, problem) in rows.items():
        if name not in ("ads", "slow"):
            need(until(f"{name}: told", lambda: feed(weir, name)["problem"] and feed(weir, name))["state"] == "missing")    # pylint: disable=cell-var-from-loop
            has(weir, name, problem=problem)
    need(any(path == "/slow" for path, _ in lists.asked) and feed(weir, "slow")["problem"] is None, lists.asked)
    lists.held["/slow"].set()
    has(weir, "slow", state="live", names=1)
    weir.stop()
    weir = fetching(box, other)
    has(weir, state="missing", problem="certificate")
    equal(weir.ask("a.example").addresses, ["192.0.2.1"])
    # A key that is known needs no authority.
    weir.settings["feeds"][0]["pins"] = ["sha256/" + certs.pin_of(good.chain)]
    weir.configure(weir.settings)
    weir.verb("reload")
    has(weir, state="live", names=1)
    # The last good one stays.
    lists.pages["/list"] = (500, {}, b"")
    weir.settings["feeds"][0]["refresh"] = "5m"
    weir.settings["feeds"][0]["subdomains"] = True
    weir.configure(weir.settings)
    weir.verb("reload")
    equal(has(weir, state="old", problem="500")["names"], 1)


# By minisign 0.11 (Debian 12) over one text: the second says that it was made a hundred seconds before.
SIGNED_LIST = b"0.0.0.0 ads.example\n||zone.example^\n"
SIGNER = "RWSLL1PfVzlOLH0MhSABM/cXyLJUes30CMUswC7j5IBi7CopA6o8fdH/"
NEWER = b"""untrusted comment: signature from minisign secret key
RWSLL1PfVzlOLEHPwmQpwd1JZqxHZneRTfqM/WhlRzX03XOaEyFd5OtFnfe2IlaM6vwjwrgk3MapbtgsZC2kaOH0lkL0lxMezwA=
trusted comment: timestamp:1700000100	file:list.txt
Uj6Ltxmf9jKkhX39mIonP9y9DOYLjsF6j9kGEy0+/k9COF3nenVsxU+noOWN1TJAh4wlLmOx1FxkHjG4I2B1Dw==
"""
OLDER = b"""untrusted comment: signature from minisign secret key
RUSLL1PfVzlOLAuhPf5mxOSaZ01RrPgo36NI58ob2nzx6pHzTpxXzpK7+633hOFSr3x9Rfg/4DkNL7QskJEQZJhDjyGIZ7ZPCgU=
trusted comment: timestamp:1700000000	file:list.txt	hashed
E9xPfqba31QBLq19HuCc+bKy02SPmEOffXZw2BSB1CKS8A1LUMUQ2eXUydlUvKlhVptpJITvr/cOoYCs4iXLAg==
"""


@loopback.test("a list that has to be signed: changed, without its signature, or an old one given out again, it is not taken")
def signed(box):
    ca = authority(box)
    pages = {"/list": (200, {}, SIGNED_LIST), "/list.minisig": (200, {}, NEWER)}
    lists = Lists(box, ca.issue("good", [HOST]), pages)
    weir = fetching(box, ca, keys=[SIGNER])
    seen = has(weir, state="live", names=2)
    equal((seen["signed_by"], seen["signed_s"]), ("2C4E3957DF532F8B", 1700000100))
    equal([path for path, _ in lists.asked], ["/list.minisig", "/list"])
    bad = (({"/list": (200, {}, SIGNED_LIST + b"0.0.0.0 bank.example\n")}, "not of this text"), ({"/list.minisig": (404, {}, b"")}, "its signature: the server says 404"),
           ({"/list.minisig": (200, {}, b"a" * 20000)}, "its signature: "), ({"/list.minisig": (200, {}, NEWER[:100])}, "none of minisign"),
           ({"/list.minisig": (200, {}, OLDER)}, "an old one given out again"))
    for change, problem in bad:
        lists.pages = dict(pages, **change)
        weir.verb("feeds_look", name="ads")
        equal(has(weir, state="old", problem=problem)["signed_s"], 1700000100)
    need("the last good list stays" in weir.log(), weir.log())
    # Another list by the same key, which may be signed before: the owner has changed the URL.
    lists.pages = dict(pages, **{"/other": (200, {}, SIGNED_LIST), "/other.minisig": (200, {}, OLDER)})
    weir.settings["feeds"][0]["from"] = f"https://{HOST}:{PORT}/other"
    weir.configure(weir.settings)
    weir.verb("reload")
    until("the other list", lambda: has(weir, names=2)["signed_s"] == 1700000000)
    # By a file, and by the other key of two.
    path = os.path.join(weir.folder, "list.txt")
    put(path, SIGNED_LIST.decode())
    put(path + ".sig", OLDER.decode())
    other = "RWR6kAxLm9GpNpNrYD2Ll0x4IRqtqfKcY1djvO0VGVLBkyFxR6ldvO3P"
    weir.settings["feeds"] = [{"name": "here", "from": path, "signature": path + ".sig", "keys": [other, SIGNER]},
                              {"name": "theirs", "from": path, "signature": path + ".sig", "keys": [other]}]
    weir.configure(weir.settings)
    weir.verb("reload")
    until("there", lambda: len(weir.verb("feeds")) == 2)
    equal(has(weir, "here", state="live", names=2)["signed_s"], 1700000000)
    has(weir, "theirs", state="missing", problem="another key")


@loopback.test("a box that has lost the time fetches a list, by the floor; a certificate that ended before that is none")
def timeless(box):
    why_not = shim.why_not(PLAIN)
    if why_not:
        print(f"# {why_not}")
        return
    ca = authority(box)
    lists = Lists(box, ca.issue("good", [HOST]), {"/list": (200, {}, b"ads.example\n")})
    weir = fetching(box, ca, start=False, program=PLAIN)
    os.chmod(weir.folder, 0o777)
    clock = shim.Clock(weir.folder, 1000 - int(time.time()))
    weir.start(env=dict(os.environ, **clock.environment()))
    has(weir, state="live", names=1)
    need(not weir.verb("status")["wall_proven"])
    lists.close()
    box.things.remove(lists)
    Lists(box, ca.issue("old", [HOST], days=(-3000, -2900)), {"/list": (200, {}, b"ads.example\nb.example\n")})
    weir.verb("feeds_look", name="ads")
    equal(has(weir, state="old", problem="expired")["names"], 1)


@loopback.test("the server's name is asked of the owner's upstream, and of nobody else")
def found(box):
    ca = authority(box)
    Lists(box, ca.issue("good", [HOST]), {"/list": (200, {}, b"ads.example\n")})
    weir = fetching(box, ca, start=False)
    up = box.upstream(answer="127.0.0.1")
    weir.settings["upstream"]["groups"] = [{"name": "all", "servers": [up.url]}]
    del weir.settings["local"]
    weir.configure(weir.settings)
    weir.start()
    has(weir, state="live", names=1)
    need(up.names[loopback.wire_name(HOST)] > 0, up.names)


loopback.main()
