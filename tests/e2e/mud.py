#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir mud: profiles of devices (RFC 8520), from the file to what a device gets."""

import atexit
import http.server
import json
import os
import re
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

NXDOMAIN = 3

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


class House:
    """A daemon with two devices, known by their addresses, and a folder for profiles and files."""

    def __init__(self, box, settings=None, ca_file="/etc/ssl/certs/ca-certificates.crt", **more):
        subprocess.run(["ip", "route", "replace", "local", "10.9.0.0/24", "dev", "lo"], check=True)    # whose addresses are all here
        self.top = tempfile.mkdtemp(prefix="weir-mud-")
        atexit.register(shutil.rmtree, self.top, ignore_errors=True)
        os.chmod(self.top, 0o777)
        devices = [{"name": "cam", "addresses": ["10.9.0.2"], "mac": ["02:00:00:00:00:02"]}, {"name": "bell", "addresses": ["10.9.0.3"]}]
        self.settings = box.settings([box.upstream()], devices=devices, allow=["127.0.0.0/8", "10.9.0.0/24"])
        self.settings.update(settings or {})
        self.settings["upstream"]["ca_file"] = ca_file
        log = {"path": os.path.join(self.top, "log"), "interval": "1s"}
        self.weir = box.weir(start=False, **self.settings, mud={"folder": self.top, **more}, log=log)
        self.start()

    def start(self):
        self.weir.start()
        self.weir.verb("mud")    # it is there
        return self

    def file(self, name, text):
        path = os.path.join(self.top, name)
        with open(path, "w" if isinstance(text, str) else "wb") as f:
            f.write(text)
        return path

    def mud(self, *words, status=0):
        done = weir_mud(*words, "--json", "--socket", self.weir.control)
        equal(done.returncode, status, done.stderr)
        return json.loads(done.stdout) if status in (0, 3) and done.stdout else done.stderr

    def rcode(self, name, source="10.9.0.2"):
        return self.weir.ask(name, source=source, edns=True).rcode

    def becomes(self, name, rcode, source="10.9.0.2"):
        until(f"{name} is {rcode} for {source}", lambda: self.rcode(name, source) == rcode)


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
        for words, why in ((("show",), "show takes DEVICE, or FILE"), (("list", "door"), "list takes nothing else"), (("diff", one), "diff takes DEVICE [FILE], or FILE FILE"),
                           (("import", "door", one, "--unsigned", "--shadow"), "--shadow is for enforce, not for import"),
                           (("--off",), "--off is for enforce, not for list"), (("show", one, "--to", two), "--to is for learn, not for show")):
            done = weir_mud(*words)
            need(done.returncode == 2 and why in done.stderr, done)
        bare = os.path.join(top, "weir.yaml")
        with open(bare, "w", encoding="utf-8"):
            pass
        done = weir_mud("learn", "door", "--config", bare)
        need(done.returncode == 1 and f"no log.path in {bare}" in done.stderr and "--config FILE" in done.stderr, done)


