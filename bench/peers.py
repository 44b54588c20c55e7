# SPDX-License-Identifier: Apache-2.0
"""The servers that are measured: how each is configured and started. One thread each, all forward everything
to the same upstream, all know their client, none validates."""
import os
import shutil

UPSTREAM, UPSTREAM_PORT = "127.0.1.53", 5453

WEIR = """\
listen: ["{ip}:{port}"]
allow: [127.0.0.0/8]
workers: 1
user: root
upstream:
  groups: [{{name: bench, servers: ["udp://{up}:{up_port}"]}}]
  default: bench
dnssec: {{validate: false}}
cache: {{size: {cache}}}
# One client asks as fast as it can: the limits are on, and high.
limits: {{client_rate: 10000000, client_burst: 10000000, client_inflight: 100000, rrl_rate: 1000000}}
control: {{socket: {dir}/control.sock}}
"""

UNBOUND = """\
server:
  interface: {ip}@{port}
  num-threads: 1
  module-config: "iterator"
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{dir}"
  pidfile: ""
  use-syslog: no
  logfile: "{dir}/log"
  do-ip6: no
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  msg-cache-size: 256m
  rrset-cache-size: 256m
  so-rcvbuf: 4m
  so-sndbuf: 4m
  outgoing-range: 8192
  num-queries-per-thread: 4096
  qname-minimisation: no
  minimal-responses: yes
forward-zone:
  name: "."
  forward-addr: {up}@{up_port}
remote-control:
  control-enable: no
"""

DNSDIST = """\
setUDPMultipleMessagesVectorSize(64)
setLocal('{ip}:{port}')
setSecurityPollSuffix('')
newServer({{address='{up}:{up_port}', healthCheckMode='up'}})
getPool(''):setCache(newPacketCache(400000, {{maxTTL=86400, minTTL=0}}))
setRingBuffersSize(100, 1)
"""

NAMED = """\
options {{
  directory "{dir}";
  listen-on port {port} {{ {ip}; }};
  listen-on-v6 {{ none; }};
  forward only;
  forwarders {{ {up} port {up_port}; }};
  dnssec-validation no;
  recursion yes; allow-query {{ any; }}; allow-recursion {{ any; }};
  minimal-responses yes; qname-minimization off; empty-zones-enable no;
  max-cache-size 1g; recursive-clients 20000;
  pid-file none; session-keyfile none;
}};
controls {{ }};
logging {{ category default {{ null; }}; }};
"""

RECURSOR = """\
incoming: {{listen: ['{ip}:{port}'], allow_from: ['127.0.0.0/8']}}
recursor:
  threads: 1
  setuid: ''
  setgid: ''
  socket_dir: {dir}
  security_poll_suffix: ''
  forward_zones_recurse: [{{zone: ., forwarders: ['{up}:{up_port}']}}]
  qname_minimization: false
  chroot: ''
  write_pid: false
dnssec: {{validation: 'off'}}
outgoing: {{dont_query: []}}
packetcache: {{max_entries: 1000000}}
recordcache: {{max_entries: 1000000}}
logging: {{disable_syslog: true, loglevel: 0, quiet: true, statistics_interval: 0}}
"""

SMARTDNS = """\
bind {ip}:{port} -no-speed-check -no-dualstack-selection
server {up}:{up_port}
cache-size 150000
cache-persist no
prefetch-domain no
serve-expired no
speed-check-mode none
dualstack-ip-selection no
log-level off
audit-enable no
resolv-hostname no
"""

# name: (program, package, address, file of the configuration, its text, arguments)
TABLE = {
    "weir": ("weir", None, "127.0.0.41", "weir.yaml", WEIR, ["serve", "-c", "{file}"]),
    "unbound": ("unbound", "unbound", "127.0.0.42", "unbound.conf", UNBOUND, ["-c", "{file}"]),
    "dnsdist": ("dnsdist", "dnsdist", "127.0.0.43", "dnsdist.conf", DNSDIST,
                ["--supervised", "--disable-syslog", "-C", "{file}"]),
    # BIND listens only on addresses that an interface has by name.
    "bind9": ("named", "bind9", "127.0.0.1", "named.conf", NAMED,
              ["-n", "1", "-f", "-c", "{file}"]),
    "pdns-recursor": ("pdns_recursor", "pdns-recursor", "127.0.0.45", "recursor.yml", RECURSOR,
                      ["--config-dir={dir}"]),
    "smartdns": ("smartdns", "smartdns", "127.0.0.46", "smartdns.conf", SMARTDNS,
                 ["-f", "-x", "-c", "{file}", "-p", "-"]),
    "dnsmasq": ("dnsmasq", "dnsmasq-base", "127.0.0.47", "dnsmasq.conf", None,
                ["-k", "--conf-file={file}"]),
}

DNSMASQ = """\
user=root
no-resolv
no-hosts
no-poll
listen-address={ip}
bind-interfaces
port={port}
server={up}#{up_port}
cache-size=150000
dns-forward-max=10000
"""


class Peer:
    """One row of the table, made ready in a directory of its own."""

    def __init__(self, name, program, address, directory, cache="16MiB"):
        _, self.package, _, file_name, text, arguments = TABLE[name]
        self.name, self.address, self.port, self.directory = name, address, 5440, directory
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory, mode=0o755)
        path = os.path.join(directory, file_name)
        words = {"ip": self.address, "port": self.port, "up": UPSTREAM, "up_port": UPSTREAM_PORT,
                 "dir": directory, "file": path, "cache": cache}
        with open(path, "w", encoding="ascii") as f:
            f.write((text or DNSMASQ).format(**words))
        self.command = [program] + [a.format(**words) for a in arguments]


def find(name, weir, folders):
    """The program of a peer, or None when it is not here."""
    if name == "weir":
        return weir
    for folder in folders:
        path = os.path.join(folder, "bin", TABLE[name][0])
        if os.access(path, os.X_OK):
            return path
    return None


def versions(folders):
    """Package -> version, as the fetching script wrote them down."""
    found = {}
    for folder in folders:
        try:
            with open(os.path.join(folder, "versions"), encoding="ascii") as f:
                found.update(line.split(None, 1) for line in f.read().splitlines() if " " in line)
        except OSError:
            pass
    return found


def make(name, weir, folders, base, cache="16MiB"):
    """A Peer, or None when its program is not here."""
    program = find(name, weir, folders)
    if program is None:
        return None
    return Peer(name, program, TABLE[name][2], os.path.join(base, name), cache)
