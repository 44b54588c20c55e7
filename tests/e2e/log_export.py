#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Collectors are told what happens: JSON, syslog, CEF and dnstap over files, sockets and TLS; one that never reads costs a counter alone."""
import json
import os
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading

import loopback
from loopback import equal, need, until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lab"))
import certs                                                                        # noqa: E402
import spaces                                                                       # noqa: E402

CONTENT = b"protobuf:dnstap.Dnstap"


class Folder:
    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="weir-export-")
        os.chmod(self.path, 0o777)

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)


def folder(box):
    box.things.append(Folder())
    return box.things[-1].path


class Collector:
    """Takes connections one after the other and keeps what they say; `greet` is called with each first."""

    def __init__(self, box, listener, greet=None):
        self.listener, self.greet, self.text, self.connections = listener, greet, b"", 0
        listener.listen(4)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        box.things.append(self)

    def _run(self):
        while True:
            try:
                peer, _ = self.listener.accept()
                self.connections += 1
                if self.greet:
                    peer = self.greet(peer)
                while more := peer.recv(65536):
                    self.text += more
            except (OSError, ssl.SSLError):
                if self.listener.fileno() < 0:
                    return

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.thread.join(5)


def tcp(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", port))
    return s


def unix(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.bind(path)
    os.chmod(path, 0o777)
    return s


def counted(text):
    """Messages of RFC 6587 octet counting."""
    out = []
    while text:
        digits, _, rest = text.partition(b" ")
        n = int(digits)
        if len(rest) < n:
            break
        out.append(rest[:n].decode())
        text = rest[n:]
    return out


def exports(weir):
    return {e["name"]: e for e in weir.verb("status")["exports"]}


@loopback.test("JSON to a file and a socket, syslog by UDP and TCP, CEF: each query once, escaped as each wants it")
def formats(box):
    home = folder(box)
    path = os.path.join(home, "queries.json")
    local = Collector(box, unix(os.path.join(home, "sock")))
    stream = Collector(box, tcp(6010))
    cef = Collector(box, tcp(6011))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 6012))
    datagrams.settimeout(20)
    box.things.append(datagrams)
    weir = box.weir([box.upstream()], workers=1, log={"path": os.path.join(home, "kept"), "interval": "1s"}, export=[
        {"name": "file", "to": f"file://{path}"}, {"name": "local", "to": f"unix://{home}/sock"},
        {"name": "syslog", "format": "syslog", "to": "tcp://127.0.0.1:6010"},
        {"name": "cef", "format": "cef", "to": "tcp://127.0.0.1:6011"},
        {"name": "udp", "format": "syslog", "to": "udp://127.0.0.1:6012"}])
    label = b'quo"te]=|\\back'
    weir.ask("plain.example")
    wire = bytes([len(label)]) + label + b"\7example\0"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(20)
        s.connect(weir.address)
        s.send(struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + wire + struct.pack(">2H", 1, 1))
        s.recv(4096)

    def lines():
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as f:
            return [json.loads(line) for line in f.read().split("\n")[:-1]]
    until("the file", lambda: sum("name" in e for e in lines()) == 2)
    until("the socket", lambda: local.text.count(b'"name"') == 2)
    until("syslog", lambda: sum('"name"' in m for m in counted(stream.text)) == 2)
    until("CEF", lambda: sum("destinationDnsDomain=" in m for m in counted(cef.text)) == 2)
    equal([e["name"] for e in lines() if "name" in e][0], "plain.example.")
    equal([json.loads(line) for line in local.text.decode().splitlines() if b'"name"' in line.encode()],
          [e for e in lines() if "name" in e])
    messages = [m for m in counted(stream.text) if '"name"' in m]
    head = re.match(r'<134>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S+ weir \d+ query '
                    r'\[origin software="weir" swVersion="[^"]+"\]\[meta sequenceId="\d+"\] (\{.*\})$', messages[0])
    need(head and json.loads(head[1])["name"] == "plain.example.", messages[0])
    need(any("CEF:0|weir|weir|" in m and "|query|DNS query|1|rt=" in m and "destinationDnsDomain=plain.example." in m
             and " src=127.0.0.1 " in m for m in counted(cef.text)), cef.text)
    strange = [m for m in counted(cef.text) if "quo" in m]
    need(len(strange) == 1 and "\\=" in strange[0].split("destinationDnsDomain=")[1].split(" ")[0], strange)
    heads = [m for m in counted(stream.text) if " log " in m and "head " in m]
    need(heads and re.search(r"head [0-9a-f]{64} up to event \d+", heads[0]), counted(stream.text))
    got = ""
    while '"name":"plain.example."' not in got:
        got = datagrams.recv(8192).decode()
    need(got.startswith("<134>1 ") and not got.endswith("\n\n"), got)
    until("all are counted", lambda: all(e["open"] and e["lost"] == 0 and e["sent"] >= 2 for e in exports(weir).values()))


