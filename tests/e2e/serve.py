#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir serve: starts, answers from the address that was asked, stops, and says what is wrong."""

import os
import socket
import subprocess
import sys

import e2e
from e2e import equal, need
from lab import RUN, clients, gateway, world
from spaces import set_resolv_conf


def weir(lab, *words, **options):
    """Run weir in the gateway to its end."""
    return lab.nodes["gateway"].run([gateway.binary(), *words], check=False, timeout=20, **options)


def write(name, text):
    path = os.path.join(RUN, name)
    with open(path, "w") as file:
        file.write(text)
    return path


@e2e.test("devices resolve over UDP and TCP, IPv4 and IPv6, from the address they asked")
def resolves(lab):
    lab.start_gateway()
    for device in ("camera", "phone"):
        for family in (4, 6):
            for words in ([], ["+tcp"]):
                reply = lab.kdig(device, "api.camera.example", "AAAA", *words, family=family)
                equal(reply.rcode, "NOERROR", reply)
                equal(reply.data(), ["2001:db8:30::31"], reply)
                equal(reply.server, lab.server_for(device, family))


@e2e.test("every type of the zones comes as the authoritative server says it")
def same_as_authority(lab):
    lab.start_gateway()
    questions = [("makers", "camera.example", "SOA"), ("makers", "camera.example", "NS"),
                 ("makers", "camera.example", "DNSKEY"), ("makers", "firmware.example", "NSEC3PARAM"),
                 ("makers", "fw.firmware.example", "TXT"), ("makers", "_http._tcp.camera.example", "SRV"),
                 ("cloud", "many.cloud.example", "A"), ("cloud", "0.pool.ntp.example", "AAAA")]
    for server, name, rtype in questions:
        truth = clients.kdig(lab.nodes[server], world.INTERNET[server][0], name, rtype)
        reply = lab.kdig("camera", name, rtype)
        equal(reply.rcode, truth.rcode, f"{name} {rtype}")
        equal(reply.data(rtype), truth.data(rtype), f"{name} {rtype}")


@e2e.test("signatures come along when they are asked for, and only then")
def signatures(lab):
    lab.start_gateway()
    reply = lab.kdig("camera", "api.camera.example", "A", "+dnssec")
    need(reply.data("RRSIG"), reply.text)
    need("do" in reply.text.split("flags:")[1].split(";")[0], "DO is not copied")
    reply = lab.kdig("camera", "api.camera.example", "A")
    equal(reply.data("RRSIG"), [], reply)


# The addresses of the Internet's root servers, A to M.
LETTERS = """198.41.0.4 170.247.170.2 192.33.4.12 199.7.91.13 192.203.230.10 192.5.5.241 192.112.36.4 198.97.190.53
192.36.148.17 192.58.128.30 193.0.14.129 199.7.83.42 202.12.27.33 2001:503:ba3e::2:30 2801:1b8:10::b 2001:500:2::c
2001:500:2d::d 2001:500:a8::e 2001:500:2f::f 2001:500:12::d0d 2001:500:1::53 2001:7fe::53 2001:503:c27::2:30
2001:7fd::1 2001:500:9f::42 2001:dc3::35""".split()


@e2e.test("without a configuration: loopback only, from the Internet's root servers, and not without their keys")
def no_configuration(lab):
    home, root = lab.nodes["gateway"], lab.nodes["root"]
    root.address("eth0", *(f"{letter}/{128 if ':' in letter else 32}" for letter in LETTERS))
    question = clients.question("hour.cloud.example")
    with lab.capture() as wire:
        process = home.start([gateway.binary(), "serve"], log=f"{RUN}/log/weir-default.log",
                             env=dict(os.environ, XDG_RUNTIME_DIR=RUN))
        try:
            need(e2e.until(lambda: clients.exchange(home, "127.0.0.1", question, timeout=1.0), 10),
                 open(f"{RUN}/log/weir-default.log").read()[-600:])
            reply = clients.kdig(home, "127.0.0.1", "api.camera.example")
            equal((reply.rcode, reply.answer), ("SERVFAIL", []), "another root's keys were believed")
            need(reply.ede and reply.why.startswith(".:"), reply.text)
            reply = clients.kdig(home, "::1", "api.camera.example", "A", "+cdflag")
            equal(reply.data("A"), ["198.51.100.31"], reply)
            for device, family in (("camera", 4), ("phone", 6)):
                need(lab.exchange(device, question, family=family, timeout=0.5) is None, f"answers {device}")
        finally:
            process.terminate()
            equal(process.wait(10), 0, "exit status")
            for letter in LETTERS:
                root.ip("addr", "del", f"{letter}/{128 if ':' in letter else 32}", "dev", "eth0")
    asked = [m.target for m in wire.queries()]
    need(asked[0] in LETTERS, f"asked {asked[0]} first")
    resolvers = {address for name in ("isp", "public") for address in world.INTERNET[name]}
    need(not resolvers & set(asked), "asked the system's resolvers")


