# SPDX-License-Identifier: Apache-2.0
"""Namespaces: how the lab gets a network of its own, as any user, and leaves nothing behind.

enter() re-executes the calling program as process 1 of new process, mount and network namespaces
(and of a user namespace when it is not root). When that process ends, for whatever reason, the
kernel kills every process below it, and with the last of them the namespaces, their links, their
nftables rules and their mounts vanish: cleaning up needs no code that could be skipped.

A Node is one machine of the lab: a network namespace held by an open file descriptor.

    gateway = Node("gateway")
    with gateway.inside():            # this thread only
        sock = socket.socket(...)     # lives in the node from here on
    gateway.run(["ip", "link"])       # so do processes that are started there
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
PEERS = os.environ.get("WEIR_PEERS", os.path.join(TOP, "build", "peers"))
# What speaks encrypted DNS, beside the set that tools/peers.sh always fetches. systemd-resolved is unpacked like the others:
# installed it would change how the host resolves.
ENCRYPTED = ("knot-resolver", "dnsdist", "stubby", "dnscrypt-proxy", "curl", "dnsperf", "gnutls-bin", "openssl", "systemd-resolved")
RUN = "/run/lab"  # on a tmpfs of the lab's own mount namespace

CLONE_NEWNET = 0x40000000
MARK = "WEIR_LAB_INSIDE"

libc = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """The lab itself could not do its work; says nothing about weir."""


def _libc_check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise LabError(f"{what}: {os.strerror(number)}")


def peer(name):
    """The path of an unpacked program; the host's own where peers.sh was not run."""
    path = os.path.join(PEERS, "bin", name)
    if os.access(path, os.X_OK):
        return path
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise LabError(f"{name} is missing: run tools/peers.sh")
    return found


def have(name):
    try:
        return bool(peer(name))
    except LabError:
        return False


def runs(name, *words):
    """That it is there and its libraries are: with these words it ends well."""
    return have(name) and subprocess.run([peer(name), *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def enter(argv=None):
    """Return inside the namespaces; outside, run this same program there and exit with its status."""
    if os.environ.get(MARK):
        os.environ.pop(MARK)
        _settle()
        return
    argv = argv or [sys.executable, *sys.argv]
    flags = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
    if os.geteuid() != 0:
        flags = ["--user", "--map-root-user", *flags]
    why = _why_not(flags)
    if why:
        raise LabError(f"no namespaces here: {why}")
    environment = dict(os.environ, **{MARK: "1", "WEIR_LAB_OUTER": str(os.getpid())})
    child = subprocess.Popen(["unshare", *flags, *argv], env=environment)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: child.kill())  # unshare ignores SIGTERM; the kernel cleans up
    while True:
        try:
            status = child.wait()
            break
        except KeyboardInterrupt:
            continue  # the terminal told the child as well; it decides
    sys.exit(status if status >= 0 else 128 - status)


def _why_not(flags):
    """None when unshare with these flags works on this host, else the reason."""
    if not shutil.which("unshare"):
        return "unshare (util-linux) is missing"
    probe = subprocess.run(["unshare", *flags, "true"], capture_output=True, text=True)
    return None if probe.returncode == 0 else (probe.stderr.strip() or "unshare failed")


def _settle():
    """First steps of the process inside: own /proc, own /run, loopback up."""
    subprocess.run(["mount", "-t", "proc", "proc", "/proc"], check=False, stderr=subprocess.DEVNULL)
    resolv = os.path.realpath("/etc/resolv.conf")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "lab", "/run"], check=True)
    os.makedirs(RUN, exist_ok=True)
    if resolv.startswith("/run/"):  # where a resolver service keeps it: give the link a target again
        os.makedirs(os.path.dirname(resolv), exist_ok=True)
        open(resolv, "w").close()
    own = os.path.join(RUN, "resolv.conf")
    open(own, "w").close()
    if os.path.exists(resolv):
        subprocess.run(["mount", "--bind", own, resolv], check=True)
    subprocess.run([peer("ip"), "link", "set", "dev", "lo", "up"], check=True)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))


def set_resolv_conf(*servers):
    """What /etc/resolv.conf says to everything inside; the host's own file is not touched."""
    with open(os.path.join(RUN, "resolv.conf"), "w") as file:
        file.writelines(f"nameserver {server}\n" for server in servers)


