#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""DNS over TLS to clients: kdig, openssl, gnutls-cli and this process ask weir; certificates change, expire and are wrong."""
import base64
import os
import socket
import ssl
import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lab"))

import certs                                                                        # noqa: E402
import loopback                                                                     # noqa: E402
from encrypted import Files, context, padded, run, share                            # noqa: E402
from loopback import equal, need, question, read_framed, read_reply, until           # noqa: E402
from spaces import peer                                                             # noqa: E402

PORT = 8530
RATE, BURST = 2, 10     # handshakes a second in a flood; WR_NET_HANDSHAKE_BURST


def encrypted(*pairs, **more):
    return {"dot": [f"127.0.0.1:{PORT}"], "certificates": [{"chain": p.chain, "key": p.key} for p in pairs], **more}


class Client:
    def __init__(self, files, session=None, host="dns.example", ctx=None, port=PORT):
        self.raw = socket.create_connection(("127.0.0.1", port), loopback.PATIENCE_S)
        self.ctx = ctx or context(files, "dot")
        self.tls = self.ctx.wrap_socket(self.raw, server_hostname=host, session=session)

    def send(self, *queries):
        self.tls.sendall(b"".join(struct.pack(">H", len(q)) + q for q in queries))

    def reply(self):
        return read_reply(read_framed(self.tls))

    def ask(self, name, **words):
        wire = question(name, **words)
        self.send(wire)
        got = self.reply()
        equal(got.wire[:2], wire[:2])
        return got

    def close(self):
        self.tls.close()


@loopback.test("kdig: verified by name and by pin, and refused under another name")
def with_kdig(box):
    files = Files(box)
    server = files.issue()
    box.weir([box.upstream()], encrypted=encrypted(server))
    kdig = [peer("kdig"), "@127.0.0.1", "-p", str(PORT), "a.example", "+time=10", "+retry=0"]
    said = run(*kdig, f"+tls-ca={files.ca.path}", "+tls-host=dns.example").stdout.decode()
    need("192.0.2.1" in said and "TLS session (TLS1.3)" in said, said)
    said = run(*kdig, "+tls", f"+tls-pin={server.pin}").stdout.decode()
    need("192.0.2.1" in said, said)
    refused = run(*kdig, f"+tls-ca={files.ca.path}", "+tls-host=other.example")
    need(b"192.0.2.1" not in refused.stdout, refused)
    said = run(*kdig, "+tls", "+padding", "+keepopen").stdout.decode()
    need("192.0.2.1" in said and "PADDING" in said, said)


def opened_fast():
    """How many connections this namespace took with octets in their SYN."""
    with open("/proc/net/netstat", encoding="ascii") as file:
        rows = [line.split() for line in file if line.startswith("TcpExt:")]
    return int(dict(zip(rows[0], rows[1]))["TCPFastOpenPassive"])


def shake_fast(files):
    """A handshake whose first octets go with the SYN, if the kernel has a cookie."""
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context(files, "dot").wrap_bio(into, out, server_hostname="dns.example")
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", loopback.PATIENCE_S, 0))
        begin = True
        while True:
            try:
                tls.do_handshake()
                return tls.version()
            except ssl.SSLWantReadError:
                if begin:
                    s.sendto(out.read(), socket.MSG_FASTOPEN, ("127.0.0.1", PORT))
                elif out.pending:
                    s.sendall(out.read())
                begin = False
                got = s.recv(4096)
                need(got, "the connection was closed")
                into.write(got)


@loopback.test("TCP Fast Open: where the kernel lets servers do so, the handshake of who comes again begins in its SYN")
def fast_open(box):
    files = Files(box)
    with open("/proc/sys/net/ipv4/tcp_fastopen", "w", encoding="ascii") as file:
        file.write("3")
    box.weir([box.upstream()], encrypted=encrypted(files.issue()))
    for _ in range(3):  # the first one has no cookie yet
        equal(shake_fast(files), "TLSv1.3")
    need(opened_fast() > 0, "nobody came with octets in its SYN")


@loopback.test("openssl and gnutls-cli: TLS 1.3 and 1.2, nothing older; ALPN")
def with_tools(box):
    files = Files(box)
    weir = box.weir([box.upstream()], encrypted=encrypted(files.issue()))
    base = [peer("openssl"), "s_client", "-connect", f"127.0.0.1:{PORT}", "-CAfile", files.ca.path, "-verify_return_error",
            "-brief"]
    for words, good in ((["-tls1_3"], True), (["-tls1_2"], True), (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], False),
                        (["-alpn", "dot"], True), (["-alpn", "h2"], False)):
        done = run(*base, *words)
        equal(b"CONNECTION ESTABLISHED" in done.stderr and done.returncode == 0, good, (words, done.stderr[-400:]))
    done = run(peer("gnutls-cli"), "--x509cafile", files.ca.path, "--sni-hostname=dns.example",
               "--verify-hostname=dns.example", "-p", str(PORT), "127.0.0.1")
    need(b"Handshake was completed" in done.stdout, done)
    equal(weir.ask("still.example").rcode, 0)


