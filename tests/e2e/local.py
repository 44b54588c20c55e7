#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Local names with the real binary: zones, hosts, leases the moment they are written, reloads without loss."""
import os
import socket
import threading
import time

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

import loopback
from loopback import equal, need, until

ZONES = [
    {"zone": "home.arpa", "ttl": "5m", "records": [
        "printer A 192.0.2.4", "printer AAAA 2001:db8::4", "www CNAME printer", "out CNAME www.example.",
        "*.cam A 192.0.2.5", "@ MX 10 mail", "deep.er.still TXT \"x\"", "old DNAME new.home.arpa.",
        "x.new A 192.0.2.6"]},
    {"zone": "split.example", "type": "transparent", "records": ["inside A 192.0.2.7"]},
]


def ask(weir, name, rtype="A", tcp=False):
    reply = weir.ask(name, qtype=dns.rdatatype.from_text(rtype), tcp=tcp, edns=True)
    return dns.message.from_wire(reply.wire)


def weir_wire(weir, name, rtype):
    """A question whose name is no text."""
    query = loopback.question("", qtype=rtype)
    query = query[:12] + name + query[13:]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        s.sendto(query, weir.address)
        return s.recv(65536)


def texts(message):
    return [f"{rrset.name} {dns.rdatatype.to_text(rrset.rdtype)} {rr.to_text()}"
            for rrset in message.answer for rr in rrset]


def says(weir, name, rtype, *lines):
    equal(texts(ask(weir, name, rtype)), list(lines), name)


def denied(weir, name, rtype, rcode, zone):
    message = ask(weir, name, rtype)
    equal((dns.rcode.to_text(message.rcode()), [str(r.name) for r in message.authority]),
          (rcode, [zone] if zone else []), name)
    return message


def replace(path, text):
    with open(path + ".new", "w", encoding="latin-1") as f:
        f.write(text)
    os.replace(path + ".new", path)


@loopback.test("zones are answered: data, aliases, wildcards, DNAME, denials, PTR; with AA and never asked upstream")
def zones(box):
    up = box.upstream()
    weir = box.weir([up], local={"zones": ZONES})
    says(weir, "printer.home.arpa", "A", "printer.home.arpa. A 192.0.2.4")
    need(ask(weir, "printer.home.arpa").flags & dns.flags.AA, "no AA")
    need(not ask(weir, "printer.home.arpa").flags & dns.flags.AD, "AD")
    says(weir, "www.home.arpa", "AAAA", "www.home.arpa. CNAME printer.home.arpa.",
         "printer.home.arpa. AAAA 2001:db8::4")
    says(weir, "a.b.cam.home.arpa", "A", "a.b.cam.home.arpa. A 192.0.2.5")
    says(weir, "x.old.home.arpa", "A", "old.home.arpa. DNAME new.home.arpa.",
         "x.old.home.arpa. CNAME x.new.home.arpa.", "x.new.home.arpa. A 192.0.2.6")
    says(weir, "4.2.0.192.in-addr.arpa", "PTR", "4.2.0.192.in-addr.arpa. PTR printer.home.arpa.")
    says(weir, "home.arpa", "MX", "home.arpa. MX 10 mail.home.arpa.")
    denied(weir, "printer.home.arpa", "TXT", "NOERROR", "home.arpa.")
    denied(weir, "er.still.home.arpa", "A", "NOERROR", "home.arpa.")
    denied(weir, "nothing.home.arpa", "A", "NXDOMAIN", "home.arpa.")
    denied(weir, "9.2.0.192.in-addr.arpa", "PTR", "NXDOMAIN", "2.0.192.in-addr.arpa.")
    says(weir, "inside.split.example", "A", "inside.split.example. A 192.0.2.7")
    equal(up.asked, 0, "a local name was asked upstream")
    says(weir, "out.home.arpa", "A", "out.home.arpa. CNAME www.example.", "www.example. A 192.0.2.1")
    says(weir, "out.home.arpa", "A", "out.home.arpa. CNAME www.example.", "www.example. A 192.0.2.1")
    says(weir, "outside.split.example", "A", "outside.split.example. A 192.0.2.1")
    equal(up.asked, 2)
    up.silent = True    # the uplink is dead: what is ours is not
    says(weir, "printer.home.arpa", "A", "printer.home.arpa. A 192.0.2.4")


