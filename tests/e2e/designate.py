#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How devices hear of the encrypted listeners: asked in the clear (DDR, RFC 9462), and by DHCP (DNR, RFC 9463), from a real dnsmasq.

A device is this process inside another namespace, at the other end of a cable.
"""
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lab"))

import certs                                                                        # noqa: E402
import dhcpclient                                                                   # noqa: E402
import loopback                                                                     # noqa: E402
from loopback import equal, need, until                                             # noqa: E402
from spaces import LabError, Node, peer                                             # noqa: E402

LAN, PUBLIC, UNPROVEN, LAN6 = "192.168.7.1", "198.51.100.7", "203.0.113.9", "fd00::1"
NAME = "dns.home.example"
RESOLVER = "_dns.resolver.arpa"


class Cable:
    """From `lan0` here to `dev0` of a device."""

    def __init__(self, box):
        self.node = Node("device")
        ip("link", "add", "name", "lan0", "type", "veth", "peer", "name", "dev0", "netns",
           f"/proc/{os.getpid()}/fd/{self.node.fd}")
        for device in ("lan0", "dev0"):
            with self.node.inside() if device == "dev0" else self:
                with open(f"/proc/sys/net/ipv6/conf/{device}/accept_dad", "w", encoding="ascii") as file:
                    file.write("0")
        for address in (f"{LAN}/24", f"{PUBLIC}/32", f"{UNPROVEN}/32", f"{LAN6}/64"):
            ip("address", "add", address, "dev", "lan0")
        ip("link", "set", "dev", "lan0", "up")
        self.node.ip("link", "set", "dev", "dev0", "up")
        self.node.ip("address", "add", "192.168.7.20/24", "dev", "dev0")
        self.node.ip("address", "add", "fd00::20/64", "dev", "dev0", "nodad")
        self.node.ip("route", "add", "default", "via", LAN)
        box.things.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def ask(self, server, name=RESOLVER, rtype="SVCB"):
        """The lines of kdig +short, sorted; None without a good answer."""
        done = self.node.run([peer("kdig"), f"@{server}", "-p", "5300", name, rtype, "+time=10", "+retry=0", "+noedns"],
                             capture_output=True, text=True, check=False)
        if "status: NOERROR" not in done.stdout:
            return None
        lines = [line.split(None, 4) for line in done.stdout.splitlines() if line and not line.startswith(";")]
        return sorted(w[4] for w in lines if w[3] == rtype)

    def close(self):
        subprocess.run(["ip", "link", "del", "lan0"], check=False)


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Files:
    """An authority, in a folder that weir may look into as whoever it is after the start."""

    def __init__(self, box):
        self.home = tempfile.mkdtemp(prefix="weir-certs-")
        os.chmod(self.home, 0o755)
        self.ca = certs.Authority(self.home)
        box.things.append(self)

    def close(self):
        shutil.rmtree(self.home, ignore_errors=True)


def issue(files, names, addresses, who="server"):
    one = files.ca.issue(who, names, addresses)
    if os.geteuid() == 0:
        shutil.chown(one.key, 0, "nogroup")
    os.chmod(one.key, 0o640)
    return one


def settings(pair, **more):
    return {"listen": ["127.0.0.1:5300", "lan0:5300"],
            "encrypted": {"dot": ["lan0"], "doh": ["lan0:8443"], "doh_path": "/ask", "certificates": [{"chain": pair.chain, "key": pair.key}]}, **more}


def hint(address, name=NAME):
    kind = "ipv6hint" if ":" in address else "ipv4hint"
    return [f'2 {name}. alpn="dot" {kind}={address}',
            f'3 {name}. alpn="h2" port=8443 {kind}={address} dohpath="/ask{{?dns}}"']


def plain(lines):
    """kdig writes some values with marks around them."""
    return None if lines is None else [line.replace('"', "") for line in lines]


@loopback.test("a device hears of the listener where it can check it: a private address, or one that the certificate carries")
def discovered(box):
    files, cable = Files(box), Cable(box)
    pair = issue(files, [NAME], [PUBLIC])
    up = box.upstream()
    weir = box.weir([up], **settings(pair))
    for address in (LAN, LAN6, PUBLIC):
        equal(plain(cable.ask(address)), plain(hint(address)), address)
    equal(cable.ask(UNPROVEN), [], "an address that no certificate carries")
    equal(cable.ask(LAN, rtype="A"), [], "another type")
    equal(cable.ask(LAN, "other.resolver.arpa"), [], "another name")
    equal(plain(cable.ask(UNPROVEN, f"_dns.{NAME}")), plain(hint(UNPROVEN)), "by its name")
    # What was told is there, and proves the address that was asked.
    context = ssl.create_default_context(cafile=files.ca.path)
    with cable.node.inside():
        raw = socket.create_connection((PUBLIC, 853), loopback.PATIENCE_S)
    with context.wrap_socket(raw, server_hostname=PUBLIC) as tls:
        equal(tls.version(), "TLSv1.3")
    equal(up.asked, 0, "questions that went upstream")
    # Other certificates: without a reload others are told.
    issue(files, ["gate.other.example"], [UNPROVEN])
    until("the new certificate is told", lambda: plain(cable.ask(UNPROVEN)) == plain(hint(UNPROVEN, "gate.other.example")))
    equal(cable.ask(PUBLIC), [], "the old certificate's address")


def told(address, path, dot_port=""):
    return [f'2 {NAME}. alpn=dot{dot_port} ipv4hint={address}', f'3 {NAME}. alpn=h2 port=8443 ipv4hint={address} dohpath={path}{{?dns}}']


@loopback.test("a reload whose certificates are no good changes nothing, and devices hear of what is served")
def bad_certificate(box):
    files, cable = Files(box), Cable(box)
    pair = issue(files, [NAME], [PUBLIC])
    up, other = box.upstream(), box.upstream(answer="192.0.2.9")
    weir = box.weir([up], **settings(pair))
    equal(plain(cable.ask(LAN)), told(LAN, "/ask"))
    with open(pair.chain, "w", encoding="ascii") as file:
        file.write("nonsense")
    changed = settings(pair)
    changed["encrypted"].update(doh_path="/new", dot=["lan0:8853"])
    weir.configure(box.settings([other], **changed))
    answer = weir.refusal('{"verb":"reload"}')
    need(pair.chain in answer["error"], answer)
    equal(plain(cable.ask(LAN)), told(LAN, "/ask"))
    equal(weir.ask("a.example").addresses, ["192.0.2.1"], "the upstream of before")
    socket.create_connection((LAN, 853), loopback.PATIENCE_S).close()
    issue(files, [NAME], [PUBLIC])
    weir.verb("reload")
    until("the new one", lambda: plain(cable.ask(LAN)) == told(LAN, "/new", " port=8853"))
    equal(weir.ask("b.example").addresses, ["192.0.2.9"])


@loopback.test("a port that cannot be listened on is not told: the one before is, while it stays open")
def busy_port(box):
    files, cable = Files(box), Cable(box)
    pair = issue(files, [NAME], [PUBLIC])
    up = box.upstream()
    weir = box.weir([up], **settings(pair))
    changed = settings(pair)
    changed["encrypted"].update(dot=["lan0:8853"])
    with socket.create_server((LAN, 8853)):
        weir.configure(box.settings([up], **changed))
        need("8853" in weir.refusal('{"verb":"reload"}')["error"])
        equal(plain(cable.ask(LAN)), told(LAN, "/ask"))
    until("the port is taken", lambda: plain(cable.ask(LAN)) == told(LAN, "/ask", " port=8853"))


@loopback.test("the owner's own records go before, and switched off it is a name like any other")
def owned(box):
    files, cable = Files(box), Cable(box)
    pair = issue(files, [NAME], [PUBLIC])
    weir = box.weir([box.upstream()], **settings(pair, local={"zones": [
        {"zone": "resolver.arpa", "records": [f"{RESOLVER}. 60 SVCB 1 mine.example. alpn=dot"]}]}))
    equal(plain(cable.ask(LAN)), ["1 mine.example. alpn=dot"])
    weir.configure(box.settings([box.upstream()], **settings(pair, local={"special": {"off": ["resolver.arpa"]}})))
    weir.verb("reload")
    until("the question goes upstream", lambda: cable.ask(LAN, rtype="A") == ["192.0.2.1"])


@loopback.test("weir dnr: dnsmasq hands out what it prints, by DHCPv4 and by DHCPv6")
def handed_out(box):
    try:
        dnsmasq = peer("dnsmasq")
    except LabError as why:
        raise loopback.Skipped(str(why)) from None
    files, cable = Files(box), Cable(box)
    pair = issue(files, [NAME], [PUBLIC])
    weir = box.weir(start=False, **settings(pair))
    open(weir.log_path, "wb").close()  # it is never started
    words = [weir.program, "dnr", weir.config, "--address", f"{LAN},{LAN6}"]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    said = json.loads(subprocess.run([*words, "--json"], capture_output=True, text=True, check=True).stdout)
    equal([(one["priority"], one["name"], one["addresses"], one["parameters"]) for one in said["instances"]],
          [(1, f"{NAME}.", [LAN, LAN6], "alpn=dot"), (2, f"{NAME}.", [LAN, LAN6], "alpn=h2 port=8443 dohpath=/ask{?dns}")])
    conf = os.path.join(weir.folder, "dnsmasq.conf")
    with open(conf, "w", encoding="ascii") as file:
        file.write("port=0\ninterface=lan0\nbind-interfaces\nno-resolv\nuser=root\ngroup=root\nleasefile-ro\nno-ping\n"
                   "dhcp-range=192.168.7.100,192.168.7.110,1h\ndhcp-range=fd00::,ra-stateless\n")
        file.writelines(line + "\n" for line in text.splitlines() if line.startswith("dhcp-option="))
    server = subprocess.Popen([dnsmasq, "-k", "-C", conf, "--log-facility=/dev/null"])
    try:
        with cable.node.inside():
            equal(given(dhcpclient.v4, 162), said["dhcpv4"])
            equal(given(dhcpclient.v6, 144), said["dhcpv6"][0])
    finally:
        server.terminate()
        server.wait(10)
    for wrong, words in ((["--name", "other.example"], "no certificate proves"), (["--address", "192.168.9.9"], "no encrypted listener"),
                         (["--address", "x"], "wants addresses"), (["--lifetime", "x"], "wants seconds")):
        done = subprocess.run([weir.program, "dnr", weir.config, *wrong], capture_output=True, text=True, check=False)
        need(done.returncode != 0 and words in done.stderr and done.stdout == "", done)
    del said["ra"][0]
    weir.configure({"listen": ["127.0.0.1:5300"]})
    done = subprocess.run([weir.program, "dnr", weir.config], capture_output=True, text=True, check=False)
    need(done.returncode == 1 and "no encrypted listener" in done.stderr, done)


def given(ask, code):
    """What the server gives for the option; it may not listen yet."""
    found = []

    def asked():
        try:
            value = ask("dev0", code, 1)
        except OSError:
            return False
        found[:] = value if isinstance(value, list) else [value]
        return bool(found) and found[0] is not None
    until(f"option {code}", asked)
    equal(len(found), 1)
    return found[0].hex()


if __name__ == "__main__":
    loopback.main()
