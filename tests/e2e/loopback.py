# SPDX-License-Identifier: Apache-2.0
"""The real binary on the loopback of a network namespace of its own, with an upstream in this process.

    import loopback

    @loopback.test("answers")
    def answers(box):
        weir = box.weir(upstreams=[box.upstream()])
        loopback.equal(weir.ask("a.example").rcode, 0)

    loopback.main()

main() re-enters a namespace (as any user), brings the loopback up, runs the tests in the order they are
written, prints TAP, and ends what each test started.
"""
import collections
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
INSIDE = "WEIR_LOOPBACK_INSIDE"
SKIPPED = 77
PATIENCE_S = 20
_tests = []

Reply = collections.namedtuple("Reply", "id rcode flags counts ede text wire addresses")


class Skipped(Exception):
    """A test cannot be done here; the reason."""


def test(name):
    def register(function):
        _tests.append((name, function))
        return function
    return register


def forget():
    """The tests of another script that was imported for its parts."""
    _tests.clear()


def need(condition, why=""):
    if not condition:
        raise AssertionError(str(why) or "does not hold")


def equal(seen, expected, where=""):
    need(seen == expected, f"{seen!r} instead of {expected!r} {where}")


def until(what, predicate, seconds=PATIENCE_S):
    """Waits for something that another process does; what it returned."""
    end = time.monotonic() + seconds
    while True:
        seen = predicate()
        if seen:
            return seen
        need(time.monotonic() < end, f"{what} did not happen in {seconds} s")
        time.sleep(0.01)


def wire_name(name):
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def question(name, number=None, qtype=1, edns=False):
    number = random.randrange(65536) if number is None else number
    opt = b"\0\0\x29\x04\xd0\0\0\0\0\0\0" if edns else b""
    return (struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 1 if edns else 0) + wire_name(name)
            + struct.pack(">HH", qtype, 1) + opt)


def skip_name(wire, at):
    while wire[at]:
        if wire[at] >= 0xc0:
            return at + 2
        at += wire[at] + 1
    return at + 1


def read_reply(wire):
    number, flags, *counts = struct.unpack(">HHHHHH", wire[:12])
    at, ede, text, addresses = 12, None, "", []
    for _ in range(counts[0]):
        at = skip_name(wire, at) + 4
    for _ in range(sum(counts[1:])):
        at = skip_name(wire, at)
        rtype, _, _, size = struct.unpack(">HHIH", wire[at:at + 10])
        data = wire[at + 10:at + 10 + size]
        at += 10 + size
        if rtype == 1:
            addresses.append(socket.inet_ntoa(data))
        while rtype == 41 and len(data) >= 4:
            code, n = struct.unpack(">HH", data[:4])
            if code == 15:
                ede, text = struct.unpack(">H", data[4:6])[0], data[6:4 + n].decode()
            data = data[4 + n:]
    return Reply(number, flags & 15, flags, counts, ede, text, wire, addresses)


class Upstream:
    """Answers every A question with one address; counts; can be late or silent."""

    def __init__(self, address, port, answer="192.0.2.1", ttl=60, late_s=0):
        self.url = f"udp://{address}:{port}"
        self.answer, self.ttl, self.silent, self.asked, self.late_s = answer, ttl, False, 0, late_s
        self.last = b""    # what was asked last
        self.names = collections.Counter()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                wire, client = self.socket.recvfrom(4096)
            except OSError:
                return
            if len(wire) < 17:
                return
            self.asked += 1
            self.last = wire
            if self.silent:
                continue
            end = skip_name(wire, 12) + 4
            self.names[wire[12:end - 4].lower()] += 1
            head = wire[:2] + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0)
            record = struct.pack(">HHHIH", 0xc00c, 1, 1, self.ttl, 4) + socket.inet_aton(self.answer)
            answer = head + wire[12:end] + record
            if self.late_s:
                threading.Timer(self.late_s, self._send, (answer, client)).start()
            else:
                self._send(answer, client)

    def _send(self, answer, client):
        try:
            self.socket.sendto(answer, client)
        except OSError:
            pass    # the test is over

    def close(self):
        address = self.socket.getsockname()
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", address)    # wakes recvfrom
        self.thread.join(5)
        self.socket.close()