@loopback.test("TLS: the collector has to prove who it is; with the pin it is told, with another one it is not")
def secured(box):
    home = folder(box)
    server = certs.Authority(os.path.join(home, "ca")).issue("siem", ["siem.example"])
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(server.chain, server.key)
    good = Collector(box, tcp(6514), lambda peer: ctx.wrap_socket(peer, server_side=True))
    bad = Collector(box, tcp(6515), lambda peer: ctx.wrap_socket(peer, server_side=True))
    wrong = "sha256/" + "A" * 43 + "="
    weir = box.weir([box.upstream()], workers=1, export=[
        {"name": "good", "format": "syslog", "to": f"tls://127.0.0.1#name=siem.example&pin=sha256/{server.pin}"},
        {"name": "bad", "format": "syslog", "to": f"tls://127.0.0.1:6515#name=siem.example&pin={wrong}"}])
    weir.ask("secret.example")
    until("it is told", lambda: any("secret.example." in m for m in counted(good.text)))
    until("the other is tried", lambda: exports(weir)["bad"]["failures"] > 0 and bad.connections > 0)
    need(not bad.text and exports(weir)["bad"]["problem"], exports(weir))


def control(kind, named):
    body = struct.pack(">I", kind) + (struct.pack(">II", 1, len(CONTENT)) + CONTENT if named else b"")
    return struct.pack(">II", 0, len(body)) + body


def fields(octets):
    """The fields of a protocol buffer: number to values."""
    out, at = {}, 0

    def varint():
        nonlocal at
        v, shift = 0, 0
        while True:
            octet = octets[at]
            at += 1
            v |= (octet & 127) << shift
            shift += 7
            if octet < 128:
                return v
    while at < len(octets):
        key = varint()
        if key & 7 == 0:
            value = varint()
        else:
            equal(key & 7, 2)
            n = varint()
            value = octets[at:at + n]
            at += n
        out.setdefault(key >> 3, []).append(value)
    return out


def frames(octets):
    """Control frames as ("control", kind), others as their fields."""
    out, at = [], 0
    while at + 4 <= len(octets):
        n, = struct.unpack_from(">I", octets, at)
        if n == 0:
            size, kind = struct.unpack_from(">II", octets, at + 4)
            out.append(("control", kind))
            at += 8 + size
        else:
            if at + 4 + n > len(octets):
                break
            out.append(fields(octets[at + 4:at + 4 + n]))
            at += 4 + n
    return out


@loopback.test("dnstap: frame streams to a file and, hands shaken, to a socket")
def dnstap(box):
    home = folder(box)
    path = os.path.join(home, "queries.tap")

    def shake(peer):
        hello = peer.recv(4096)
        equal(hello, control(4, True))
        peer.sendall(control(1, True))
        return peer
    tap = Collector(box, unix(os.path.join(home, "tap.sock")), shake)
    weir = box.weir([box.upstream()], workers=1, export=[
        {"name": "file", "format": "dnstap", "to": f"file://{path}"},
        {"name": "socket", "format": "dnstap", "to": f"unix://{home}/tap.sock"}])
    weir.ask("tapped.example", tcp=True)
    until("the socket", lambda: len(frames(tap.text)) == 2)
    weir.stop()
    with open(path, "rb") as f:
        kept = frames(f.read())
    equal([kept[0], kept[2]], [("control", 2), ("control", 3)])
    equal(len(kept), 3)
    for frame in (kept[1], frames(tap.text)[1]):
        equal(frame[15], [1])
        message = fields(frame[14][0])
        equal((message[1], message[2], message[3], message[4]), ([6], [1], [2], [socket.inet_aton("127.0.0.1")]))
        response = message[14][0]
        need(b"\6tapped\7example\0\0\1\0\1" in response, response)
        equal(response[2] & 0x80, 0x80)
    until("STOP", lambda: frames(tap.text)[-1] == ("control", 3))