@loopback.test("a profile that is imported changes nothing; enforced, the device gets its names and no others, after kill -9 too, until it is not any more")
def enforced(box):
    house = House(box)
    path = house.file("cam.json", profile(ace("cloud.example", port=443), ace("*.cdn.example", port=443)))
    need("not signed" in house.mud("import", "cam", path, status=1))
    need("no device" in house.mud("import", "nobody", path, "--unsigned", status=1))
    seen = house.mud("import", "10.9.0.2", path, "--unsigned")
    equal((seen["state"], seen["leases"], seen["aces"], seen["not_enforceable"]), ("imported", False, 2, 0))    # no firewall: names are all that it would hold by
    equal(house.rcode("other.example"), 0)
    # In the shadow it is told, and refused to nobody.
    equal(house.mud("enforce", "cam", "--shadow")["state"], "shadow")

    def shadow():
        return {key: house.weir.verb("why", name="other.example", client="10.9.0.2")["policy"][key] for key in ("verdict", "shadow", "reason")}

    until("the shadow", lambda: shadow() == {"verdict": "nxdomain", "shadow": True, "reason": "not in the profile of this device (MUD)"})
    for _ in range(2):
        equal(house.rcode("other.example"), 0)
    equal(house.rcode("cloud.example"), 0)
    equal(house.rcode("other.example", source="10.9.0.3"), 0)
    seen = house.mud("enforce", "cam")
    equal((seen["state"], seen["addresses"]), ("enforced", "nothing is held back: its segment, if any, reaches anything"))
    house.becomes("other.example", NXDOMAIN)
    hits = house.mud("show", "10.9.0.2")     # and how often, by name
    equal((hits["would_refuse"] >= 2, hits["refused"] >= 1, [row["name"] for row in hits["hits"]]), (True, True, ["other.example."]), hits)
    for name, rcode in (("cloud.example", 0), ("x.cdn.example", 0), ("cdn.example", NXDOMAIN), ("www.cloud.example", NXDOMAIN)):
        equal((name, house.rcode(name)), (name, rcode))
    equal(house.rcode("other.example", source="10.9.0.3"), 0)
    reply = house.weir.ask("ads.example", source="10.9.0.2", edns=True)
    equal((reply.ede, reply.text), (15, "not in the profile of this device (MUD)"))
    house.weir.process.kill()
    house.weir.process.wait()
    house.start()
    equal((house.rcode("other.example"), house.rcode("cloud.example")), (NXDOMAIN, 0))
    # Another version, in force at once; and what is kept is what came.
    text = profile(ace("new.example", port=443))
    path = house.file("new.json", text)
    equal(len(house.mud("diff", "cam", path, status=3)["new"]), 1)
    equal(house.mud("import", "cam", path, "--unsigned")["state"], "enforced")
    house.becomes("cloud.example", NXDOMAIN)
    equal(house.rcode("new.example"), 0)
    equal(weir_mud("export", "cam", "--socket", house.weir.control).stdout, text)
    equal(house.mud("enforce", "cam", "--off")["state"], "imported")
    house.becomes("cloud.example", 0)
    house.mud("enforce", "cam")
    house.becomes("cloud.example", NXDOMAIN)
    equal(house.mud("remove", "cam"), {"removed": "cam", "remembered": True})
    house.becomes("cloud.example", 0)
    equal(house.mud("list")["profiles"], [])
    equal([f for f in os.listdir(house.top) if f.startswith("mud-") and f != "mud-profiles"], [])


@loopback.test("a file that is changed on the disk, or torn, is not believed: the daemon says so and serves")
def changed(box):
    house = House(box)
    house.mud("import", "cam", house.file("cam.json", profile(ace("cloud.example"))), "--unsigned")
    house.mud("enforce", "cam")
    house.becomes("other.example", NXDOMAIN)
    house.weir.stop()
    kept = [f for f in os.listdir(house.top) if f.startswith("mud-") and f.endswith(".json")]
    equal(len(kept), 1)
    house.file(kept[0], profile(ace("evil.example")))
    house.start()
    need("not what it was" in house.weir.log(), house.weir.log())
    house.becomes("other.example", 0)    # the segment's fail rule decides: here there is no segment
    equal(house.mud("list")["profiles"][0]["state"], "lost")
    for fail, rcode in (("closed", NXDOMAIN), ("open", 0), ("closed", NXDOMAIN)):
        house.weir.configure({**house.settings, "mud": {"folder": house.top}, "log": {"path": os.path.join(house.top, "log"), "interval": "1s"},
                              "segments": [{"name": "yard", "subnets": ["10.9.0.0/24"], "fail": fail}]})
        house.weir.verb("reload")
        house.becomes("other.example", rcode)
        equal(house.rcode("other.example", "10.9.0.3"), 0)
    need("import it again" in house.mud("enforce", "cam", status=1))
    house.weir.stop()
    with open(os.path.join(house.top, "mud-profiles"), encoding="utf-8") as f:
        listed = f.read()
    house.file("mud-profiles", listed.replace('"enforced"', '"enforce"'))
    house.start()
    need("1 entries of the list of profiles" in house.weir.log(), house.weir.log())


