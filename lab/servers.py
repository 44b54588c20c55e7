# SPDX-License-Identifier: Apache-2.0
"""The lab's servers: knotd, nsd and unbound, configured from world.py and started in their nodes.

Signed zones are signed by knotd itself. Their keys are made first, leaf before root, so that each
parent's zone can carry the DS records; the root's DS becomes unbound's trust anchor.
"""

import os
import socket
import struct
import subprocess
import time

import world
from spaces import RUN, LabError, peer

LOGS = os.path.join(RUN, "log")
ANCHOR = os.path.join(RUN, "root.ds")  # the DS records of the lab's root


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    return path


def log_of(name):
    os.makedirs(LOGS, exist_ok=True)
    return os.path.join(LOGS, f"{name}.log")


# knotd

# How a zone is signed and denies names: the lines of a knotd policy.
POLICIES = {
    "nsec": "",
    "nsec3": "    nsec3: on\n    nsec3-iterations: 0\n    nsec3-salt-length: 0\n",
    "optout": "    nsec3: on\n    nsec3-iterations: 0\n    nsec3-salt-length: 8\n    nsec3-opt-out: on\n",
    "iterated": "    nsec3: on\n    nsec3-iterations: 2500\n    nsec3-salt-length: 8\n",
}
ALGORITHMS = {8: "RSASHA256", 10: "RSASHA512", 13: "ECDSAP256SHA256", 14: "ECDSAP384SHA384",
              15: "ED25519", 16: "ED448"}


def _zone_file(zone):
    return "root.zone" if zone == "." else zone + "zone"


def knot_conf(home, *server, level="info"):
    """What every knotd of the tests has, with its files in `home`; `server`: lines of that section, such as where it listens."""
    lines = "".join(f"    {line}\n" for line in server)
    return f"""server:
    rundir: {home}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
{lines}log:
  - target: stderr
    any: {level}
database:
    storage: {home}
    journal-db-max-size: 16M
    kasp-db-max-size: 8M
    timer-db-max-size: 2M
"""


def _knot_conf(name, zones, signing=True):
    """`zones`: name -> policy. Without `signing` the zone files are served as they are."""
    home = os.path.join(RUN, name)
    conf = knot_conf(home, "listen: [0.0.0.0@53, ::@53]", level="warning") + "policy:\n"
    for policy, lines in POLICIES.items():
        conf += f"  - id: {policy}\n    manual: on\n    single-type-signing: on\n{lines}"
    conf += f"""template:
  - id: default
    storage: {home}
    zonefile-sync: -1
    semantic-checks: soft
zone:
"""
    for zone, policy in zones.items():
        conf += f"  - domain: \"{zone}\"\n    file: {_zone_file(zone)}\n"
        if policy:
            conf += f"    dnssec-signing: {'on' if signing else 'off'}\n    dnssec-policy: {policy}\n"
    return write(os.path.join(home, "knot.conf" if signing else "serve.conf"), conf)