@loopback.test("special-use names stay here, each can be switched off, a route comes first")
def special(box):
    up, corp = box.upstream(), box.upstream(answer="192.0.2.99")
    names = ["a.test", "b.invalid", "c.onion", "d.local", "e.alt", "f.internal", "g.home.arpa",
             "1.0.0.10.in-addr.arpa", "2.0.168.192.in-addr.arpa", "3.0.64.100.in-addr.arpa",
             "1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"]
    weir = box.weir([up])
    for name in names:
        message = ask(weir, name)
        equal(message.rcode(), dns.rcode.NXDOMAIN, name)
        need("special-use name" in str(message.options[0]) or "locally served" in str(message.options[0]),
             str(message.options))
    says(weir, "localhost", "A", "localhost. A 127.0.0.1")
    says(weir, "x.localhost", "AAAA", "x.localhost. AAAA ::1")
    denied(weir, "_dns.resolver.arpa", "SVCB", "NOERROR", "resolver.arpa.")
    equal(up.asked, 0, "a special-use name left the house")
    says(weir, "ipv4only.arpa", "A", "ipv4only.arpa. A 192.0.2.1")    # whoever does DNS64 is upstream
    equal(up.asked, 1)
    settings = box.settings([up, ], local={"special": {"off": ["test", "10.in-addr.arpa"]}})
    settings["upstream"]["groups"].append({"name": "corp", "servers": [corp.url]})
    settings["upstream"]["routes"] = [{"zone": "corp.internal", "group": "corp"}]
    weir.configure(settings)
    weir.verb("reload")
    says(weir, "a.test", "A", "a.test. A 192.0.2.1")
    equal(ask(weir, "1.0.0.10.in-addr.arpa").rcode(), 0)
    equal(ask(weir, "b.invalid").rcode(), dns.rcode.NXDOMAIN)
    says(weir, "nas.corp.internal", "A", "nas.corp.internal. A 192.0.2.99")
    equal(ask(weir, "nas.internal").rcode(), dns.rcode.NXDOMAIN)
    weir.configure(box.settings([up], local={"special": {"enable": False}}))
    weir.verb("reload")
    says(weir, "c.onion", "A", "c.onion. A 192.0.2.1")


@loopback.test("with the uplink dead a client browses to a service, and walks to a TURN server by NAPTR")
def services(box):
    up = box.upstream()
    up.silent = True
    weir = box.weir([up], local={"zones": ZONES, "services": [
        {"name": "Printer, 1st floor", "type": "_ipp._tcp", "host": "printer.home.arpa", "port": 631,
         "txt": ["rp=ipp/print"], "subtypes": ["_universal"]}],
        "relays": [{"zone": "home.arpa", "host": "printer.home.arpa", "transports": ["dtls", "udp"]}]})

    def only(name, rtype):
        message = ask(weir, name, rtype)
        equal((message.rcode(), len(message.answer), len(message.answer[0])), (0, 1, 1), name)
        return message.answer[0][0]
    domain = only("lb._dns-sd._udp.home.arpa", "PTR").target.to_text()
    kind = only("_services._dns-sd._udp." + domain, "PTR").target.to_text()
    equal(kind, "_ipp._tcp.home.arpa.")
    instance = only(kind, "PTR").target
    equal(instance.labels[0], b"Printer, 1st floor")
    equal(only("_universal._sub." + kind, "PTR").target, instance)
    equal([dns.rdatatype.to_text(rrset.rdtype) for rrset in ask(weir, kind, "PTR").additional],
          ["SRV", "TXT", "A", "AAAA"])    # section 12
    wire = instance.to_wire()
    reply = dns.message.from_wire(weir_wire(weir, wire, 33))
    equal((reply.answer[0][0].port, reply.answer[0][0].target.to_text()), (631, "printer.home.arpa."))
    equal(dns.message.from_wire(weir_wire(weir, wire, 16)).answer[0][0].strings, (b"rp=ipp/print",))
    # RFC 5928 section 3: NAPTR in order, SRV, address
    naptrs = sorted(ask(weir, "home.arpa", "NAPTR").answer[0], key=lambda rr: rr.order)
    equal([(rr.flags, rr.service) for rr in naptrs], [(b"S", b"RELAY:turn.dtls"), (b"S", b"RELAY:turn.udp")])
    srv = only(naptrs[0].replacement.to_text(), "SRV")
    equal((srv.port, srv.target.to_text()), (5349, "printer.home.arpa."))
    says(weir, "printer.home.arpa", "A", "printer.home.arpa. A 192.0.2.4")
    equal(only("_stun._udp.home.arpa", "SRV").port, 3478)
    equal(up.asked, 0)


