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


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    return path


def log_of(name):
    os.makedirs(LOGS, exist_ok=True)
    return os.path.join(LOGS, f"{name}.log")


# knotd

def _zone_file(zone):
    return "root.zone" if zone == "." else zone + "zone"


def _knot_conf(name, zones):
    home = os.path.join(RUN, name)
    listen = "".join(f"    listen: {address}@53\n" for address in world.INTERNET[name])
    conf = f"""server:
    rundir: {home}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
{listen}log:
  - target: stderr
    any: warning
database:
    storage: {home}
    journal-db-max-size: 8M
    kasp-db-max-size: 8M
    timer-db-max-size: 2M
policy:
  - id: nsec
    manual: on
    single-type-signing: on
  - id: nsec3
    manual: on
    single-type-signing: on
    nsec3: on
    nsec3-iterations: 0
    nsec3-salt-length: 0
template:
  - id: default
    storage: {home}
    zonefile-sync: -1
    semantic-checks: soft
zone:
"""
    for zone, (_, signed, nsec3) in zones.items():
        conf += f"  - domain: \"{zone}\"\n    file: {_zone_file(zone)}\n"
        if signed:
            conf += f"    dnssec-signing: on\n    dnssec-policy: {'nsec3' if nsec3 else 'nsec'}\n"
    return write(os.path.join(home, "knot.conf"), conf)


def _keymgr(conf, zone, *words):
    done = subprocess.run([peer("keymgr"), "-c", conf, zone, *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(f"keymgr {zone} {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def _make_keys(confs):
    """Keys of every signed zone; returns zone -> its DS records (SHA-256 only)."""
    ds = {}
    for name, zones in world.KNOT.items():
        for zone, (_, signed, _) in zones.items():
            if not signed:
                continue
            _keymgr(confs[name], zone, "generate", "algorithm=ECDSAP256SHA256", "ksk=yes", "zsk=yes")
            lines = _keymgr(confs[name], zone, "ds").splitlines()
            ds[zone] = [line for line in lines if line.split()[4] == "2"]
    return ds


def start_knots(nodes):
    """Start root, tld and makers; returns the root's DS records."""
    confs = {name: _knot_conf(name, zones) for name, zones in world.KNOT.items()}
    ds = _make_keys(confs)
    for name, zones in world.KNOT.items():
        for zone, (text, _, _) in zones.items():
            below = "".join("\n".join(ds[child]) + "\n"
                            for child, parent in world.PARENT.items() if parent == zone)
            write(os.path.join(RUN, name, _zone_file(zone)), text() + below)
        nodes[name].start([peer("knotd"), "-c", confs[name]], log=log_of(name))
    return ds["."]


# nsd

def _nsd_zone_path(zone):
    return os.path.join(RUN, "cloud", zone + "zone")


def start_nsd(node):
    home = os.path.join(RUN, "cloud")
    listen = "".join(f"  ip-address: {address}\n" for address in world.INTERNET["cloud"])
    conf = f"""server:
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
    anchor = write(os.path.join(RUN, "public", "root.ds"), "\n".join(root_ds) + "\n")
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
