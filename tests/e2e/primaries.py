# SPDX-License-Identifier: Apache-2.0
"""Real primaries on the loopback, for the tests of copies: knotd, nsd and named with one zone, and a liar in this process.

    knot = primaries.Knot(box)              # 127.0.0.2:5301, zone example. with serial 1
    knot.publish(serial=2, a="192.0.2.2")   # a new zone file; knotd makes the changes itself
"""
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading

import loopback

sys.path.insert(0, os.path.join(loopback.TOP, "lab"))
import servers  # noqa: E402
import spaces  # noqa: E402

SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
TIMERS = "3600 2 3600 60"
EXTRA = 40


def zone_text(serial, a="192.0.2.1", timers=TIMERS, more="", extra=EXTRA):
    """The more `extra`, the less is a change of a few records the whole zone."""
    rows = "".join(f"h{i}.example. 60 A 192.0.2.{i % 250}\n" for i in range(extra))
    return (f"example. 60 SOA ns.example. root.example. {serial} {timers}\nexample. 60 NS ns.example.\n"
            f"ns.example. 60 A 127.0.0.2\nwww.example. 60 A {a}\n{rows}{more}")


class Primary:
    """A server of its own process and folder."""

    def __init__(self, box, address, port):
        self.address, self.port, self.process = address, port, None
        self.url = f"tcp://{address}:{port}"
        self.folder = tempfile.mkdtemp(prefix="weir-primary-")
        self.zone = os.path.join(self.folder, "example.zone")
        box.things.append(self)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.replace(path + ".new", path)
        return path

    def run(self, command):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        loopback.until("the primary's socket", self.is_open)

    def is_open(self):
        loopback.need(self.process.poll() is None, self.log())
        try:
            socket.create_connection((self.address, self.port), 1).close()
            return True
        except OSError:
            return False

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def publish(self, serial, **words):
        self.write("example.zone", zone_text(serial, **words))
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(loopback.PATIENCE_S)

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Knot(Primary):
    """`identity`: it speaks TLS as well, at tls_port (RFC 9103); `over_tls` is where."""
    tls_port = 8531

    def __init__(self, box, key=None, notify=None, secret=SECRET, deny=False, identity=None, **words):
        super().__init__(box, "127.0.0.2", 5301)
        self.over_tls = f"tls://{self.address}:{self.tls_port}"
        tls = (f"listen-tls: {self.address}@{self.tls_port}", f"key-file: {identity.key}", f"cert-file: {identity.chain}") if identity else ()
        self.write("example.zone", zone_text(1, **words))
        keys = f"key:\n  - id: {key}\n    algorithm: hmac-sha256\n    secret: {secret}\n" if key else ""
        remote = f"remote:\n  - id: weir\n    address: {notify}\n    via: {self.address}\n" if notify else ""
        acl = "deny: on" if deny else f"key: {key}" if key else "address: 127.0.0.0/8"
        self.conf = self.write("knot.conf", servers.knot_conf(self.folder, f"listen: {self.address}@{self.port}", *tls) + f"""{keys}{remote}acl:
  - id: out
    {acl}
    action: transfer
template:
  - id: default
    storage: {self.folder}
    zonefile-sync: -1
    zonefile-load: difference
    journal-content: all
zone:
  - domain: example.
    file: {self.zone}
    acl: out
{'    notify: weir' if notify else ''}
""")
        self.start()

    def start(self):
        self.run([spaces.peer("knotd"), "-c", self.conf])


class Nsd(Primary):
    """The same; it gives the zone over TLS alone then."""
    tls_port = 8532

    def __init__(self, box, key=None, notify=None, identity=None, **words):
        super().__init__(box, "127.0.0.3", 5302)
        self.over_tls = f"tls://{self.address}:{self.tls_port}"
        tls = (f"""server:
  ip-address: {self.address}@{self.tls_port}
  tls-port: {self.tls_port}
  tls-service-key: "{identity.key}"
  tls-service-pem: "{identity.chain}"
""" if identity else "")
        self.write("example.zone", zone_text(1, **words))
        keys = f"key:\n  name: {key}\n  algorithm: hmac-sha256\n  secret: \"{SECRET}\"\n" if key else ""
        told = f"  notify: {notify} {key or 'NOKEY'}\n  outgoing-interface: {self.address}\n" if notify else ""
        self.conf = self.write("nsd.conf", servers.nsd_conf(self.folder, [f"{self.address}@{self.port}"]) + f"""{tls}{keys}zone:
  name: "example."
  zonefile: "{self.zone}"
  provide-xfr: 127.0.0.0/8 {key or 'NOKEY'}
{told}""")
        self.run([spaces.peer("nsd"), "-d", "-c", self.conf])


class Named(Primary):
    """The same, of BIND; it gives the zone under the key alone, and signs NOTIFY. It listens at none but an interface's own addresses."""

    def __init__(self, box, key, notify, **words):
        super().__init__(box, "127.0.0.1", 5305)
        self.write("example.zone", zone_text(1, **words))
        self.conf = self.write("named.conf", f"""key "{key}" {{ algorithm hmac-sha256; secret "{SECRET}"; }};
options {{
  directory "{self.folder}";
  listen-on port {self.port} {{ {self.address}; }};
  listen-on-v6 {{ none; }};
  pid-file none;
  session-keyfile none;
  recursion no;
  dnssec-validation no;
  allow-transfer {{ key "{key}"; }};
  notify explicit;
  notify-source {self.address};
  notify-delay 0;
}};
controls {{ }};
zone "example" {{
  type primary;
  file "{self.zone}";
  ixfr-from-differences yes;
  also-notify {{ {notify} key "{key}"; }};
}};
""")
        self.run([spaces.peer("named"), "-g", "-n", "1", "-c", self.conf])


def record(name, rtype, rdata, ttl=60):
    return loopback.wire_name(name) + struct.pack(">HHIH", rtype, 1, ttl, len(rdata)) + rdata


def soa(serial):
    return record("example", 6, loopback.wire_name("ns.example") * 2 + struct.pack(">IIIII", serial, 3600, 2, 3600, 60))


def message(query, *records, flags=0x8400):
    body = query[12:loopback.skip_name(query, 12) + 4]
    wire = query[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0) + body + b"".join(records)
    return struct.pack(">H", len(wire)) + wire


class Liar:
    """A primary in this process: `play(query)` gives octets to send, then the connection is closed, unless they end with None.

    `identity`: it speaks TLS. `rude`: it says what it has without hearing anything.
    """

    def __init__(self, box, play, identity=None, rude=False, port=5303):
        self.play, self.asked, self.rude, self.context = play, [], rude, None
        if identity:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(identity.chain, identity.key)
            self.context.set_alpn_protocols(["dot"])
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.4", port))
        self.socket.listen(8)
        self.url = f"tcp://127.0.0.4:{port}"
        self.over_tls = f"tls://127.0.0.4:{port}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        box.things.append(self)

    def _serve(self):
        while True:
            try:
                conn, _ = self.socket.accept()
                with conn:
                    conn.settimeout(loopback.PATIENCE_S)
                    self._play(conn)
            except (OSError, AssertionError):
                if self.socket.fileno() < 0:
                    return

    def _play(self, conn):
        if self.rude:
            conn.sendall(self.play(b""))
            return
        with self.context.wrap_socket(conn, server_side=True) if self.context else conn as conn:
            query = loopback.read_framed(conn)
            at = loopback.skip_name(query, 12)
            self.asked.append(struct.unpack(">H", query[at:at + 2])[0])
            conn.sendall(self.play(query))

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(5)