@loopback.test("a delegated name is asked of the servers of its delegation, at the start and after a reload")
def delegation(box):
    up, child = box.upstream(), loopback.Upstream("127.0.0.2", 53, answer="192.0.2.77")
    box.things.append(child)
    records = ["sub NS ns.sub", "ns.sub A 127.0.0.2", "a A 192.0.2.1"]
    weir = box.weir([up], local={"zones": [{"zone": "home.arpa", "records": records}]})
    says(weir, "cam.sub.home.arpa", "A", "cam.sub.home.arpa. A 192.0.2.77")
    says(weir, "a.home.arpa", "A", "a.home.arpa. A 192.0.2.1")
    # Twice: it answers as a resolver does, without AA, and is believed when there is nobody else.
    equal((up.asked, child.names[loopback.wire_name("cam.sub.home.arpa")]), (0, 2))
    weir.configure(box.settings([up], local={"zones": [{"zone": "home.arpa", "records": ["a A 192.0.2.1"]}]}))
    weir.verb("reload")
    denied(weir, "new.sub.home.arpa", "A", "NXDOMAIN", "home.arpa.")
    weir.configure(box.settings([up], local={"zones": [{"zone": "home.arpa", "records": records}]}))
    weir.verb("reload")
    says(weir, "new.sub.home.arpa", "A", "new.sub.home.arpa. A 192.0.2.77")


@loopback.test("a lease is a name the moment it is written, and none when it is gone")
def leases(box):
    up = box.upstream()
    weir = box.weir([up], start=False)
    path = os.path.join(weir.folder, "leases")
    replace(path, "0 00:00:00:00:00:01 192.168.7.10 camera *\n")
    weir.configure(box.settings([up], local={"leases": [{"file": path, "format": "dnsmasq"}]}))
    weir.start()
    says(weir, "camera.home.arpa", "A", "camera.home.arpa. A 192.168.7.10")
    says(weir, "10.7.168.192.in-addr.arpa", "PTR", "10.7.168.192.in-addr.arpa. PTR camera.home.arpa.")
    slowest = 0
    for i in range(10):
        equal(ask(weir, f"device{i}.home.arpa").rcode(), dns.rcode.NXDOMAIN)
        with open(path, "a", encoding="ascii") as f:    # as a DHCP server does, into the same file
            f.write(f"0 00:00:00:00:01:{i:02x} 192.168.7.{20 + i} device{i} *\n")
        begin = time.monotonic()
        until("the name", lambda i=i: texts(ask(weir, f"device{i}.home.arpa")), seconds=1)
        slowest = max(slowest, time.monotonic() - begin)
    print(f"# a new lease is answered after at most {slowest * 1000:.0f} ms", flush=True)
    replace(path, "0 00:00:00:00:00:01 192.168.7.10 camera *\n")
    until("the lease's end", lambda: ask(weir, "device3.home.arpa").rcode() == dns.rcode.NXDOMAIN,
          seconds=1)
    says(weir, "camera.home.arpa", "A", "camera.home.arpa. A 192.168.7.10")
    # another one that ends by the clock alone
    replace(path, f"{int(time.time()) + 3} 00:00:00:00:00:02 192.168.7.11 guest *\n")
    until("the guest", lambda: texts(ask(weir, "guest.home.arpa")), seconds=1)
    until("the guest's end", lambda: ask(weir, "guest.home.arpa").rcode() == dns.rcode.NXDOMAIN)
    equal(up.asked, 0)