@loopback.test("a device that is called otherwise in the configuration keeps its profile, and who is called as it was gets none")
def called(box):
    house = House(box)
    house.mud("import", "cam", house.file("cam.json", profile(ace("cloud.example"))), "--unsigned")
    house.mud("enforce", "cam")
    house.becomes("other.example", NXDOMAIN)
    devices = [{"name": "eye", "addresses": ["10.9.0.2"], "mac": ["02:00:00:00:00:02"]}, {"name": "cam", "addresses": ["10.9.0.3"]}]
    house.weir.configure({**house.settings, "devices": devices[:1], "mud": {"folder": house.top}})
    house.weir.verb("reload")
    until("it is followed", lambda: house.mud("list")["profiles"][0]["device"] == "eye")
    equal((house.rcode("other.example"), house.rcode("cloud.example")), (NXDOMAIN, 0))
    house.weir.configure({**house.settings, "devices": devices, "mud": {"folder": house.top}})
    house.weir.verb("reload")
    until("there is another", lambda: "10.9.0.3" in json.dumps(house.weir.verb("devices")))
    equal((house.rcode("other.example"), house.rcode("other.example", "10.9.0.3")), (NXDOMAIN, 0))
    house.weir.stop()
    house.start()
    equal((house.rcode("other.example"), house.rcode("other.example", "10.9.0.3")), (NXDOMAIN, 0))
    # While weir is off: known by its MAC address, and another device may be called as it was.
    for names in (("lens", "cam"), ("eye", "lens")):
        house.weir.stop()
        house.weir.configure({**house.settings, "devices": [{**one, "name": name} for one, name in zip(devices, names)], "mud": {"folder": house.top}})
        house.start()
        until("it is followed", lambda: house.mud("list")["profiles"][0]["device"] == names[0])    # pylint: disable=cell-var-from-loop
        house.becomes("other.example", NXDOMAIN)
        equal(house.rcode("other.example", "10.9.0.3"), 0)
    need("holds for nobody" not in house.weir.log(), house.weir.log())
    # One that is known by its addresses alone: the owner is told, with what to do.
    house.mud("import", "lens", house.file("lens.json", profile(ace("lens.example"))), "--unsigned")
    house.mud("enforce", "lens")
    house.weir.stop()
    house.weir.configure({**house.settings, "devices": [devices[0], {**devices[1], "name": "stone"}], "mud": {"folder": house.top}})
    house.start()
    until("it is told", lambda: "the profile (MUD) of name:lens holds for nobody" in house.weir.log())
    house.mud("remove", "name:lens")
    equal([one["device"] for one in house.mud("list")["profiles"]], ["eye"])


def openssl(house, *words):
    subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=house.top)


def make_signer(house, name, days="30", usage="digitalSignature"):
    """A certificate of the root for who signs profiles."""
    openssl(house, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/O=Things/CN={name}")
    house.file(f"{name}.ext", f"keyUsage={usage}\n")
    openssl(house, "x509", "-req", "-in", f"{name}.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", days, "-extfile", f"{name}.ext", "-out", f"{name}.pem")


def make_root(house, name="root"):
    openssl(house, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}",
            "-days", "60", "-addext", "keyUsage=critical,keyCertSign")


@loopback.test("what a device asks for is learned, tried in the shadow, and what is new to it is told")
def learned(box):
    house = House(box)
    path = os.path.join(house.top, "learned.json")
    for name in ("a.ch.example.com", "b.ch.example.com", "time.example.net"):
        house.rcode(name)
    house.rcode("far.example.org", source="10.9.0.3")
    until("it is on disk", lambda: house.weir.verb("status")["log"]["written"] >= 4)
    told = house.mud("learn", "cam", "--config", house.weir.config, "--to", path)
    equal([row["approves"] for row in told["profile"]], ["*.ch.example.com", "time.example.net"], told)
    need(re.match(r"the device was seen for (1 minute|\d minutes): ", told["notes"][0]), told)
    done = weir_mud("learn", "cam", "--config", house.weir.config, "--to", path + "2")
    equal(done.stderr, f"weir mud: {path}2 is written; `weir mud import cam {path}2 --unsigned` gives it to the device\n")
    need("no query of tv" in house.mud("learn", "tv", "--config", house.weir.config, status=1), "nobody is called so")
    shown = house.mud("show", path)
    equal((shown["not_enforceable"], shown["enforceable"]), (0, 6), shown)
    equal(house.mud("drift", "cam", path, "--config", house.weir.config)["in_profile"], 3)
    house.mud("import", "cam", path, "--unsigned")
    shown = house.mud("show", "cam")
    equal(shown["profile"], "learned from 1 hour of queries by cam")    # not from the 30 days that were looked through
    need(list(shown).index("aces") > list(shown).index("enforceable"), list(shown))
    house.mud("enforce", "cam", "--shadow")
    until("the shadow", lambda: house.rcode("drop.example.org") == 0 and house.mud("show", "cam")["would_refuse"] > 0)
    equal(house.rcode("c.ch.example.com"), 0)
    until("that is, too", lambda: house.weir.verb("status")["log"]["written"] >= 6)
    told = house.mud("drift", "cam", "--config", house.weir.config, status=3)
    equal([row["name"] for row in told["new"]], ["drop.example.org"], told)


