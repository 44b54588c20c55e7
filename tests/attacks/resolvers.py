# SPDX-License-Identifier: Apache-2.0
"""weir and its peers, started fresh with the same root and the same anchor; what each of them spends."""
import glob
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

import dns.exception
import dns.message

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PEERS = os.environ.get("WEIR_PEERS", os.path.join(TOP, "build", "peers"))
ADDRESS = ("127.0.0.1", 5300)
DOT, DOH = ("127.0.0.1", 8530), ("127.0.0.1", 4430)     # of those that were given an identity
START_S = 15
PLACES = ("/tmp", "/proc", "/dev")


def counter_library():
    """The preloaded library that counts checks and digests; None where no compiler is."""
    folder = os.path.join(TOP, "build", "attacks")
    library, source = os.path.join(folder, "count.so"), os.path.join(os.path.dirname(__file__), "count.c")
    if os.path.exists(library) and os.path.getmtime(library) > os.path.getmtime(source):
        return library
    if not shutil.which("cc"):
        return None
    os.makedirs(folder, exist_ok=True)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-w", "-o", library + ".new", source, "-ldl"], check=True)
    os.replace(library + ".new", library)
    return library


class Resolver:
    name = ""

    def __init__(self, root_address, anchor, identity=None, **words):
        """`identity`: of lab/certs; then it listens for DNS over TLS and HTTPS too."""
        self.root, self.anchor, self.identity, self.words = root_address, anchor, identity, words
        self.folder = tempfile.mkdtemp(prefix="attacks-")
        os.chmod(self.folder, 0o777)
        self.counts = os.path.join(self.folder, "counts")
        with open(self.counts, "wb") as f:
            f.write(bytes(16))
        os.chmod(self.counts, 0o666)
        self.process = None

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def pair(self):
        """The certificate and its key, in files that the resolver can see."""
        return [shutil.copy(path, self.folder) for path in (self.identity.chain, self.identity.key)]

    def command(self):
        raise NotImplementedError

    def start(self, counted=True, prepare=None):
        """`counted`: with the library that counts crypto, which costs a little; `prepare` is called in the child."""
        env = dict(os.environ, ATTACKS_COUNT=self.counts)
        library = counter_library() if counted else None
        if library:
            env["LD_PRELOAD"] = shutil.copy(library, self.folder)
            env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            env=env, cwd=self.folder, preexec_fn=prepare)
        end = time.monotonic() + START_S
        while True:
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"{self.name} did not start:\n{self.log()[-3000:]}")
            reply = self.ask("good.zz", seconds=1)
            if reply is not None and reply.answer:
                return self
            time.sleep(0.05)

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def alive(self):
        return self.process.poll() is None

    def cpu_ms(self):
        total = 0
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/schedstat"):
            try:
                with open(path, encoding="ascii") as f:
                    total += int(f.read().split()[0])
            except OSError:
                pass
        return total / 1e6

    def crypto(self):
        """(signature checks, SHA-1 digests) so far."""
        with open(self.counts, "rb") as f:
            return struct.unpack("=QQ", f.read(16))

    @staticmethod
    def ask(owner, rtype="A", seconds=8.0, source=None, tcp=False, options=None, flags=None):
        """The reply; None when there is none in time."""
        query = dns.message.make_query(owner, rtype, want_dnssec=True, options=options)
        if flags is not None:
            query.flags = flags
        wire = query.to_wire()
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as s:
            s.settimeout(seconds)
            try:
                if source:
                    s.bind((source, 0))
                s.connect(ADDRESS)
                s.sendall(struct.pack(">H", len(wire)) + wire if tcp else wire)
                data = s.recv(65536)
                return dns.message.from_wire(data[2:] if tcp else data)
            except (OSError, dns.exception.DNSException):
                return None

    def stop(self):
        """What a sanitizer said is an error."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        text = self.log()
        shutil.rmtree(self.folder, ignore_errors=True)
        for word in ("AddressSanitizer", "runtime error:", "assertion"):
            if word in text:
                raise AssertionError(text[-6000:])


class Weir(Resolver):
    name = "weir"

    def command(self):
        conf = {
            "listen": ["127.0.0.1:5300"], "allow": ["0.0.0.0/0"], "workers": 1, "user": "",
            "upstream": {"default": "recursion", "ipv6": False, "ports": 1024},
            "recursion": {"hints": [f"udp://{self.root}"]},
            "dnssec": {"anchors": [self.anchor]},
            "time": {"trust": "system"},
            "local": {"special": {"enable": False}},
            "control": {"socket": os.path.join(self.folder, "control")},
        }
        if self.identity:
            chain, key = self.pair()
            conf["encrypted"] = {"dot": ["%s:%d" % DOT], "doh": ["%s:%d" % DOH], "certificates": [{"chain": chain, "key": key}]}
        for key, value in self.words.items():
            conf.setdefault(key, {}).update(value)
        path = self.write("weir.yaml", json.dumps(conf))
        return [os.environ.get("WEIR", os.path.join(TOP, "build", "weir")), "serve", "-c", path]


class Unbound(Resolver):
    name = "unbound"

    def command(self):
        hints = self.write("hints", f". 3600 NS a.root.zz.\na.root.zz. 3600 A {self.root}\n")
        secure = ""
        if self.identity:
            chain, key = self.pair()
            secure = "".join(f"  interface: {address}@{port}\n" for address, port in (DOT, DOH))
            secure += f'  tls-port: {DOT[1]}\n  https-port: {DOH[1]}\n  tls-service-pem: "{chain}"\n  tls-service-key: "{key}"\n'
        path = self.write("unbound.conf", f"""server:
{secure}  interface: 127.0.0.1@5300
  do-ip6: no
  access-control: 0.0.0.0/0 allow
  username: ""
  chroot: ""
  directory: "{self.folder}"
  pidfile: ""
  use-syslog: no
  num-threads: 1
  root-hints: "{hints}"
  trust-anchor: "{self.anchor}"
  module-config: "validator iterator"