@loopback.test("names from the lease files of Kea (IPv4 and IPv6, with a clean-up's parts), ISC dhcpd and odhcpd")
def formats(box):
    up = box.upstream()
    weir = box.weir([up], start=False)
    later = int(time.time()) + 3600
    stamp = time.strftime("%w %Y/%m/%d %H:%M:%S", time.gmtime(later))

    def at(name):
        return os.path.join(weir.folder, name)
    kea4 = ("address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,"
            "user_context,pool_id\n")
    kea6 = ("address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,"
            "fqdn_rev,hostname,hwaddr,state,user_context,hwtype,hwaddr_source,pool_id\n")
    replace(at("kea4.2"), kea4 + f"192.168.7.20,00:01,,3600,{later},1,0,0,kea-old,0,,0\n")
    replace(at("kea4"), kea4 + f"192.168.7.21,00:02,,3600,{later},1,1,1,kea-new.home.arpa.,0,,0\n"
            f"192.168.7.22,00:03,,3600,{later},1,0,0,kea-declined,1,,0\n")
    replace(at("kea6"), kea6 + f"2001:db8::21,00:03:00:01:00:02,3600,{later},1,1800,0,7,128,0,0,kea-new,,0,,,,0\n")
    replace(at("isc"), "lease 192.168.7.30 {\n  starts 2 2020/01/01 00:00:00;\n"
            f"  ends {stamp};\n  binding state active;\n  hardware ethernet 00:00:00:00:00:30;\n"
            "  client-hostname \"isc\";\n}\nlease 192.168.7.31 {\n  ends 2 2020/01/01 00:00:00;\n"
            "  binding state active;\n  client-hostname \"isc-ended\";\n}\n")
    replace(at("odhcpd"), f"# br-lan 000000000040 ipv4 odhcpd {later} 64 32 192.168.7.40/32\n"
            f"# br-lan 00030001000000000040 7f odhcpd {later} 40 128 fd00::40/128\nfd00::40\todhcpd\n")
    weir.configure(box.settings([up], local={"leases": [
        {"file": at("kea4"), "format": "kea"}, {"file": at("kea6"), "format": "kea"},
        {"file": at("isc"), "format": "isc"}, {"file": at("odhcpd"), "format": "odhcpd", "zone": "lan"}]}))
    weir.start()
    for name, rtype, address in (("kea-old.home.arpa", "A", "192.168.7.20"), ("kea-new.home.arpa", "A", "192.168.7.21"),
                                 ("kea-new.home.arpa", "AAAA", "2001:db8::21"), ("isc.home.arpa", "A", "192.168.7.30"),
                                 ("odhcpd.lan", "A", "192.168.7.40"), ("odhcpd.lan", "AAAA", "fd00::40")):
        says(weir, name, rtype, f"{name}. {rtype} {address}")
    for name in ("kea-declined.home.arpa", "isc-ended.home.arpa", "other.lan"):
        equal(ask(weir, name).rcode(), dns.rcode.NXDOMAIN, name)
    equal(up.asked, 0)
    need(weir.folder not in weir.log(), weir.log())    # nothing is wrong with these files