@loopback.test("signatures of openssl: good by the authorities, refused with the reason when the file, the signer or the time is another; what weir signs openssl takes")
def signed(box):
    house = House(box)
    for name in ("root", "stranger"):
        make_root(house, name)
    make_signer(house, "maker")
    make_signer(house, "gone", days="-1")
    make_signer(house, "server", usage="keyEncipherment")
    path = house.file("cam.json", profile(ace("cloud.example", port=443)))
    other = house.file("other.json", profile(ace("evil.example", port=443)))
    sig = os.path.join(house.top, "cam.p7s")

    def sign(name, file="cam.json"):
        openssl(house, "cms", "-sign", "-signer", f"{name}.pem", "-inkey", f"{name}.key", "-in", file, "-binary", "-outform", "DER", "-out", "cam.p7s")

    sign("maker")
    need("name authorities in mud.anchors" in house.mud("import", "cam", path, "--signature", sig, status=1))
    house.weir.stop()
    house.weir.configure({**house.settings, "mud": {"folder": house.top, "anchors": os.path.join(house.top, "root.pem")}})
    house.start()
    equal(house.mud("import", "cam", path, "--signature", sig)["signer"], "CN=maker,O=Things")
    need("not a signature over this file" in house.mud("import", "cam", other, "--signature", sig, status=1))
    for signer, says in (("gone", "has expired"), ("server", "is not for signing"), ("stranger", "is not for signing")):
        sign(signer)
        need(says in house.mud("import", "cam", path, "--signature", sig, status=1), signer)
    # What is kept, and its signature, are what openssl has signed.
    sign("maker")
    out = os.path.join(house.top, "out.p7s")
    text = weir_mud("export", "cam", "--socket", house.weir.control, "--signature", out).stdout
    equal(text, open(path, encoding="utf-8").read())
    written = weir_mud("export", path, "--cert", os.path.join(house.top, "maker.pem"), "--key", os.path.join(house.top, "maker.key"), "--signature", out)
    equal(written.returncode, 0, written.stderr)
    house.file("written.json", written.stdout)
    openssl(house, "cms", "-verify", "-in", "out.p7s", "-inform", "DER", "-content", "written.json", "-binary", "-CAfile", "root.pem", "-purpose", "any")