remote-control:
  control-enable: no
""")
        return [os.path.join(PEERS, "bin", "unbound"), "-d", "-c", path]


class Kresd(Resolver):
    name = "kresd"

    def command(self):
        hints = self.write("hints", f". 3600 NS a.root.zz.\na.root.zz. 3600 A {self.root}\n")
        keys = self.write("root.keys", self.anchor + "\n")
        secure = ""
        if self.identity:
            secure = "".join(f"net.listen('{address}', {port}, {{kind='{kind}'}})\n" for (address, port), kind in ((DOT, "tls"), (DOH, "doh2")))
            secure += "net.tls('{}', '{}')\n".format(*self.pair())
        path = self.write("kresd.conf", f"""
net.listen('127.0.0.1', 5300)
{secure}net.ipv6 = false
cache.open(20 * MB, 'lmdb://{self.folder}')
modules.unload('priming')
modules.unload('ta_signal_query')
modules.unload('ta_sentinel')
modules.load('hints')
hints.root_file('{hints}')
trust_anchors.remove('.')
trust_anchors.add_file('{keys}', true)
""")
        # Its Lua files have fixed places: it runs in the peers' root, with mounts that nobody but this process sees.
        root = os.path.join(PEERS, "root")
        for place in PLACES:
            os.makedirs(root + place, exist_ok=True)
        script = "".join(f'mount --bind {place} "$0{place}" && ' for place in PLACES) + 'exec chroot "$0" /usr/sbin/kresd -n -c "$@"'
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, root, path, self.folder]


def available():
    """(classes, why others are missing)"""
    found, missing = [Weir], []
    for kind in (Unbound, Kresd):
        if os.access(os.path.join(PEERS, "bin", kind.name), os.X_OK) and (kind is not Kresd or os.geteuid() == 0):
            found.append(kind)
        else:
            missing.append(f"{kind.name} is not there (tools/peers.sh knot-resolver fetches it)")
    return found, missing