def _keymgr(conf, zone, *words):
    done = subprocess.run([peer("keymgr"), "-c", conf, zone, *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(f"keymgr {zone} {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def _make_key(conf, zone, algorithm, *timing):
    """A key of the zone; its DS records (SHA-256 only)."""
    size = ["size=2048"] if algorithm < 13 else []
    _keymgr(conf, zone, "generate", f"algorithm={ALGORITHMS[algorithm]}", *size, "ksk=yes", "zsk=yes", *timing)
    return [line for line in _keymgr(conf, zone, "ds").splitlines() if line.split()[4] == "2"]


def start_knots(nodes):
    """Start root, tld, makers and broken; returns the root's DS records."""
    confs = {name: _knot_conf(name, {zone: policy for zone, (_, policy, _) in zones.items()})
             for name, zones in world.KNOT.items()}
    ds = {zone: _make_key(confs[name], zone, algorithm) for name, zones in world.KNOT.items()
          for zone, (_, policy, algorithm) in zones.items() if policy}
    broken, broken_ds = _make_broken()
    ds.update(broken_ds)
    for name, zones in world.KNOT.items():
        for zone, (text, _, _) in zones.items():
            below = "".join("\n".join(ds[child]) + "\n" for child in ds if world.parent(child) == zone)
            write(os.path.join(RUN, name, _zone_file(zone)), text() + below)
        nodes[name].start([peer("knotd"), "-c", confs[name]], log=log_of(name))
    nodes["broken"].start([peer("knotd"), "-c", broken], log=log_of("broken"))
    return ds["."]


# Zones with faults

def _drop(*types):
    return lambda text: "".join(line + "\n" for line in text.splitlines() if line.split()[2:3] != [] and
                                line.split()[2] not in types)


def _relabel(text, was="13", becomes="200"):
    """Signatures and keys of one algorithm called those of another that nobody knows."""
    lines = []
    for line in text.splitlines():
        words = line.split(None, 6)
        place = {"DNSKEY": 5, "RRSIG": 4}.get(words[2]) if len(words) > 6 else None
        if place and words[place] == was:
            words[place] = becomes
            line = " ".join(words)
        lines.append(line)
    return "\n".join(lines) + "\n"


# What is done to a zone after it was signed.
FAULTS = {
    None: lambda text: text,
    "wrong ds": lambda text: text,
    "no ds": lambda text: text,
    "no signatures": _drop("RRSIG"),
    "no denial": _drop("NSEC", "NSEC3"),
    "changed address": lambda text: text.replace("198.51.100.151", "203.0.113.151"),
    "unknown algorithm": _relabel,
}


def _fault_ds(conf, zone, fault, ds):
    """What the parent says of a zone with this fault."""
    if fault == "no ds":
        return None
    if fault == "wrong ds":  # of a key that the zone never had
        _keymgr(conf, "elsewhere.example.", "generate", "algorithm=13", "ksk=yes", "zsk=yes")
        words = [line for line in _keymgr(conf, "elsewhere.example.", "ds").splitlines()
                 if line.split()[4] == "2"]
        return [line.replace("elsewhere.example.", zone) for line in words]
    if fault == "unknown algorithm":
        return [" ".join([*line.split()[:3], "200", *line.split()[4:]]) for line in ds]
    return ds


def _make_broken():
    """Sign the zones of `broken` once, each by its own clock, and do to it what is wrong; (configuration, DS)."""
    home = os.path.join(RUN, "broken")
    zones = {zone: policy for zone, (_, _, policy) in world.BROKEN.items()}
    conf = _knot_conf("broken", {**zones, "elsewhere.example.": "nsec"})
    ds = {}
    for zone, (days, fault, _) in world.BROKEN.items():
        records = _make_key(conf, zone, 13, "created=-200d", "publish=-200d", "ready=-200d", "active=-200d")
        path = write(os.path.join(home, _zone_file(zone)), world.broken_zone())
        done = subprocess.run([peer("kzonesign"), "-c", conf, "-o", os.path.join(home, "signed"), "-t",
                               str(int(time.time()) + days * 86400), zone], capture_output=True, text=True)
        if done.returncode != 0:
            raise LabError(f"kzonesign {zone}: {(done.stdout + done.stderr).strip()}")
        with open(os.path.join(home, "signed", _zone_file(zone))) as file:
            text = FAULTS[fault](file.read())
        write(path, text)
        found = _fault_ds(conf, zone, fault, records)
        if found:
            ds[zone] = found
    return _knot_conf("broken", zones, signing=False), ds


# nsd

def _nsd_zone_path(zone):
    return os.path.join(RUN, "cloud", zone + "zone")


def nsd_conf(home, addresses):
    """What every nsd of the tests has, with its files in `home`; zones and keys follow."""
    listen = "".join(f"  ip-address: {address}\n" for address in addresses)
    return f"""server:
{listen}  username: ""
  chroot: ""
  zonesdir: "{home}"
  pidfile: "{home}/nsd.pid"
  xfrdfile: "{home}/xfrd.state"
  zonelistfile: "{home}/zone.list"
  xfrdir: "{home}"
  cookie-secret-file: ""
  server-count: 1
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
"""


def start_nsd(node):
    home = os.path.join(RUN, "cloud")
    conf = nsd_conf(home, world.INTERNET["cloud"])
    for zone, text in world.NSD.items():
        write(_nsd_zone_path(zone), text())
        conf += f"zone:\n  name: \"{zone}\"\n  zonefile: \"{_nsd_zone_path(zone)}\"\n"
    path = write(os.path.join(home, "nsd.conf"), conf)
    return node.start([peer("nsd"), "-d", "-c", path], log=log_of("cloud"))


def change_cloud(process, **words):
    """Give cloud.example. new contents (see world.cloud_zone) and have nsd read it."""
    write(_nsd_zone_path("cloud.example."), world.cloud_zone(**words))
    process.send_signal(1)  # SIGHUP: nsd reads zone files that changed


# unbound

def _unbound_conf(name, anchor):
    home = os.path.join(RUN, name)
    root4, root6 = world.INTERNET["root"]
    hints = write(os.path.join(home, "root.hints"),
                  f". 3600000 NS a.root-servers.net.\na.root-servers.net. 3600000 A {root4}\n"
                  f"a.root-servers.net. 3600000 AAAA {root6}\n")
    listen = "".join(f"  interface: {address}\n" for address in world.INTERNET[name])
    modules = "validator iterator" if anchor else "iterator"
    trust = f'  trust-anchor-file: "{anchor}"\n' if anchor else ""
    return write(os.path.join(home, "unbound.conf"), f"""server:
{listen}{trust}  module-config: "{modules}"
  root-hints: "{hints}"
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  directory: "{home}"
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  num-threads: 1
  edns-buffer-size: 1232
  target-fetch-policy: "0 0 0 0 0"
  infra-host-ttl: 5
  infra-keep-probing: yes
remote-control:
  control-enable: yes
  control-interface: {home}/control
  control-use-cert: no
""")


def start_unbounds(nodes, root_ds):
    anchor = write(ANCHOR, "\n".join(root_ds) + "\n")
    for name, trust in (("isp", None), ("public", anchor)):
        conf = _unbound_conf(name, trust)
        nodes[name].start([peer("unbound"), "-d", "-c", conf], log=log_of(name))


def forget(name, zone="."):
    """Empty the cache of `isp` or `public`."""
    conf = os.path.join(RUN, name, "unbound.conf")
    subprocess.run([peer("unbound-control"), "-c", conf, "flush_zone", zone],
                   check=True, capture_output=True)


# readiness

def _question(qname):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in qname.split(".") if label)
    return struct.pack("!6H", 0x4a4b, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 6, 1)


def answers(node, address, qname, timeout=0.2):
    """True when a server in or near this node gives NOERROR for the SOA of qname."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with node.inside():
        sock = socket.socket(family, socket.SOCK_DGRAM)
    with sock:
        sock.settimeout(timeout)
        try:
            sock.connect((address, 53))
            sock.send(_question(qname))
            reply = sock.recv(4096)
        except OSError:
            return False
    return len(reply) > 12 and reply[3] & 15 == 0 and reply[7] > 0


def wait_ready(nodes, names, timeout=15):
    """Until each of these servers answers on both of its addresses."""
    end = time.monotonic() + timeout
    for name in names:
        qname = world.READY.get(name, "firmware.example.")
        for address in world.INTERNET[name]:
            while not answers(nodes[name], address, qname, 1.0 if name in ("isp", "public") else 0.2):
                if time.monotonic() > end:
                    raise LabError(f"{name} does not answer on {address}; see {log_of(name)}")
                time.sleep(0.02)


# a relay's first answer

def answer_stun(sock):
    """Answers STUN binding requests (RFC 8489) without attributes until the socket is closed."""
    while True:
        try:
            request, client = sock.recvfrom(2048)
            if len(request) == 20:
                sock.sendto(b"\1\1\0\0" + request[4:], client)
        except OSError:
            return