@loopback.test("hostile and half-written lease files: told with file and line, the rest counts, the last good stays")
def hostile(box):
    up = box.upstream()
    weir = box.weir([up], start=False)
    path, hosts = os.path.join(weir.folder, "leases"), os.path.join(weir.folder, "hosts")
    replace(hosts, "192.168.7.1 gateway.home.arpa\n127.0.1.1 me\n192.168.7.2 bad..name ok.home.arpa\n")
    bad = ["printer", "wpad", "gateway", "..", "a" * 300, "xn--e1awd7f", "\x1b[31mred", "www.bank.example", "*x"]
    replace(path, "".join(f"0 m{i} 192.168.7.{100 + i} {name} *\n" for i, name in enumerate(bad))
            + "rubbish\n0 m1 192.168.7.30 fine *\n")
    weir.configure(box.settings([up], local={
        "zones": ZONES, "hosts": [hosts], "leases": [{"file": path, "format": "dnsmasq"}]}))
    weir.start()
    says(weir, "printer.home.arpa", "A", "printer.home.arpa. A 192.0.2.4")
    says(weir, "gateway.home.arpa", "A", "gateway.home.arpa. A 192.168.7.1")
    says(weir, "ok.home.arpa", "A", "ok.home.arpa. A 192.168.7.2")
    says(weir, "fine.home.arpa", "A", "fine.home.arpa. A 192.168.7.30")
    equal(ask(weir, "wpad.home.arpa").rcode(), dns.rcode.NXDOMAIN)
    for line in range(1, len(bad) + 2):
        need(f"{path}:{line}: " in weir.log(), f"nothing said of line {line}:\n{weir.log()}")
    need(f"{hosts}:3: " in weir.log(), weir.log())
    need("\x1b" not in weir.log(), "a client writes to the terminal")
    with open(path, "w", encoding="ascii") as f:    # emptied, and half of it there
        f.write("0 m1 192.168.7.30 fine *\n0 m2 192.168.7.31 new *")
        f.flush()
        time.sleep(0.3)
        says(weir, "fine.home.arpa", "A", "fine.home.arpa. A 192.168.7.30")
        f.write("\n")
        f.flush()
        until("the new lease", lambda: texts(ask(weir, "new.home.arpa")), seconds=1)
    os.unlink(path)
    until("told", lambda: f"{path}: cannot be read now; its last names stay" in weir.log())
    says(weir, "new.home.arpa", "A", "new.home.arpa. A 192.168.7.31")
    replace(path, "0 m3 192.168.7.32 back *\n")
    until("the file is back", lambda: texts(ask(weir, "back.home.arpa")), seconds=2)


@loopback.test("reloads and new leases lose no query, and each answer is one of the two that were true")
def without_loss(box):
    up = box.upstream()
    weir = box.weir([up], start=False)
    path = os.path.join(weir.folder, "hosts")
    replace(path, "192.0.2.40 other.home.arpa\n")

    def settings(last):
        return box.settings([up], limits={"client_rate": 0, "rrl_rate": 0}, local={"hosts": [path], "zones": [
            {"zone": "home.arpa", "records": [f"printer A 192.0.2.{last}", "cam CNAME www.example."]}]})
    weir.configure(settings(4))
    weir.start()
    stop, wrong, asked = threading.Event(), [], [0]

    def client():
        while not stop.is_set():
            try:
                for name, fine in (("printer.home.arpa", ("192.0.2.4", "192.0.2.5")),
                                   ("other.home.arpa", ("192.0.2.40", "192.0.2.41")),
                                   ("cam.home.arpa", ("192.0.2.1",)), ("www.example", ("192.0.2.1",))):
                    got = weir.ask(name, seconds=2).addresses
                    asked[0] += 1
                    if len(got) != 1 or got[0] not in fine:
                        wrong.append((name, got))
            except OSError as error:
                wrong.append(error)

    clients = [threading.Thread(target=client) for _ in range(4)]
    for thread in clients:
        thread.start()
    try:
        for i in range(20):
            weir.configure(settings(4 + i % 2))
            weir.verb("reload")
            replace(path, f"192.0.2.{40 + i % 2} other.home.arpa\n")
            equal(weir.ask("printer.home.arpa").addresses, [f"192.0.2.{4 + i % 2}"])
            until("hosts", lambda i=i: weir.ask("other.home.arpa").addresses == [f"192.0.2.{40 + i % 2}"],
                  seconds=2)
    finally:
        stop.set()
        for thread in clients:
            thread.join()
    equal(wrong, [])
    need(asked[0] > 200, asked)
    print(f"# {asked[0]} queries over 20 reloads and 20 new hosts files", flush=True)


@loopback.test("a mistake in a record is told with its place, and the running names stay")
def mistake(box):
    up = box.upstream()
    weir = box.weir([up], local={"zones": ZONES})
    weir.write("listen: [\"127.0.0.1:5300\"]\nlocal:\n  zones:\n    - zone: home.arpa\n      records:\n"
               "        - printer A 192.0.2.400\n        - www CNAME a b\n")
    answer = weir.request('{"verb": "reload", "args": {}}')
    for words in ("6:11: local.zones[0].records[0]: the data does not fit the type (at character 11",
                  "7:11: local.zones[0].records[1]: "):
        need(words in answer, answer)
    says(weir, "printer.home.arpa", "A", "printer.home.arpa. A 192.0.2.4")


if __name__ == "__main__":
    loopback.main()