@loopback.test("many queries on one connection, in pieces, and answers out of order")
def pipelined(box):
    files = Files(box)
    slow, quick = box.upstream(late_s=1), box.upstream()
    box.weir(upstream={"ports": 256, "groups": [
        {"name": "slow", "servers": [slow.url]}, {"name": "quick", "servers": [quick.url]}],
        "default": "quick", "routes": [{"zone": "slow.example", "group": "slow"}]}, workers=2,
        encrypted=encrypted(files.issue()))
    c = Client(files)
    first = question("late.slow.example", number=1)
    others = [question(f"n{i}.example", number=100 + i) for i in range(50)]
    c.send(first, *others)
    order = [c.reply().id for _ in range(51)]
    equal(sorted(order), [1] + [100 + i for i in range(50)])
    equal(order[-1], 1)
    wire = question("cut.example", number=7)
    for octet in struct.pack(">H", len(wire)) + wire:
        c.tls.sendall(bytes([octet]))
    equal(c.reply().id, 7)
    c.close()


@loopback.test("who asks more at once than is read waits, and is not closed for the half question that we did not read")
def full(box):
    files = Files(box)
    box.weir([box.upstream(late_s=2)], tcp={"idle_timeout": "1s"}, encrypted=encrypted(files.issue()))
    c = Client(files)
    names = [f"n{i}.slow-{'x' * 40}.example" for i in range(150)]
    octets = b"".join(struct.pack(">H", len(q)) + q for q in (question(n, number=i) for i, n in enumerate(names)))
    for part in (octets[:-10], octets[-10:]):    # two records
        c.tls.sendall(part)
    equal(sorted(c.reply().id for _ in names), list(range(len(names))))
    c.close()


@loopback.test("tickets: any worker resumes, also after a reload, and not after a start; TLS 1.2 as well")
def resumption(box):
    files = Files(box)
    weir = box.weir([box.upstream()], encrypted=encrypted(files.issue()))
    for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
        ctx = context(files, "dot")
        ctx.maximum_version = version
        c = Client(files, ctx=ctx)
        c.ask("a.example")
        need(not c.tls.session_reused)
        session = c.tls.session
        c.close()
        for i in range(8):    # the kernel gives connections to both workers
            if i == 4:
                weir.verb("reload")
            c = Client(files, session=session, ctx=ctx)
            need(c.tls.session_reused, f"{version} {i}")
            equal(c.ask("a.example").addresses, ["192.0.2.1"])
            session = c.tls.session
            c.close()
        weir.stop()
        weir.start()     # the key of the tickets is another one
        c = Client(files, session=session, ctx=ctx)
        need(not c.tls.session_reused, f"{version} after a start")
        c.close()


@loopback.test("answers are padded only for who padded the query, and only over TLS; keepalive is said")
def padding(box):
    files = Files(box)
    weir = box.weir([box.upstream()], encrypted=encrypted(files.issue()))
    c = Client(files)
    c.send(padded("a.example", 128))
    equal(len(c.reply().wire), 468)
    c.send(question("a.example", edns=True))
    reply = c.reply()
    need(len(reply.wire) < 100)
    need(b"\x00\x0b\x00\x02" in reply.wire, "no keepalive")
    with socket.create_connection(weir.address) as s:
        wire = padded("a.example", 128)
        s.sendall(struct.pack(">H", len(wire)) + wire)
        need(len(read_framed(s)) < 100)
    c.close()


@loopback.test("the end: who goes without a word is no harm; close_notify to who is idle")
def ends(box):
    files = Files(box)
    weir = box.weir([box.upstream()], encrypted=encrypted(files.issue()))
    idle, gone = Client(files), Client(files)
    gone.ask("a.example")
    gone.raw.close()
    gone.tls.close()
    idle.ask("b.example")
    weir.stop()
    equal(idle.tls.recv(10), b"", "no close_notify: an SSLError would say so")