@e2e.test("default: system asks the system's resolvers")
def system(lab):
    set_resolv_conf(world.INTERNET["isp"][0], world.INTERNET["public"][0])
    lab.start_gateway({"upstream": {"groups": None, "default": "system"}})
    with lab.capture() as wire:
        equal(lab.kdig("camera", "api.camera.example").data("A"), ["198.51.100.31"])
    asked = {m.target for m in wire.queries()}
    need(asked and asked <= {world.INTERNET["isp"][0], world.INTERNET["public"][0]}, asked)
    need(lab.weir.verb("upstreams")["default"] == "system", lab.weir.verb("upstreams"))
    changed = lambda: "changed" in open(lab.weir.log, errors="replace").read()  # noqa: E731
    need(not e2e.until(changed, 2.5), "a file that nobody touched is called changed")


@e2e.test("an interface as listen: its addresses answer, its on-link prefixes are allowed")
def listen_interface(lab):
    lab.start_gateway({"listen": ["br-iot"], "allow": None})
    for family in (4, 6):
        reply = lab.kdig("camera", "api.camera.example", family=family)
        equal(reply.rcode, "NOERROR", f"IPv{family}: {reply}")
    need(lab.exchange("phone", clients.question("api.camera.example"), timeout=0.5) is None,
         "answers on a segment that is not listed")


@e2e.test("any address as listen: each reply leaves from the address that was asked")
def listen_any(lab):
    lab.start_gateway({"listen": ["0.0.0.0", "::"]})
    for device, family, server in (("camera", 4, "192.168.8.1"), ("phone", 6, "fd00:7::1"),
                                   ("lock", 4, "192.168.7.1"), ("laptop", 6, "fd00:8::1")):
        for words in ([], ["+tcp"]):
            reply = clients.kdig(lab.nodes[device], server, "hour.cloud.example", *words, timeout=2)
            need(reply.rcode == "NOERROR" and reply.server == server, f"{server} {words}: {reply}")


@e2e.test("sockets handed over by the service manager (LISTEN_FDS) are used")
def activation(lab):
    home = lab.nodes["gateway"]
    with home.inside():
        given = [socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)]
    for sock in given:
        sock.bind(("192.168.7.1", 53))  # without SO_REUSEPORT: nobody else can bind it now
    given[1].listen(16)
    path = write("given.yaml", gateway.to_yaml(gateway.merge(gateway.default_config(), {
        "listen": ["192.168.7.1"], "workers": 2})))
    udp, tcp = (sock.fileno() for sock in given)
    hand_over = (f"import os, sys; os.dup2({udp}, 3); os.dup2({tcp}, 4); "
                 "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='2'); "
                 "os.execv(sys.argv[1], sys.argv[1:])")
    process = home.start([sys.executable, "-c", hand_over, gateway.binary(), "serve", "-c", path],
                         log=f"{RUN}/log/weir-given.log", pass_fds=(udp, tcp))
    for sock in given:
        sock.close()
    try:
        need(e2e.until(lambda: lab.kdig("camera", "hour.cloud.example", timeout=1).rcode == "NOERROR", 5),
             open(f"{RUN}/log/weir-given.log").read()[-500:])
        equal(lab.kdig("camera", "hour.cloud.example", "+tcp", timeout=2).rcode, "NOERROR")
    finally:
        process.terminate()
        equal(process.wait(10), 0, "exit status")


@e2e.test("SIGTERM and SIGINT end it with status 0, quickly")
def ends(lab):
    for number in (15, 2):
        weir_up = lab.start_gateway()
        lab.kdig("camera", "api.camera.example")
        weir_up.process.send_signal(number)
        equal(weir_up.process.wait(5), 0, f"signal {number}")
        lab.weir = None


@e2e.test("a port in use: it says which and what to do, and serves wherever it can")
def port_in_use(lab):
    with lab.nodes["gateway"].inside():
        others = [socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)]
    for other in others:
        other.bind(("192.168.7.1", 53))
    others[1].listen()
    try:
        weir_up = gateway.Gateway(lab.nodes["gateway"], {"listen": ["192.168.7.1", "192.168.8.1"]})
        lab.weir = weir_up.start()
        said = weir_up.log_tail(8)
        for word in ("UDP 192.168.7.1:53", "TCP 192.168.7.1:53", "in use", "listen"):
            need(word in said, said)
        equal(lab.kdig("phone", "hour.cloud.example").rcode, "NOERROR")
    finally:
        for other in others:
            other.close()


@e2e.test("no listener at all can be opened: status 1")
def no_listener(lab):
    with lab.nodes["gateway"].inside():
        others = [socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)]
    for other in others:
        other.bind(("192.168.7.1", 53))
    others[1].listen()
    path = write("busy.yaml", 'listen: [192.168.7.1]\nuser: ""\ncontrol: {socket: ""}\n')
    try:
        done = weir(lab, "serve", "-c", path)
    finally:
        for other in others:
            other.close()
    equal(done.returncode, 1, done.stderr)
    need("192.168.7.1:53" in done.stderr, done.stderr)


