# SPDX-License-Identifier: Apache-2.0
"""Clients of encrypted DNS that are not kdig: each run by hand of a device against one server.

    where = Server("192.168.8.1", "dns.home.example", ca.path)      # address, name in its certificate, authority
    curl(node, where, "http://page.home.example/")                  # the text of a page whose name was asked by DoH
    perf(node, where, "dot", names)                                 # dnsperf's figures: {"sent":, "completed":, "lost":}
    openssl(node, where, wire), gnutls(node, where, wire)           # a message over DoT and what came back, as octets
    with Stubby(node, where): clients.kdig(node, "127.0.0.1", ...)  # a stub for what speaks plain DNS on that device
    with Resolved(node, where): clients.kdig(node, "127.0.0.53", ...)

Each verifies the server, but for dnsperf, which cannot. A client that fails gives None, or LabError with its own words.
"""

import base64
import os
import re
import selectors
import socket
import struct
import subprocess
import time
from dataclasses import dataclass

import rooted
from servers import log_of, write
from spaces import RUN, LabError, Started, peer
from story import until


@dataclass
class Server:
    """One encrypted server as a client knows it."""
    address: str
    host: str
    ca: str
    path: str = "/dns-query"

    @property
    def literal(self):
        return f"[{self.address}]" if ":" in self.address else self.address

    @property
    def url(self):
        return f"https://{self.host}{self.path}"

    def kdig(self):
        """Flags of kdig that have it proven who answers."""
        return [f"+tls-ca={self.ca}", f"+tls-hostname={self.host}"]


def curl(node, where, url, *words):
    """A page by HTTP; the address of its host is asked for by DoH. (text, what curl said)"""
    own = [peer("curl"), "--silent", "--show-error", "--verbose", "--max-time", "10", "--cacert", where.ca,
           "--resolve", f"{where.host}:443:{where.address}", "--doh-url", where.url, *words, url]
    done = node.run(own, check=False, env={**os.environ, "CURL_CA_BUNDLE": where.ca})
    return (done.stdout if done.returncode == 0 else None), done.stderr


def post(node, where, wire, *words):
    """One DNS message by HTTP POST: (status, HTTP version, headers, body)."""
    body, head = (os.path.join(RUN, f"post.{end}") for end in ("body", "head"))
    own = [peer("curl"), "--silent", "--show-error", "--max-time", "10", "--cacert", where.ca, "--resolve",
           f"{where.host}:443:{where.address}", "-H", "content-type: application/dns-message", "--data-binary", "@-",
           "-D", head, "-o", body, "-w", "%{http_code} %{http_version}", *words, where.url]
    for path in (body, head):
        open(path, "w").close()
    done = node.run(own, check=False, input=wire, text=False)
    status, version = (done.stdout.decode().split() + ["0", "0"])[:2]
    with open(body, "rb") as b, open(head, encoding="latin-1") as h:
        return int(status), version, h.read().lower(), b.read()


def perf(node, where, mode, names, seconds=None, clients=4, rounds=1):
    """dnsperf over `dot` or `doh`: each name `rounds` times, or for so many seconds."""
    data = write(os.path.join(RUN, "dnsperf.names"), "".join(f"{name} A\n" for name in names))
    words = [peer("dnsperf"), "-m", mode, "-s", where.address, "-p", "853" if mode == "dot" else "443", "-d", data,
             "-c", str(clients), "-q", "50", "-O", f"tls-sni={where.host}"]
    if mode == "doh":
        words += ["-O", f"doh-uri={where.url}"]
    words += ["-l", str(seconds)] if seconds else ["-n", str(rounds)]
    done = node.run(words, check=False, timeout=120)
    found = {key: int(n) for key, n in re.findall(r"Queries (sent|completed|lost):\s+(\d+)", done.stdout)}
    if not found:
        raise LabError(f"dnsperf: {(done.stdout + done.stderr).strip()[-400:]}")
    found["codes"] = dict(re.findall(r"(\w+) (\d+) \(", done.stdout.partition("Response codes:")[2].partition("\n")[0]))
    return found


def _talk(node, words, wire, timeout=8):
    """Run a TLS client, give it a framed message as soon as it runs; (message that came back or None, its words)."""
    with node.inside():
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    seen = b""
    try:
        process.stdin.write(struct.pack("!H", len(wire)) + wire)
        process.stdin.flush()
        end = time.monotonic() + timeout
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            while time.monotonic() < end and not _framed(seen, wire):
                if ready.select(0.2):
                    more = os.read(process.stdout.fileno(), 65536)
                    if not more:
                        break
                    seen += more
    except BrokenPipeError:
        pass
    finally:
        process.kill()
        _, said = process.communicate()
    return _framed(seen, wire), said.decode(errors="replace")


def _framed(seen, wire):
    """The whole message in what a client printed, or None: its length, then the id that was asked with."""
    at = seen.find(wire[:2], 2)
    if at < 2 or len(seen) < at:
        return None
    size = struct.unpack("!H", seen[at - 2:at])[0]
    return seen[at:at + size] if len(seen) >= at + size else None