@loopback.test("certificates: a new one is taken, a bad one is not; rights, RSA and the end are told")
def changes(box):
    files = Files(box)
    server = files.issue()
    weir = box.weir([box.upstream()], encrypted=encrypted(server), user="")
    pins = lambda: [c["pin_sha256"] for c in weir.verb("status")["certificates"]]    # noqa: E731
    old = pins()
    equal([c["pin"] for c in weir.verb("status")["certificates"]],
          ["sha256/" + base64.b64encode(bytes.fromhex(pin)).decode() for pin in old])
    kept = Client(files)
    files.issue(days=(-1, 5))
    until("taken", lambda: pins() != old)
    until("told", lambda: "expires in less than 7 days" in weir.log())
    new = pins()
    equal(kept.ask("a.example").rcode, 0, "an open connection goes on")
    with open(server.chain, "w", encoding="ascii") as f:
        f.write("nonsense")
    until("refused", lambda: "stay in use" in weir.log())
    equal(pins(), new)
    Client(files).ask("b.example")
    files.issue(kind="rsa")
    until("taken", lambda: weir.verb("status")["certificates"][0]["key"] == "rsa")
    until("told", lambda: "RSA key costs" in weir.log())
    equal(weir.verb("status")["certificates_problem"], None)
    os.chmod(server.key, 0o644)
    until("refused", lambda: "rights 644" in weir.log())
    Client(files).ask("c.example")
    kept.close()


@loopback.test("a key that root alone may read: what else is reloaded is, until the key is another")
def roots(box):
    files = Files(box)
    server = files.issue()
    os.chmod(server.key, 0o600)
    up = box.upstream()
    weir = box.weir([up], encrypted=encrypted(server))
    weir.verb("reload")
    weir.configure(box.settings([up], encrypted={"dot": [f"127.0.0.1:{PORT}"],
                                                 "certificates": [{"chain": "/nowhere", "key": server.key}]}))
    need("/nowhere" in weir.refusal('{"verb":"reload"}')["error"])
    weir.configure(box.settings([up], encrypted=encrypted(server)))
    time.sleep(1.5)    # the files are looked at each second
    weir.verb("reload")
    equal(weir.verb("status")["certificates_problem"], None)
    Client(files).ask("a.example")


@loopback.test("no certificate that can be used: plain DNS is served, TLS refused, and status says why")
def without(box):
    files = Files(box)
    server = files.issue()
    os.chmod(server.key, 0o666)
    weir = box.weir([box.upstream()], encrypted=encrypted(server))
    equal(weir.ask("a.example").rcode, 0)
    need("rights 666" in weir.verb("status")["certificates_problem"])
    try:
        Client(files)
        need(False, "it was served")
    except (ssl.SSLError, OSError):
        pass
    os.chmod(server.key, 0o600)
    share(server.key)
    until("mended", lambda: weir.verb("status")["certificates_problem"] is None)
    equal(Client(files).ask("b.example").rcode, 0)


@loopback.test("who the client says it is: a server name, a certificate; in weir log")
def claims(box):
    files = Files(box)
    weir = box.weir([box.upstream()], encrypted=encrypted(files.issue(), names_below="dns.example",
                                                          client_anchors=files.ca.path))
    Client(files, host="camera-7.dns.example").ask("a.example")
    ctx = context(files, "dot")
    mine = files.ca.issue("meter", ["meter-3"])
    ctx.load_cert_chain(mine.chain, mine.key)
    Client(files, ctx=ctx).ask("b.example")
    stranger = certs.Authority(os.path.join(files.home, "stranger")).issue("x", ["meter-4"])
    ctx = context(files, "dot")
    ctx.load_cert_chain(stranger.chain, stranger.key)
    Client(files, ctx=ctx).ask("c.example")
    events = {e["name"]: e for e in weir.verb("log")["events"]}
    equal((events["a.example."]["claim"], events["a.example."]["claim_by"]), ("camera-7", "sni"))
    equal((events["b.example."]["claim"], events["b.example."]["claim_by"]), ("meter-3", "certificate"))
    need("claim" not in events["c.example."])
    equal(events["c.example."]["transport"], "dot")


def counters(weir):
    return weir.verb("stats")["counters"]


def from_address(address, port=PORT):
    return socket.create_connection(("127.0.0.1", port), loopback.PATIENCE_S, source_address=(address, 0))


def closed(s):
    """The other side has closed; what it said before is thrown away."""
    s.settimeout(loopback.PATIENCE_S)
    try:
        while s.recv(4096):
            pass
    except OSError as why:
        need(not isinstance(why, TimeoutError), "still open")
    return True


@loopback.test("slow ones: a handshake, a record and a message that do not come to their end are closed; others are served")
def slow(box):
    files = Files(box)
    weir = box.weir([box.upstream()], tcp={"idle_timeout": "1s"},
                    encrypted=encrypted(files.issue(), handshake_timeout="1s"))
    silent, half = from_address("127.0.0.2"), from_address("127.0.0.3")
    half.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    record, message = Client(files), Client(files)
    record.raw_fd = socket.fromfd(record.tls.fileno(), socket.AF_INET, socket.SOCK_STREAM)
    record.raw_fd.sendall(b"\x17\x03\x03\x00\x40abc")
    wire = question("half.example")
    message.tls.sendall(struct.pack(">H", len(wire)) + wire[:5])
    for _ in range(20):
        equal(Client(files).ask("a.example").rcode, 0)
    for s in (silent, half, record.raw_fd, message.tls):
        closed(s)
    seen = counters(weir)
    need(seen["tls_slow"] >= 2 and seen["tcp_slow"] >= 2, seen)
    until("all handshakes over", lambda: weir.verb("status")["encrypted"]["handshakes_open"] == 0)