@e2e.test("an address that this machine does not have: it says which")
def foreign_address(lab):
    path = write("foreign.yaml", 'listen: [192.168.77.1]\nuser: ""\ncontrol: {socket: ""}\n')
    done = weir(lab, "serve", "-c", path)
    equal(done.returncode, 1, done.stderr)
    need("192.168.77.1" in done.stderr, done.stderr)


@e2e.test("a configuration that is missing or wrong: named with file, line and column")
def bad_configuration(lab):
    done = weir(lab, "serve", "-c", f"{RUN}/no-such.yaml")
    need(done.returncode in (1, 2), done.stderr)
    need("no-such.yaml" in done.stderr, done.stderr)
    path = write("wrong.yaml", "listen: [127.0.0.1]\ncache:\n  sise: 16MiB\n")
    done = weir(lab, "serve", "-c", path)
    need(done.returncode in (1, 2), done.stderr)
    need(f"{path}:3:3" in done.stderr and "size" in done.stderr, done.stderr)


@e2e.test("an upstream that is weir itself is left out and named")
def own_address(lab):
    set_resolv_conf("127.0.0.1", world.INTERNET["isp"][0])
    try:
        lab.start_gateway({"upstream": {"groups": None, "default": "system"}})
        reply = lab.kdig("camera", "hour.cloud.example")
        equal(reply.rcode, "NOERROR", reply)
        need("127.0.0.1" in lab.weir.log_tail(40), "not named")
    finally:
        set_resolv_conf(world.INTERNET["isp"][0], world.INTERNET["public"][0])


def status_field(pid, field):
    with open(f"/proc/{pid}/status") as file:
        return [line.split()[1:] for line in file if line.startswith(field + ":")][0]


@e2e.test("as root it becomes the user that is configured; where there is no other, it keeps no capability")
def drops_privilege(lab):
    for path in (RUN, f"{RUN}/weir"):
        os.makedirs(path, exist_ok=True)
        os.chmod(path, 0o777)
    weir_up = lab.start_gateway({"user": "nobody"})
    equal(lab.kdig("camera", "api.camera.example").rcode, "NOERROR")
    equal(int(status_field(weir_up.pid, "CapEff")[0], 16), 0, "capabilities")
    with open("/proc/self/uid_map") as file:
        alone = int(file.read().split()[2]) == 1
    if alone:  # a user namespace with one user
        need("cannot become another user" in weir_up.log_tail(), weir_up.log_tail())
    else:
        equal(status_field(weir_up.pid, "Uid")[1], "65534")


@e2e.test("--version and --help answer; an unknown verb is a usage error")
def usage(lab):
    done = weir(lab, "--version")
    equal(done.returncode, 0)
    need(any(c.isdigit() for c in done.stdout), done.stdout)
    equal(weir(lab, "--help").returncode, 0)
    done = weir(lab, "frobnicate")
    equal(done.returncode, 2, done.stderr)
    need("frobnicate" in done.stderr, done.stderr)


@e2e.test("no descriptors are left: it goes on serving")
def few_descriptors(lab):
    """Four more than it has: the sockets of the configuration fit, many TCP clients do not."""
    weir_up = gateway.Gateway(lab.nodes["gateway"], {"workers": 1, "upstream": {"ports": 64}})
    lab.weir = weir_up.start()
    used = len(os.listdir(f"/proc/{weir_up.pid}/fd"))
    subprocess.run(["prlimit", "--pid", str(weir_up.pid), f"--nofile={used + 4}:{used + 4}"], check=True)
    held = [clients.tcp_socket(lab.nodes["camera"], "192.168.7.1") for _ in range(12)]
    try:
        reply = lab.kdig("phone", "hour.cloud.example")
        need(reply.rcode in ("NOERROR", "SERVFAIL"), reply)
    finally:
        for sock in held:
            sock.close()
    need(e2e.until(lambda: lab.kdig("phone", "api.camera.example", "+tcp", timeout=1).rcode == "NOERROR", 15),
         "TCP does not come back")
    need(weir_up.alive(), "ended")


@e2e.test("no memory for more connections: it goes on serving")
def little_memory(lab):
    with e2e.unsanitized():     # a sanitizer's shadow needs all the address space
        weir_up = lab.start_gateway({"workers": 1, "upstream": {"ports": 64}, "tcp": {
            "max_connections": 4096, "max_per_client": 4096, "idle_timeout": "2s"}})
    lab.kdig("phone", "api.camera.example")     # the library for signatures takes its memory at the first one
    with open(f"/proc/{weir_up.pid}/statm") as file:
        size = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE") + 256 * 1024
    subprocess.run(["prlimit", "--pid", str(weir_up.pid), f"--as={size}:{size}"], check=True)
    held = []
    try:
        for _ in range(400):
            held.append(clients.tcp_socket(lab.nodes["camera"], "192.168.7.1", timeout=0.5))
            held[-1].sendall(b"\xff\xff" + b"x" * 20000)
    except OSError:
        pass
    for sock in held:
        sock.close()
    need(e2e.until(lambda: lab.kdig("phone", "hour.cloud.example", timeout=1).rcode == "NOERROR", 10),
         "not served")
    need(weir_up.alive(), "ended")


e2e.main()