class Makers:
    """An HTTPS server on a public address (of the documentation's) with `pages`: path -> body, or where it leads."""

    def __init__(self, box, folder, names):
        subprocess.run(["ip", "route", "replace", "local", "203.0.113.0/24", "dev", "lo"], check=True)
        self.pages, self.asked, self.slow = {}, [], set()
        makers = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):    # pylint: disable=invalid-name
                makers.asked.append(self.path)
                body = makers.pages.get(self.path, b"")
                self.send_response(404 if not body else 302 if isinstance(body, str) else 200)
                if isinstance(body, str):
                    self.send_header("Location", body)
                    body = b""
                if self.path not in makers.slow:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    while self.path in makers.slow:
                        self.wfile.write(b" " * 4096)
                        time.sleep(1)
                    self.wfile.write(body)
                except OSError:
                    pass    # it was cut off, as it should

            def log_message(self, *_):    # pylint: disable=arguments-differ
                pass

        self.ca = certs.Authority(folder)
        identity = self.ca.issue("makers", names, addresses=["203.0.113.80"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity.chain, identity.key)
        self.server = http.server.ThreadingHTTPServer(("0.0.0.0", 8443), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        box.things.append(self)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


HOSTS = {"things.example": ["203.0.113.80"], "mixed.example": ["203.0.113.80", "10.9.0.7"]}


@loopback.test("from the URL that a device announces, when its owner says so: proven, signed, over redirects; never to an address of the network, nor without an end")
def fetched(box):
    folder = tempfile.mkdtemp(prefix="weir-makers-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    makers = Makers(box, folder, list(HOSTS))
    zones = [{"zone": host, "records": [f"@ A {a}" for a in addresses]} for host, addresses in HOSTS.items()]
    offers = os.path.join(folder, "offers")
    os.chmod(folder, 0o755)
    house = House(box, settings={"local": {"zones": zones}, "dns64": {"prefix": ["2001:db8:64::/96"]}}, ca_file=makers.ca.path, offers=offers, anchors=os.path.join(folder, "root.pem"))
    make_root(house)
    make_signer(house, "maker")
    shutil.copy(os.path.join(house.top, "root.pem"), folder)
    base = "https://203.0.113.80:8443"
    path = house.file("cam.json", profile(ace("cloud.example", port=443), **{"mud-signature": f"{base}/cam.p7s"}))
    openssl(house, "cms", "-sign", "-signer", "maker.pem", "-inkey", "maker.key", "-in", "cam.json", "-binary", "-outform", "DER", "-out", "cam.p7s")
    for name in ("cam.json", "cam.p7s"):
        with open(os.path.join(house.top, name), "rb") as f:
            makers.pages[f"/{name}"] = f.read()
    makers.pages.update({"/moved": f"{base}/cam.json", "/round": f"{base}/round", "/to-inside": "https://mixed.example:8443/cam.json", "/to-literal": "https://10.9.0.7:8443/cam.json",
                         "/plain": "http://things.example/cam.json", "/bare": profile(ace("bare.example")).encode(), "/long": b" " * (1 << 20) + b"{}", "/text": b"<html>",
                         "/lost-signature": profile(ace("x.example"), **{"mud-signature": f"{base}/nowhere"}).encode(), "/inner-signature": profile(ace("x.example"), **{"mud-signature": "https://10.9.0.7:8443/cam.p7s"}).encode()})

    def offer(url):
        house.file(offers, f"02:00:00:00:00:09 https://other.example/\n02:00:00:00:00:02 {url}\n")

    need("has not said where" in house.mud("import", "cam", status=1))
    offer(f"{base}/moved")
    equal(house.mud("list")["offered"], [{"device": "cam", "url": f"{base}/moved", "from": "file", "imported": False}])
    equal(makers.asked, [])    # it is shown, and nobody has allowed it yet
    seen = house.mud("import", "cam")
    equal((seen["signer"], seen["from"], seen["state"], seen["due"]), ("CN=maker,O=Things", f"{base}/moved", "imported", False))
    equal((makers.asked, house.mud("list")["offered"][0]["imported"]), (["/moved", "/cam.json", "/cam.p7s"], True))
    makers.asked.clear()
    for url, says in ((f"{base}/round", "without an end"), (f"{base}/to-inside", "has the address 10.9.0.7"), (f"{base}/to-literal", "has the address 10.9.0.7"),
                      (f"{base}/plain", "https"), (f"{base}/gone", "the server says 404"), (f"{base}/long", "larger than"), (f"{base}/text", "line 1, column 1"),
                      (f"{base}/bare", "is not signed"), (f"{base}/lost-signature", "its signature: the server says 404"), (f"{base}/inner-signature", "has the address 10.9.0.7"),
                      ("https://mixed.example:8443/cam.json", "has the address 10.9.0.7"),
                      ("https://[2001:db8:64::a09:7]:8443/cam.json", "has the address 2001:db8:64::a09:7"),
                      ("https://127.0.0.1:8443/cam.json", "has the address 127.0.0.1"), ("https://203.0.113.81:8443/cam.json", "certificate")):
        offer(url)
        house.weir.verb("mud_fetch", device="cam")
        ended = until(url, lambda: house.weir.verb("mud_fetched")["fetch"] != "under way" and house.weir.verb("mud_fetched"))
        need(ended["fetch"] == "failed" and says in ended["why"], f"{url}: {ended}")
    need("upstream.ca_file" in house.mud("import", "cam", status=1))
    equal([p for p in makers.asked if p == "/cam.json"], [])    # whom it was not to ask it has not asked
    offer("https://things.example:8443/bare")
    equal(house.mud("import", "cam", "--unsigned")["signer"], None)
    equal(house.mud("show", "cam")["aces"][0]["says"], "may reach bare.example over TCP")
    # A star is not in RFC 8520: of a stranger it is refused and listed, the owner's own file may have one.
    makers.pages["/star"] = profile(ace("*.star.example"), ace("moon.example")).encode()
    offer(f"{base}/star")
    equal(house.mud("import", "cam", "--unsigned")["not_enforceable"], 1)
    equal([a["enforced"] for a in house.mud("show", "cam")["aces"]], ["not enforceable", "by name"])
    house.mud("enforce", "cam")
    house.becomes("x.star.example", NXDOMAIN)
    equal(house.rcode("moon.example"), 0)
    house.mud("import", "cam", house.file("star.json", makers.pages["/star"]), "--unsigned")
    house.becomes("x.star.example", 0)
    # Of the host of its mud-url, which has given it out itself: where that only leads elsewhere anybody could have written it.
    url = "https://things.example:8443/cam2.json"
    lent = profile(ace("lent.example"), **{"mud-url": url}).encode()
    for pages, vouched in (({"/cam2.json": f"{base}/lent", "/lent": lent}, False), ({"/cam2.json": lent}, True)):
        makers.pages.update(pages)
        offer(url)
        equal(house.mud("import", "cam", "--unsigned")["vouched"], vouched)
        house.weir.stop()
        house.start()
        equal(house.mud("list")["profiles"][0]["vouched"], vouched)


@loopback.test("what neighbours say by LLDP, as lldpcli tells it, goes into mud.offers: the URL of IANA's TLV, and nothing that is none")
def neighbours(box):    # pylint: disable=unused-argument
    def tlv(port, text, oui="00,00,5E", subtype=1):
        at = f"lldp.{port}.unknown-tlvs.unknown-tlv"
        value = ",".join(f"{octet:02X}" for octet in text.encode())
        return f"{at}.oui={oui}\n{at}.subtype={subtype}\n{at}.len={len(text)}\n{at}={value}\n"

    told = "".join((
        "lldp.eth0.via=LLDP\nlldp.eth0.chassis.mac=02:00:00:00:01:01\nlldp.eth0.port.mac=02:00:00:00:01:02\n", tlv("eth0", "https://no.example/", oui="33,44,55"),
        tlv("eth0", "https://things.example/switch"), "lldp.eth0.via=LLDP\nlldp.eth0.chassis.mac=02:00:00:00:01:03\n", tlv("eth0", "https://no.example/", subtype=2),
        "lldp.br0.7.via=LLDP\nlldp.br0.7.chassis.mac=02:00:00:00:01:04\n", tlv("br0.7", "https://things.example/lamp"),
        "lldp.eth1.via=LLDP\nlldp.eth1.chassis.mac=02:00:00:00:01:05\n", tlv("eth1", "https://no.example/\n02:00:00:00:01:01 https://no.example/")))
    with tempfile.TemporaryDirectory() as top:
        path = os.path.join(top, "offers")
        for _ in range(2):    # what is there already stays as it is
            subprocess.run([os.path.join(loopback.TOP, "share", "mud-offers"), "lldp"], input=told, text=True, check=True, env={**os.environ, "MUD_OFFERS": path}, timeout=60)
        with open(path, encoding="ascii") as f:
            equal(f.read(), "02:00:00:00:01:02 https://things.example/switch\n02:00:00:00:01:04 https://things.example/lamp\n")


@loopback.test("a fetched profile is looked after when its time is over: the same has another date, another is proposed and taken by the owner alone, and who is not there is asked later")
def due(box):
    folder = tempfile.mkdtemp(prefix="weir-makers-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.chmod(folder, 0o755)
    makers = Makers(box, folder, list(HOSTS))
    offers, base = os.path.join(folder, "offers"), "https://203.0.113.80:8443"
    house = House(box, ca_file=makers.ca.path, offers=offers)
    house.file(offers, f"02:00:00:00:00:02 {base}/cam.json\n")
    old, new = (profile(ace(f"{name}.example", port=443), **{"cache-validity": 1}).encode() for name in ("old", "new"))
    makers.pages["/cam.json"] = old
    house.mud("import", "cam", "--unsigned")
    house.mud("enforce", "cam")
    house.becomes("new.example", NXDOMAIN)
    need("no other profile is proposed" in house.mud("diff", "cam", status=1))

    def listed():
        rows = house.mud("list")["profiles"]
        equal(len(rows), 1, rows)
        return rows[0]

    def goes_by(seconds=3700):
        """An hour: it was taken, and looked after, at another time."""
        house.weir.stop()
        makers.asked.clear()
        path = os.path.join(house.top, "mud-profiles")
        with open(path, encoding="utf-8") as f:
            kept = json.load(f)
        for one in kept["profiles"]:
            one["checked"] = one["taken"] = one["taken"] - seconds
        house.file(path, json.dumps(kept))
        house.start()

    equal((listed()["due"], listed()["proposed"]), (False, False))
    goes_by()
    until("the same has another date", lambda: listed().get("checked", 0) > listed()["taken"] and not listed()["due"])
    equal((makers.asked, listed()["proposed"], house.weir.log().count("is another one now")), (["/cam.json"], False, 0))
    goes_by(-86400 * 365)    # a clock that was ahead
    until("the same has another date", lambda: listed().get("checked", 1 << 40) < listed()["taken"] and not listed()["due"])
    makers.pages["/cam.json"] = new
    goes_by(86400 * 365)
    until("another one is proposed", lambda: listed()["proposed"])
    need(re.search(r"`weir mud import d[0-9]+ --proposed --unsigned` takes it; until then nothing changes", house.weir.log()), house.weir.log())    # as it is to be typed
    equal((listed()["state"], house.rcode("old.example"), house.rcode("new.example")), ("enforced", 0, NXDOMAIN))    # nothing has changed
    changed = house.mud("diff", "cam", status=3)
    equal(([row["says"] for row in changed["no_more"]], [row["says"] for row in changed["new"]]), (["may reach old.example over TCP, port 443"], ["may reach new.example over TCP, port 443"]))
    equal(weir_mud("export", "cam", "--socket", house.weir.control).stdout.encode(), old)
    goes_by()
    until("it is looked after again", lambda: makers.asked == ["/cam.json"] and not listed()["due"])
    equal((listed()["proposed"], house.weir.log().count("is another one now")), (True, 0))    # told once
    need("was not looked at" in house.mud("import", "cam", "--proposed", "--unsigned", status=1))    # since weir started
    house.mud("diff", "cam", status=3)
    need("not signed" in house.mud("import", "cam", "--proposed", status=1))
    seen = house.mud("import", "cam", "--proposed", "--unsigned")
    equal((seen["state"], seen["from"], seen["proposed"]), ("enforced", f"{base}/cam.json", False))
    house.becomes("new.example", 0)
    house.becomes("old.example", NXDOMAIN)
    equal(len([f for f in os.listdir(house.top) if f.startswith("mud-") and f.endswith(".json")]), 1)
    # It is proposed, and taken back.
    makers.pages["/cam.json"] = old
    goes_by()
    until("it is proposed", lambda: listed()["proposed"])
    makers.pages["/cam.json"] = new
    goes_by()
    until("it is taken back", lambda: not listed()["proposed"])
    # Who is not there, or has no profile: what is kept stays.
    for page in (b"", b"<html>"):
        makers.pages["/cam.json"] = page
        goes_by()
        until("it is told", lambda: "could not be fetched again, as it is due" in house.weir.log())
        equal((makers.asked, listed()["due"], listed()["state"], house.rcode("new.example")), (["/cam.json"], True, "enforced", 0))
    equal(house.weir.verb("mud_fetched")["fetch"], "none")    # that is the owner's
    # A server that takes its time is left, for the owner at once.
    makers.slow.add("/cam.json")
    makers.pages["/cam.json"] = new
    goes_by()
    until("it is told", lambda: "could not be fetched again, as it is due" in house.weir.log(), 100)
    goes_by()
    until("it is asked", lambda: makers.asked)
    makers.pages["/other.json"] = old
    house.file(offers, f"02:00:00:00:00:02 {base}/other.json\n")
    equal(house.mud("import", "cam", "--unsigned")["from"], f"{base}/other.json")
    equal((listed()["due"], "could not be fetched" in house.weir.log()), (False, False))


loopback.main()
