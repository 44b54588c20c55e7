# SPDX-License-Identifier: Apache-2.0
"""Servers that speak encrypted DNS, in the lab: real ones, each in front of the lab's resolver `isp`.

    with Upstream(lab, "unbound", identity) as server:       # DoT, DoH; on the machine and addresses of `relay`
        server.dot, server.pid ...
    with Upstream(lab, "knotd", identity) as server: ...     # DoT, DoQ

    who        ports that it opens
    unbound    853 (DoT), 443 (DoH)
    kresd      853 (DoT), 443 (DoH)
    dnsdist    853 (DoT), 443 (DoH)
    knotd      853 (DoT), 853/udp (DoQ); it is an authority, its dnsproxy module passes everything on

All are Debian 13's, so that who spoke what to whom can be said. `start` gives the process, `wait` the moment when it accepts
connections; it stays until `stop` or the end of the lab.
"""

import os
import socket
import subprocess
import tempfile

import certs
import gateway
import rooted
import world
from servers import knot_conf, log_of, write
from spaces import RUN, LabError, Started, peer
from story import until

HOST = "dns.relay.example"  # the name in the certificates of servers on the relay


def _unbound(home, addresses, identity, forward):
    listen = "".join(f"  interface: {a}@853\n  interface: {a}@443\n" for a in addresses)
    conf = write(os.path.join(home, "unbound.conf"), f"""server:
{listen}  module-config: "iterator"
  tls-service-key: "{identity.key}"
  tls-service-pem: "{identity.chain}"
  tls-port: 853
  https-port: 443
  http-endpoint: "/dns-query"
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  directory: "{home}"
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  num-threads: 1
  incoming-num-tcp: 4000
  msg-cache-size: 32m
  rrset-cache-size: 32m
  do-not-query-localhost: no
forward-zone:
  name: "."
  forward-addr: {forward}
""")
    return [peer("unbound"), "-d", "-c", conf]


def _kresd(home, addresses, identity, forward):
    listen = "".join(f"net.listen('{a}', 853, {{kind='tls'}})\nnet.listen('{a}', 443, {{kind='doh2'}})\n"
                     for a in addresses)
    conf = write(os.path.join(home, "kresd.conf"), f"""{listen}net.tls('{identity.chain}', '{identity.key}')
cache.open(20 * MB, 'lmdb://{home}')
modules.unload('priming')
modules.unload('ta_signal_query')
modules.unload('ta_sentinel')
trust_anchors.remove('.')
policy.add(policy.all(policy.FORWARD({{'{forward}'}})))
""")
    return rooted.command("/usr/sbin/kresd", "-n", "-c", conf, home)


def _dnsdist(home, addresses, identity, forward):
    both = f"'{identity.chain}', '{identity.key}'"
    listen = "".join(f"addTLSLocal('{bracket(a)}:853', {both})\naddDOHLocal('{bracket(a)}:443', {both}, '/dns-query')\n"
                     for a in addresses)
    conf = write(os.path.join(home, "dnsdist.conf"), f"""setLocal('127.0.0.1:5300')
setACL({{'0.0.0.0/0', '::/0'}})
setSecurityPollSuffix('')
setMaxTCPClientThreads(1)
getPool(''):setCache(newPacketCache(100000))
newServer({{address='{forward}:53', healthCheckMode='up'}})
{listen}""")
    return [peer("dnsdist"), "--supervised", "--disable-syslog", "-C", conf]


def _knotd(home, addresses, identity, forward):
    listen = ", ".join(f"{a}@853" for a in addresses)
    own = (f"listen-tls: [{listen}]", f"listen-quic: [{listen}]", f"key-file: {identity.key}", f"cert-file: {identity.chain}")
    conf = write(os.path.join(home, "knot.conf"), knot_conf(home, *own) + f"""remote:
  - id: forward
    address: {forward}
mod-dnsproxy:
  - id: all
    remote: forward
    fallback: off
template:
  - id: default
    storage: {home}
    global-module: mod-dnsproxy/all
""")
    return [peer("knotd"), "-c", conf]


KINDS = {"unbound": _unbound, "kresd": _kresd, "dnsdist": _dnsdist, "knotd": _knotd}
# What each speaks, as kdig calls it.
SPEAKS = {"unbound": ("tls", "https"), "kresd": ("tls", "https"), "dnsdist": ("tls", "https"), "knotd": ("tls", "quic")}


def bracket(address):
    return f"[{address}]" if ":" in address else address


class Upstream(Started):
    """One server of these kinds on a machine of the Internet; by default the relay."""

    def __init__(self, lab, kind, identity, machine="relay", forward="isp"):
        self.lab, self.kind, self.identity = lab, kind, identity
        self.node = lab.nodes[machine]
        self.addresses = world.INTERNET[machine]
        self.home = os.path.join(RUN, f"{kind}.secure")
        os.makedirs(self.home, exist_ok=True)
        self.argv = KINDS[kind](self.home, self.addresses, identity, world.INTERNET[forward][0])
        self.process = None

    def start(self):
        self.process = self.node.start(self.argv, log=log_of(f"{self.kind}.secure"), cwd=self.home)
        if not until(self._accepts, 15):
            with open(log_of(f"{self.kind}.secure"), errors="replace") as file:
                raise LabError(f"{self.kind} opens no port 853: {file.read()[-500:]}")
        return self

    def _accepts(self):
        if self.process.poll() is not None:
            return False
        for address in self.addresses:
            with self.node.inside():
                sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
            with sock:
                if sock.connect_ex((address, 853)) != 0:
                    return False
        return True


def authority(name="ca"):
    """A new authority of the lab, in a folder of its own."""
    return certs.Authority(os.path.join(RUN, "certs", name), name)


def only(url, ca, **more):
    """A configuration that asks this server and nobody else, encrypted or not at all."""
    return {"upstream": {"groups": [{"name": "relay", "servers": [url]}], "default": "relay", "encryption": "required",
                         "ca_file": ca.path}, **more}


def listening(identity, addresses, transports=("dot",)):
    """The section of a configuration that has weir listen for these, with this certificate."""
    return {"encrypted": {**{transport: list(addresses) for transport in transports},
                          "certificates": [{"chain": identity.chain, "key": identity.key}]}}


def able():
    """What this weir says it can: transports that it listens for, schemes of upstreams that it asks."""
    program = gateway.binary()
    quiet = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}  # whose search fails where /proc is not that of the namespace
    manual = subprocess.run([program, "check", "--doc"], capture_output=True, text=True, check=True, env=quiet).stdout
    heard = [what for what in ("dot", "doh", "doq") if f"### `encrypted.{what}`" in manual]
    asked = []
    with tempfile.TemporaryDirectory() as folder:
        for scheme in ("tls", "https", "quic"):
            path = write(os.path.join(folder, "weir.yaml"), "upstream: {groups: [{name: a, servers: "
                         f"[\"{scheme}://192.0.2.1#opportunistic\"]}}], default: a}}\n")
            done = subprocess.run([program, "check", path], capture_output=True, text=True, check=False, env=quiet)
            asked += [scheme] if "not supported yet" not in done.stdout + done.stderr else []
    return heard, asked
