#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Encryption required: at boot, after a link change and with every upstream down not one asked name can be read on the uplink.

The resolver's own name is in the handshake (SNI), unless the URL gives pins and no name; that is looked at as well. The same steps
without `required` show names, so the witness can see.
"""

import contextlib
import os
import shutil
import ssl
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import e2e
from e2e import equal, need, until

import certs
import clients
import world
from impostor import _Impostor

SNI = "dns.isp.example"
MOVING = "flash.cloud.example"  # a name whose address the test can change
STAYING = "resolver.cloud.example"
CLOCKS = ["0.pool.ntp.example", "1.pool.ntp.example", "2.pool.ntp.example"]
BOOT = ["api.camera.example", "broker.cloud.example"]
CHANGED = ["device-1.load.cloud.example", "hour.cloud.example"]
DOWN = ["stream.camera.example", "many.cloud.example"]
ALL = CLOCKS + BOOT + CHANGED + DOWN
SPOKEN = [(n, world.INTERNET[n][0]) for n in ("isp", "public")]


class DotRelay(_Impostor):
    """DNS over TLS at an address, answered by the resolver that listens there on port 53."""

    def __init__(self, node, address, identity):
        super().__init__(node, address)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(identity.chain, identity.key)

    def open(self):
        self.listen(853, self._serve)

    def _serve(self, connection):
        with self.context.wrap_socket(connection, server_side=True) as tls:
            while True:
                head = self._exactly(tls, 2)
                query = self._exactly(tls, int.from_bytes(head, "big"))
                self.asked.append(query)
                reply = clients.exchange(self.node, self.address, query, timeout=3.0)
                if reply is None:
                    raise OSError("no answer")
                tls.sendall(len(reply).to_bytes(2, "big") + reply)

    @staticmethod
    def _exactly(tls, size):
        octets = b""
        while len(octets) < size:
            piece = tls.recv(size - len(octets))
            if not piece:
                raise OSError("closed")
            octets += piece
        return octets


@contextlib.contextmanager
def relays(lab):
    """Both resolvers over TLS, and the certificates that prove them."""
    home = tempfile.mkdtemp(prefix="weir-required-")
    ca = certs.Authority(home)
    os.chmod(home, 0o755)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, home, True)
        identities = {}
        for name, address in SPOKEN:
            identities[name] = ca.issue(name, [SNI, MOVING, STAYING], [address])
            stack.enter_context(DotRelay(lab.nodes[name], address, identities[name]))
        yield ca, identities


def config(ca, servers, **upstream):
    """Every name that weir needs for itself is looked up too: it asks the time, and finds out about a translator."""
    return {
        "upstream": {"groups": [{"name": "safe", "servers": servers, **upstream.pop("group", {})}], "default": "safe",
                     "ca_file": ca.path, **upstream},
        "time": {"trust": "ladder", "servers": CLOCKS},
        "dns64": {"discover": "rfc7050"},
        "dnssec": {"signal": True, "rfc5011": True},
        "cache": {"stale": {"enable": False}},
    }


def resolved(lab, names):
    for name in names:
        need(until(lambda n=name: lab.kdig("camera", n).rcode == "NOERROR", 20), f"no answer for {name}")


def story(lab, check):
    """Boot, a link change, every upstream down; `check` looks at what passed after each."""
    resolved(lab, BOOT)
    check("boot")
    lab.unplug()
    lab.replug()
    resolved(lab, CHANGED)
    check("a link change")
    lab.cut("isp", "public")
    try:
        for reply in lab.kdig_all(DOWN, timeout=12):
            need(reply is None or reply.rcode in (None, "SERVFAIL"), reply)
        check("every upstream down")
    finally:
        lab.restore("isp", "public")
    resolved(lab, DOWN)
    check("the upstreams back")


@e2e.test("encryption required: nothing asked can be read at boot, after a link change, with every upstream down")
def required(lab):
    with relays(lab) as (ca, _), lab.capture() as wire:
        lab.start_gateway(config(ca, [f"tls://{a}#name={SNI}" for _, a in SPOKEN], encryption="required"))
        seen = [0]

        def check(when):
            equal(wire.readable(*ALL), [], f"at: {when}")
            need(sum(p.outgoing for p in wire.packets[seen[0]:]) > 0, f"nothing left at all at: {when}")
            seen[0] = len(wire.packets)

        story(lab, check)
        lab.weir.run_verb("check", "name", "www.nsec.example")  # the doctor would ask name servers
        lab.weir.run_verb("check", "name", BOOT[0])
        equal(wire.readable(*ALL), [], "after the doctor")
        # the one name that can be read, so this wire is readable: the resolver's own
        need(any(SNI in line for line in wire.readable(SNI)), "the handshakes were not seen")


@e2e.test("with pins and addresses not even the resolver's name leaves")
def pinned(lab):
    with relays(lab) as (ca, identities), lab.capture() as wire:
        servers = [f"tls://{a}#pin=sha256/{identities[n].pin}" for n, a in SPOKEN]
        lab.start_gateway(config(ca, servers, encryption="required"))
        resolved(lab, BOOT)
        equal(wire.readable(SNI, *ALL), [])


@e2e.test("a server that stands with its name alone is found over another one, and found again where it went")
def bootstrap(lab):
    isp, public = (world.INTERNET[n][0] for n in ("isp", "public"))
    with relays(lab) as (ca, _), lab.capture() as wire:
        lab.change_cloud(flash=isp)
        try:
            lab.start_gateway(config(ca, [f"tls://{MOVING}"], encryption="required",
                                     bootstrap=[f"tls://{public}#name={SNI}"]))
            resolved(lab, BOOT)
            need(wire.bytes_out(isp) > 0, "the server that was found was not asked")
            equal(wire.readable(*(n for n in ALL if n != MOVING)), [])
            lab.change_cloud(flash=public)
            lab.cut("isp")
            resolved(lab, CHANGED)  # its new address, though nobody could be asked at the old one
            equal(wire.readable(*(n for n in ALL if n != MOVING)), [])
        finally:
            lab.restore("isp")
            lab.change_cloud()


@e2e.test("after a restart the kept cache finds the server, though nobody can be asked for its address")
def kept(lab):
    public = world.INTERNET["public"][0]
    with relays(lab) as (ca, _), lab.capture() as wire:
        home = os.path.dirname(ca.path)
        own = config(ca, [f"tls://{STAYING}"], encryption="required", bootstrap=[f"tls://{public}#name={SNI}"])
        own["cache"] = {"stale": {"enable": True}, "keep": {"path": os.path.join(home, "kept"), "min_interval": "1s"}}
        try:
            lab.start_gateway(own)
            resolved(lab, BOOT)
            lab.weir.stop()
            lab.cut("public")
            lab.start_gateway(own)
            resolved(lab, CHANGED)
            equal(wire.readable(*ALL), [])
        finally:
            lab.restore("public")


@e2e.test("the control: the same without `required` shows names, so the witness can see")
def control(lab):
    with relays(lab) as (ca, _), lab.capture() as wire:
        servers = [f"tls://{a}#name={SNI}" for _, a in SPOKEN] + [f"udp://{world.INTERNET['isp'][0]}"]
        lab.start_gateway(config(ca, servers, group={"allow_plain": True, "recurse_after": True}))
        resolved(lab, BOOT)
        equal(wire.readable(*ALL), [], "while the encrypted ones answer")
        lab.cut("isp", "public")
        try:
            lab.kdig("camera", DOWN[0], timeout=12)
            need(until(lambda: any(DOWN[0] in line for line in wire.readable(DOWN[0])), 20), "no name can be read")
        finally:
            lab.restore("isp", "public")


@e2e.test("what would ask in plain text is a mistake with its line and what to do")
def mistakes(lab):
    with relays(lab) as (ca, _):
        path = os.path.join(os.path.dirname(ca.path), "bad.yaml")
        with open(path, "w") as file:
            file.write(f"""upstream:
  encryption: required
  ca_file: {ca.path}
  groups:
    - name: safe
      servers:
        - "tls://192.0.2.1#name={SNI}"
        - "udp://192.0.2.2"
      recurse_after: true
  default: recursion
""")
        done = lab.nodes["gateway"].run([e2e.model.gateway.binary(), "check", path], check=False)
        need(done.returncode != 0, done.stdout)
        said = done.stdout + done.stderr
        for place, words in ((8, "udp://192.0.2.2 is asked in plain text"), (9, "recurse_after"), (10, "from the root")):
            need(any(f":{place}:" in line and words in line for line in said.splitlines()), f"{place} {words}: {said}")


e2e.main()