@loopback.test("the budget: who has been idle for longest gives way to who comes, and all is given back")
def budget(box):
    files = Files(box)
    weir = box.weir([box.upstream()], encrypted=encrypted(files.issue(), memory="100KiB"))
    weir.stop()
    weir.configure(dict(box.settings(["udp://127.0.0.1:5310"]), workers=1,
                        encrypted=encrypted(files.issue(), memory="100KiB")))
    weir.start()
    clients = []
    for i in range(5):
        clients.append(Client(files))
        equal(clients[-1].ask("a.example").rcode, 0)
    used = weir.verb("status")["encrypted"]
    equal((used["memory_used_bytes"], used["memory_bytes"]), (5 * 20480, 102400))
    equal(clients[0].ask("b.example").rcode, 0)    # now the second is the oldest
    late = Client(files)
    equal(late.ask("a.example").rcode, 0)
    equal(clients[1].tls.recv(10), b"")            # closed, with close_notify
    equal(clients[0].ask("c.example").rcode, 0)
    need(counters(weir)["tls_yielded"] >= 1)
    for c in clients + [late]:
        c.close()
    until("all is given back", lambda: weir.verb("status")["encrypted"]["memory_used_bytes"] == 0)


@loopback.test("a budget that became far too small: who comes has the place of one, and nobody else goes in vain")
def over_budget(box):
    files = Files(box)
    more = encrypted(files.issue(), memory="400KiB")
    weir = box.weir([box.upstream()], encrypted=more, workers=1)
    clients = [Client(files) for _ in range(15)]
    for client in clients:
        equal(client.ask("a.example").rcode, 0)
    weir.configure(box.settings([box.upstream()], encrypted={**more, "memory": "100KiB"}, workers=1))
    weir.verb("reload")
    late = Client(files)
    equal(late.ask("a.example").rcode, 0)
    equal(clients[0].tls.recv(10), b"")
    equal(counters(weir)["tls_yielded"], 1)
    for client in clients[1:]:
        equal(client.ask("b.example").rcode, 0)
    for client in clients + [late]:
        client.close()


@loopback.test("a flood of handshakes from one client: it is bounded, and the others have their answers")
def flood(box):
    files = Files(box)
    weir = box.weir([box.upstream()], encrypted=encrypted(files.issue(), handshake_rate=RATE))
    kept = Client(files)
    kept.ask("a.example")
    ctx = context(files)
    refused = done = answered = 0
    began = time.monotonic()
    for _ in range(150):
        try:
            s = from_address("127.0.0.9")
            t = ctx.wrap_socket(s, server_hostname="dns.example")
            t.close()
            done += 1
        except OSError:
            refused += 1
        answered += kept.ask("a.example").rcode == 0
        answered += weir.ask("a.example", tcp=True).rcode == 0
    equal(answered, 300)
    most = RATE * (BURST + time.monotonic() - began) + 1
    need(RATE * BURST <= done <= most and refused > 0, (done, refused, most))
    equal(counters(weir)["tls_flooded"], refused)
    equal(Client(files).ask("b.example").rcode, 0)


@loopback.test("who is refused for its rate takes no place from anybody, also when all are taken")
def flood_places(box):
    files = Files(box)
    weir = box.weir([box.upstream()], tcp={"max_connections": 8, "max_per_client": 8},
                    encrypted=encrypted(files.issue(), handshake_rate=1))
    ctx = context(files)

    def knock():
        try:
            ctx.wrap_socket(from_address("127.0.0.9"), server_hostname="dns.example").close()
        except OSError:
            return 0
        return 1
    until("its rate is used up", lambda: not knock())
    until("only we are there", lambda: weir.verb("status")["encrypted"]["memory_used_bytes"] == 0)
    fair, began = [Client(files) for _ in range(8)], time.monotonic()
    wire = question("half.example")
    for c in fair:  # half a question: it may be closed for who comes
        c.tls.sendall(struct.pack(">H", len(wire)) + wire[:5])
    done = sum(knock() for _ in range(30))
    need(done <= time.monotonic() - began + 1, done)
    answered = 0
    for c in fair:
        try:
            c.tls.sendall(wire[5:])
            answered += c.reply().rcode == 0
        except (OSError, EOFError, struct.error, AssertionError):
            pass
    need(answered >= 8 - done, (answered, done))


if __name__ == "__main__":
    loopback.main()