class Node:
    """One machine: a network namespace, and the processes started in it."""

    def __init__(self, name):
        self.name = name
        self.processes = []
        self.drops = set()
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _libc_check(libc.unshare(CLONE_NEWNET), f"{name}: new network namespace")
            self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        finally:
            _libc_check(libc.setns(home, CLONE_NEWNET), "back to the first namespace")
            os.close(home)
        self.run([peer("ip"), "link", "set", "dev", "lo", "up"])
        self.sysctl("net/ipv6/conf/all/disable_ipv6", "0")
        self.sysctl("net/ipv6/conf/default/disable_ipv6", "0")
        self.sysctl("net/ipv6/conf/default/accept_dad", "0")
        self.sysctl("net/ipv6/conf/default/accept_ra", "0")

    @contextlib.contextmanager
    def inside(self):
        """This thread is in the node until the block ends."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _libc_check(libc.setns(self.fd, CLONE_NEWNET), f"enter {self.name}")
            yield self
        finally:
            _libc_check(libc.setns(home, CLONE_NEWNET), "back to the first namespace")
            os.close(home)

    def sysctl(self, path, value):
        with self.inside(), contextlib.suppress(OSError), open(f"/proc/sys/{path}", "w") as file:
            file.write(value)

    def run(self, argv, check=True, **options):
        """Run to the end inside the node; returns the CompletedProcess (text)."""
        options.setdefault("capture_output", True)
        options.setdefault("text", True)
        with self.inside():
            done = subprocess.run(argv, **options)
        if check and done.returncode != 0:
            said = ((done.stderr or "") + (done.stdout or "")).strip()
            raise LabError(f"{self.name}: {' '.join(map(str, argv))}: {said}")
        return done

    def start(self, argv, log=None, **options):
        """Start a process that stays; it dies with the lab at the latest."""
        out = open(log, "ab") if log else subprocess.DEVNULL
        with self.inside():
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=subprocess.STDOUT, **options)
        if log:
            out.close()
        self.processes.append(process)
        return process

    def ip(self, *words):
        return self.run([peer("ip"), *words])

    def nft(self, rules):
        """Feed rules to nft inside the node."""
        return self.run([peer("nft"), "-f", "-"], input=rules)

    def address(self, device, *prefixes):
        for prefix in prefixes:
            words = ["addr", "add", prefix, "dev", device]
            self.ip(*words, *(["nodad"] if ":" in prefix else []))

    # Faults. Each name has a chain of its own, so that taking one back leaves the others.

    def drop(self, name, rule="", hook="input"):
        """Drop what matches the nft expression (everything by default) until undrop(name)."""
        self.drops.add(name)
        self.nft(f"table inet cut_{name} {{\n chain c {{\n"
                 f"  type filter hook {hook} priority -300\n  {rule} counter drop\n }}\n}}\n")

    def undrop(self, name):
        if name in self.drops:
            self.drops.remove(name)
            self.run([peer("nft"), "delete", "table", "inet", f"cut_{name}"], check=False)

    def lose(self, name, percent, rule="", hook="input"):
        """Lose this share of the packets that match, at random."""
        self.drop(name, f"{rule} numgen random mod 100 < {percent}", hook)

    def rate(self, device, rate, burst="16k"):
        """Cap what leaves by this device; False when this kernel has no tbf."""
        words = ["qdisc", "replace", "dev", device, "root", "tbf", "rate", rate,
                 "burst", burst, "latency", "100ms"]
        return self.run([peer("tc"), *words], check=False).returncode == 0


class Started:
    """What runs on a machine from `start` to `stop`, by `process`; in a `with` it does so by itself."""

    process = None

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


_bridges = iter(range(1, 256))
_cables = iter(range(1, 10000))


def bridge(node, name):
    """A switch inside a node. Left alone it takes the lowest MAC address of its ports, another one whenever a cable comes or goes, and for some seconds
    nobody who knew the one of before reaches it."""
    node.ip("link", "add", "name", name, "address", f"02:00:00:00:b0:{next(_bridges):02x}", "type", "bridge")
    node.ip("link", "set", "dev", name, "up")


def plug(host, into, node, device):
    """A cable from a node's device to a switch `into` of node `host`."""
    port = f"port{next(_cables)}"
    host.ip("link", "add", "name", port, "type", "veth", "peer", "name", device,
            "netns", f"/proc/{os.getpid()}/fd/{node.fd}")
    host.ip("link", "set", "dev", port, "master", into, "up")
    node.ip("link", "set", "dev", device, "up")
    return port


def straight(left, device_left, right, device_right):
    """A cable from one node to another without a switch between."""
    left.ip("link", "add", "name", device_left, "type", "veth", "peer", "name", device_right,
            "netns", f"/proc/{os.getpid()}/fd/{right.fd}")
    left.ip("link", "set", "dev", device_left, "up")
    right.ip("link", "set", "dev", device_right, "up")