def openssl(node, where, wire, *words):
    return _talk(node, [peer("openssl"), "s_client", "-connect", f"{where.literal}:853", "-servername", where.host,
                        "-CAfile", where.ca, "-verify_return_error", "-verify_hostname", where.host, "-quiet",
                        *words], wire)


def gnutls(node, where, wire, *words):
    return _talk(node, [peer("gnutls-cli"), "--x509cafile", where.ca, "--verify-hostname", where.host, "--sni-hostname",
                        where.host, "--port", "853", "--logfile", "/dev/null", *words, where.address], wire)


class Local(Started):
    """A stub on a device; what answers there on an address of its loopback."""

    address = "127.0.0.1"

    def __init__(self, node, where):
        self.node, self.where, self.process = node, where, None
        self.name = type(self).__name__.lower()
        self.home = os.path.join(RUN, f"{self.name}.{node.name}")
        os.makedirs(self.home, exist_ok=True)
        self.log = log_of(f"{self.name}.{node.name}")

    def argv(self):
        raise NotImplementedError

    def start(self):
        open(self.log, "w").close()
        self.process = self.node.start(self.argv(), log=self.log)
        if not until(self.listens, 20):
            raise LabError(f"{self.name} does not listen: {self.said()}")
        return self

    def listens(self):
        if self.process.poll() is not None:
            return False
        with self.node.inside(), socket.socket() as sock:
            return sock.connect_ex((self.address, 53)) == 0

    def said(self):
        with open(self.log, errors="replace") as file:
            return file.read()[-800:]


class Stubby(Local):
    """The stub of getdns: strict, to one server."""

    def argv(self):
        conf = write(os.path.join(self.home, "stubby.yml"), f"""resolution_type: GETDNS_RESOLUTION_STUB
dns_transport_list: [GETDNS_TRANSPORT_TLS]
tls_authentication: GETDNS_AUTHENTICATION_REQUIRED
tls_ca_file: "{self.where.ca}"
tls_query_padding_blocksize: 128
idle_timeout: 10000
appdata_dir: "{self.home}"
listen_addresses: [127.0.0.1]
upstream_recursive_servers:
  - address_data: {self.where.address}
    tls_auth_name: "{self.where.host}"
""")
        return [peer("stubby"), "-C", conf]


class Resolved(Local):
    """systemd-resolved in strict DNS over TLS. It runs unpacked, with the lab's own /run, and is never installed."""

    address = "127.0.0.53"

    def argv(self):
        conf = write(os.path.join(self.home, "resolved.conf"), f"""[Resolve]
DNS={self.where.address}#{self.where.host}
FallbackDNS=
Domains=~.
DNSOverTLS=yes
DNSSEC=no
LLMNR=no
MulticastDNS=no
Cache=no
""")
        os.makedirs("/run/systemd/resolve", exist_ok=True)
        return ["env", f"SSL_CERT_FILE={self.where.ca}", "SYSTEMD_LOG_LEVEL=debug",
                *rooted.command("/usr/lib/systemd/systemd-resolved", files={"/etc/systemd/resolved.conf": conf})]


def stamp(protocol, *parts):
    """A DNS stamp (sdns://): protocol, no properties, then length-prefixed texts; None stands for no certificate hashes."""
    octets = bytes([protocol]) + bytes(8)
    for part in parts:
        octets += b"\0" if part is None else bytes([len(part)]) + part.encode()
    return "sdns://" + base64.urlsafe_b64encode(octets).decode().rstrip("=")


class Dnscrypt(Local):
    """dnscrypt-proxy: a stub on a device that asks one DoH server, or one ODoH target through one ODoH proxy.

    An ODoH stamp names its target without an address: `bootstrap` is the plain server that knows it."""

    def __init__(self, node, where, proxy=None, proxy_path="/proxy", bootstrap=None):
        super().__init__(node, where)
        self.proxy, self.proxy_path, self.bootstrap = proxy, proxy_path, bootstrap

    def listens(self):
        """It opens its ports first and looks at its server then; what is asked in between is lost."""
        said = self.said()
        return super().listens() and ("is ready" in said or "[ERROR]" in said)

    def argv(self):
        where = self.where
        if self.proxy:
            stamps = {"target": stamp(5, where.host, where.path),
                      "relay": stamp(0x85, self.proxy.address, None, self.proxy.host, self.proxy_path)}
            routes = "[anonymized_dns]\nroutes = [{server_name='target', via=['relay']}]\nskip_incompatible = true\n"
        else:
            stamps, routes = {"target": stamp(2, where.address, None, where.host, where.path)}, ""
        bootstrap = self.bootstrap or where.address
        conf = write(os.path.join(self.home, "dnscrypt.toml"), f"""listen_addresses = ['127.0.0.1:53']
server_names = ['target']
dnscrypt_servers = false
doh_servers = true
odoh_servers = true
require_nolog = false
require_nofilter = false
bootstrap_resolvers = ['{bootstrap}:53']
ignore_system_dns = true
netprobe_timeout = 0
timeout = 5000
cache = false
log_level = 1
{routes}[static]
""" + "".join(f"[static.{name}]\nstamp = '{text}'\n" for name, text in stamps.items()))
        return ["env", f"SSL_CERT_FILE={where.ca}", peer("dnscrypt-proxy"), "-config", conf]