class Weir:
    def __init__(self, box, program, settings):
        self.box, self.program = box, program
        self.folder = tempfile.mkdtemp(prefix="weir-")
        os.chmod(self.folder, 0o755)
        self.config = os.path.join(self.folder, "weir.yaml")
        self.control = os.path.join(self.folder, "control.sock")
        self.log_path = os.path.join(self.folder, "log")
        self.address = ("127.0.0.1", 5300)
        self.configure(settings)
        self.process = None

    def configure(self, settings):
        """JSON is YAML enough."""
        # The upstream of this process signs nothing.
        full = {"listen": ["127.0.0.1:5300"], "control": {"socket": self.control}, "dnssec": {"validate": False}}
        full.update(settings)
        self.write(json.dumps(full))

    def write(self, text):
        with open(self.config + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.replace(self.config + ".new", self.config)

    def start(self, ready=True, env=None):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([self.program, "serve", "-c", self.config], stderr=log,
                                            stdin=subprocess.DEVNULL, env=env)
        if ready:
            until("ready", lambda: "ready:" in self.log() or self.process.poll() is not None)
            need(self.process.poll() is None, self.log())
        return self

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def ask(self, name, to=None, tcp=False, edns=False, seconds=PATIENCE_S, qtype=1, source=None):
        wire = question(name, edns=edns, qtype=qtype)
        to = to or self.address
        family = socket.AF_INET6 if ":" in to[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as s:
            s.settimeout(seconds)
            if source:
                s.bind((source, 0))
            s.connect(to)
            s.sendall(struct.pack(">H", len(wire)) + wire if tcp else wire)
            reply = read_reply(read_framed(s) if tcp else s.recv(65536))
        need(reply.wire[:2] == wire[:2], "another id")
        return reply

    def request(self, line, lines=1):
        """What the control socket answers to one line; follows until it is closed when lines is None."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE_S)
            s.connect(self.control)
            s.sendall(line if isinstance(line, bytes) else line.encode() + b"\n")
            text = b""
            while True:
                more = s.recv(65536)
                if not more:
                    break
                text += more
        return text.decode()

    def verb(self, verb, **args):
        answer = json.loads(self.request(json.dumps({"verb": verb, "args": args})))
        need(answer["ok"], answer)
        return answer["result"]

    def refusal(self, line):
        answer = json.loads(self.request(line))
        need(answer["ok"] is False, answer)
        return answer

    def stop(self, number=signal.SIGTERM):
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else None
        self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("did not end; killed") from None

    def close(self):
        status = self.stop()
        log = self.log() if self.process else ""    # one that was never started has none
        shutil.rmtree(self.folder, ignore_errors=True)
        for word in ("AddressSanitizer", "runtime error:", "LeakSanitizer", "WARNING: ThreadSanitizer"):
            need(word not in log, log[-6000:])
        return status


def read_framed(s):
    def exactly(n):
        got = b""
        while len(got) < n:
            more = s.recv(n - len(got))
            need(more, "the connection was closed")
            got += more
        return got
    return exactly(struct.unpack(">H", exactly(2))[0])


class Box:
    """What one test starts."""

    def __init__(self, program):
        self.program = program
        self.things = []
        self.next_port = 5310

    def upstream(self, **words):
        up = Upstream("127.0.0.1", self.next_port, **words)
        self.next_port += 1
        self.things.append(up)
        return up

    def settings(self, upstreams, **more):
        return {"workers": 2, "upstream": {"ports": 256, "groups": [
            {"name": "all", "servers": [u if isinstance(u, str) else u.url for u in upstreams]}]}, **more}

    def weir(self, upstreams=None, start=True, program=None, **more):
        settings = self.settings(upstreams, **more) if upstreams is not None else more
        weir = Weir(self, program or self.program, settings)
        self.things.append(weir)
        return weir.start() if start else weir

    def close(self):
        """All of it, whatever one of them says; what the first one said is said then."""
        failed = None
        while self.things:
            try:
                self.things.pop().close()
            except Exception as why:    # pylint: disable=broad-except
                failed = failed or why
        if failed:
            raise failed


def enter():
    """Into a network namespace of our own, as root or by a user namespace."""
    flags = "-n" if os.geteuid() == 0 else "-Urn"
    env = dict(os.environ, **{INSIDE: "1"})
    os.execvpe("unshare", ["unshare", flags, sys.executable] + sys.argv, env)


def run(function, program):
    box = Box(program)
    try:
        function(box)
    finally:
        box.close()


def main(program=None):
    if INSIDE not in os.environ:
        if not shutil.which("unshare") or not shutil.which("ip"):
            print("unshare or ip is not installed")
            sys.exit(SKIPPED)
        enter()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    program = program or os.environ.get("WEIR", os.path.join(TOP, "build", "weir"))
    failed = 0
    for name, function in _tests:
        if len(sys.argv) > 1 and sys.argv[1] not in name:
            continue
        try:
            run(function, program)
            print(f"ok - {name}", flush=True)
        except Skipped as why:
            print(f"ok - {name} # SKIP {why}", flush=True)
        except Exception:    # pylint: disable=broad-except
            failed += 1
            print(f"not ok - {name}", flush=True)
            traceback.print_exc(file=sys.stdout)
    sys.exit(1 if failed else 0)