class Capture:
    """fstrm_capture, by who made frame streams: takes one stream from a socket into a file."""

    def __init__(self, home):
        self.socket, self.path = os.path.join(home, "capture.sock"), os.path.join(home, "captured.tap")
        self.process = subprocess.Popen([spaces.peer("fstrm_capture"), "-t", CONTENT.decode(), "-u", self.socket, "-w", self.path],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("it listens", lambda: os.path.exists(self.socket))
        os.chmod(self.socket, 0o777)    # weir is nobody by then

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()    # and it writes what it has
            self.process.wait(20)


def decoded(path):
    """What dnstap-ldns, which shares nothing with weir, reads in a file."""
    done = subprocess.run([spaces.peer("dnstap-ldns"), "-y", "-r", path], capture_output=True, text=True, check=False)
    equal((done.returncode, done.stderr), (0, ""), done.stdout)
    return done.stdout.split("\n---\n")[:-1] if done.stdout else []


@loopback.test("dnstap, as the tools of others take and read it: over UDP and TCP, IPv4 and IPv6, answered and denied")
def dnstap_others(box):
    for program in ("dnstap-ldns", "fstrm_capture"):
        if not spaces.have(program):
            raise loopback.Skipped(f"{program} is missing: tools/peers.sh fetches it")
    home = folder(box)
    path = os.path.join(home, "queries.tap")
    capture = Capture(home)
    box.things.append(capture)
    weir = box.weir([box.upstream()], workers=1, listen=["127.0.0.1:5300", "[::1]:5300"],
                    policy={"rules": [{"name": "no", "domains": ["no.example"], "verdict": "nxdomain"}]}, export=[
        {"name": "file", "format": "dnstap", "to": f"file://{path}"},
        {"name": "capture", "format": "dnstap", "to": f"unix://{capture.socket}"}])
    weir.ask("one.example")
    weir.ask("two.example", tcp=True, qtype=28)
    weir.ask("three.example", to=("::1", 5300))
    weir.ask("x.no.example")
    until("the capture has them", lambda: exports(weir)["capture"]["sent"] >= 4)
    weir.stop()
    capture.close()
    for where in (path, capture.path):
        told = decoded(where)
        equal(len(told), 4, told)
        for text, name, kind, family, protocol, rcode in zip(
                told, ("one", "two", "three", "x.no"), ("A", "AAAA", "A", "A"), ("INET", "INET", "INET6", "INET"),
                ("UDP", "TCP", "UDP", "UDP"), ("NOERROR", "NOERROR", "NOERROR", "NXDOMAIN")):
            for words in (r"type: CLIENT_RESPONSE", rf"socket_family: {family}\b", rf"socket_protocol: {protocol}\b",
                          r'query_address: "?(127\.0\.0\.1|::1)"?\n', rf"rcode: {rcode}\b", rf";;? ?{name}\.example\.\s+IN\s+{kind}\b"):
                need(re.search(words, text), (words, text))


@loopback.test("a collector that accepts and never reads, and one that is away, lose events; answers and other collectors do not")
def never_reads(box):
    home = folder(box)
    path = os.path.join(home, "all.json")
    deaf = tcp(6020)
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.listen(4)
    box.things.append(deaf)
    weir = box.weir([box.upstream()], workers=1, program=os.environ.get("WEIR_PLAIN"),
                    limits={"client_rate": 0, "rrl_rate": 0, "client_inflight": 1000},
                    export=[{"name": "deaf", "to": "tcp://127.0.0.1:6020"}, {"name": "away", "to": "tcp://127.0.0.1:6021"},
                            {"name": "file", "to": f"file://{path}"}])
    asked = 0
    wire = loopback.question("again.example")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(20)
        while exports(weir)["deaf"]["lost"] == 0 or exports(weir)["away"]["lost"] == 0:
            need(asked < 400000, exports(weir))
            for _ in range(40):
                for _ in range(64):
                    s.sendto(wire, weir.address)
                for _ in range(64):
                    s.recv(4096)
                asked += 64
    counters = weir.verb("stats")["counters"]
    equal(counters["replies"], asked)
    def told():
        with open(path, "rb") as f:
            return f.read().count(b'"name"')
    # Where a machine is busy this one may be late too; what it has not got is counted.
    until("the file has the rest", lambda: told() + exports(weir)["file"]["lost"] >= weir.verb("stats")["events"]["taken"])
    need(told() > asked / 2, (told(), asked, exports(weir)))
    equal(weir.ask("after.example").rcode, 0)


if __name__ == "__main__":
    loopback.main()
