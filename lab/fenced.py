# SPDX-License-Identifier: Apache-2.0
"""The chapter of the demo about the firewall: a camera reaches what weir's answers lead to, whatever else it tries, and all of that is counted."""

import contextlib
import json
import os
import selectors
import socket
import threading
import time

import clients
import gateway
import known
import world
from spaces import RUN, peer
from story import until

# The camera's cloud, and a machine that nobody has told it of. Both answer at 443, to whoever reaches them.
CLOUD, CLOUD_NAME = ("198.51.100.90", "2001:db8:92::90"), "camera.cdn.example.net"
BY_HEART = world.INTERNET["outsider"]
FORBIDDEN = "games.load.cloud.example"
ABROAD = ("8.8.8.8", "2001:4860:4860::8888")    # no machine has them here
DOT = DOH = world.INTERNET["public"][0]
SOON_S = 1.0


class Echo:
    """A server of one machine: it sends back what it gets at TCP port 443."""

    def __init__(self, node):
        self.choose, self.end = selectors.DefaultSelector(), False
        with node.inside():
            self.door = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        self.door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.door.bind(("::", 443))
        self.door.listen(16)
        self.choose.register(self.door, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while not self.end:
            for key, _ in self.choose.select(0.1):
                with contextlib.suppress(OSError):
                    self.one(key.fileobj)

    def one(self, sock):
        if sock is self.door:
            self.choose.register(sock.accept()[0], selectors.EVENT_READ)
        elif octets := sock.recv(4096):
            sock.sendall(octets)
        else:
            self.choose.unregister(sock)
            sock.close()

    def close(self):
        self.end = True
        self.thread.join()
        for key in list(self.choose.get_map().values()):
            key.fileobj.close()


def tries(node, address, port, kind=socket.SOCK_STREAM):
    """'reached', 'refused' or 'silence', and after how long."""
    began = time.monotonic()
    with node.inside():
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    with sock:
        sock.settimeout(3 * SOON_S)
        try:
            sock.connect((address, port))
            sock.sendall(b"hello")
            said = "reached" if sock.recv(100) == b"hello" else "another answer"
        except TimeoutError:
            said = "silence"
        except OSError:
            said = "refused"
    return said, f"{said} after {(time.monotonic() - began) * 1000:.0f} ms"


def talks(stream, word):
    """Whether what is said comes back within a fifth of a second."""
    stream.settimeout(0.2)
    end, got = time.monotonic() + 0.2, b""
    with contextlib.suppress(OSError):
        stream.sendall(word)
        while word not in got and time.monotonic() < end:
            got += stream.recv(4096)
    return word in got


def forward(lab, on):
    """The gateway routes, and has one address for all outside, as at home."""
    node = lab.nodes["gateway"]
    with node.inside():
        for path in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            with open(f"/proc/sys/net/{path}", "w", encoding="ascii") as file:
                file.write("1" if on else "0")
        for path in ("iptables", "ip6tables"):    # br_netfilter shows packets to the filter before they are the gateway's (net/bridged.h)
            with contextlib.suppress(OSError), open(f"/proc/sys/net/bridge/bridge-nf-call-{path}", "w", encoding="ascii") as file:
                file.write("0")
    rules = "table inet home {\n chain out {\n type nat hook postrouting priority 100;\n oifname wan masquerade\n }\n}\n"
    node.run([peer("nft"), "-f", "-"], input=rules if on else "delete table inet home\n")


def settings(folder, mac):
    """Cameras reach what was answered to them; who asks others for names is answered by weir."""
    return {"segments": [{"name": "iot", "interfaces": ["br-iot"], "reach": "answered", "foreign_dns": "answer", "fail": "closed"}],
            "devices": [{"name": "camera", "mac": [mac]}], "registry": {"file": f"{folder}/devices", "oui": ""}, "feed_folder": folder,
            "feeds": [{"name": "doh", "from": f"{folder}/doh.txt", "format": "addresses"}],
            "firewall": {"enabled": True, "nft": peer("nft"), "doh_feeds": ["doh"]}, "log": {"path": f"{folder}/log", "interval": "1s"}}


def fenced(lab, story):
    """A camera reaches its cloud and nothing else, whatever it tries; a scoreboard, a profile that is learned, a quarantine on an open stream."""
    folder = os.path.join(RUN, "fenced")
    os.makedirs(folder, exist_ok=True)
    known.put(f"{folder}/doh.txt", f"{DOH}\n")
    camera, phone = lab.nodes["camera"], lab.nodes["phone"]
    cloud = lab.add_machine("pop", *CLOUD)
    servers = [Echo(cloud), Echo(lab.nodes["outsider"])]
    lab.later(lambda: [server.close() for server in servers])
    lab.later(lambda: forward(lab, False))
    forward(lab, True)
    mac = json.loads(camera.run([peer("ip"), "-j", "link", "show", "eth0"]).stdout)[0]["address"]
    weir = lab.start_gateway(settings(folder, mac))
    lab.later(weir.stop)
    stream = reached(lab, story, camera, phone)
    with stream:
        profiled(lab, story, weir, folder)
        insists(story, weir, camera)
        scored(story, weir)
        shut_off(story, weir, phone, stream)


def reached(lab, story, camera, phone):
    """Its stream to the cloud, open."""
    story.tell(f"a camera may reach what weir has answered to it; it asks for {CLOUD_NAME} and connects")
    before = tries(camera, CLOUD[0], 443)
    story.check("before it asks, the cloud's address is closed to it", before[0] == "refused", before[1])
    reply = lab.kdig("camera", CLOUD_NAME)
    with camera.inside():
        stream = socket.create_connection((CLOUD[0], 443), 3 * SOON_S)
    story.check("behind the answer it is open", CLOUD[0] in reply.data("A") and talks(stream, b"a picture"), reply)
    for address in BY_HEART:
        said = tries(camera, address, 443)
        story.check(f"an address that it was never given, {address}: refused", said[0] == "refused", said[1])
    story.check("the phone, in a segment without a fence, gets there", tries(phone, BY_HEART[0], 443)[0] == "reached")
    return stream


def profiled(lab, story, weir, folder):
    """A profile (RFC 8520) from what it has asked, and its enforcement."""
    known.written(weir)
    path = f"{folder}/camera.json"
    learned = weir.verb("mud", "learn", "camera", "--config", weir.path, "--to", path, check=False)
    story.tell("`weir mud learn camera`: a profile of what it has asked for so far")
    names = [row["approves"] for row in learned["profile"]]
    story.check("it is the name of its cloud, and no other", names == [CLOUD_NAME], names)
    lines = [line.strip() for line in weir.run_verb("mud", "show", path).stdout.splitlines() if CLOUD_NAME in line]
    story.check("`weir mud show` says it in words", lines, lines[:1])
    weir.verb("mud", "import", "camera", path, "--unsigned")
    weir.verb("mud", "enforce", "camera")
    denied = until(lambda: (reply := lab.kdig("camera", FORBIDDEN)).rcode != "NOERROR" and reply, 10) or lab.kdig("camera", FORBIDDEN)
    story.check(f"enforced: a name that it may not have, {FORBIDDEN}, is none for it", denied.rcode != "NOERROR" and not denied.answer, f"{denied}, {denied.why}")
    story.check("and its cloud is found as before", CLOUD[0] in lab.kdig("camera", CLOUD_NAME).data("A"))


def insists(story, weir, camera):
    """Past weir by every door that is usual."""
    story.tell(f"it insists on {ABROAD[0]}, on DNS over TLS and QUIC, and on DNS over HTTPS by an address that it knows")
    for server in ABROAD:
        reply = clients.kdig(camera, server, CLOUD_NAME)
        story.check(f"{server} is asked, and weir answers from there", CLOUD[0] in reply.data("A") and reply.server == server, reply)
        reply = clients.kdig(camera, server, FORBIDDEN)
        story.check("a name that it may not have is none there either", reply.rcode not in (None, "NOERROR") and not reply.answer, reply)
    asked = [event["asked"] for event in known.events(weir, "--device", "camera") if "asked" in event]
    story.check("`weir log` names whom it asked", {f"{ABROAD[0]}:53", f"[{ABROAD[1]}]:53"} <= set(asked), asked[-1:])
    for what, address, port, kind in (("DNS over TLS", DOT, 853, socket.SOCK_STREAM), ("DNS over QUIC", DOT, 853, socket.SOCK_DGRAM),
                                      ("DNS over HTTPS by address", DOH, 443, socket.SOCK_STREAM)):
        said = tries(camera, address, port, kind)
        story.check(f"{what}, {address} port {port}: refused at once", said[0] == "refused", said[1])


def scored(story, weir):
    story.tell("`weir firewall bypass camera`: the scoreboard")
    board = weir.verb("firewall", "bypass", "camera")
    rows = {(row["what"], row["to"], row["protocol"], row["port"]) for row in board["tries"]}
    for what, to, protocol, port in (("unleased", BY_HEART[0], "tcp", 443), ("unleased", BY_HEART[1], "tcp", 443), ("dns", ABROAD[0], "udp", 53),
                                     ("dns", ABROAD[1], "udp", 53), ("encrypted", DOT, "tcp", 853), ("encrypted", DOT, "udp", 853), ("doh", DOH, "tcp", 443)):
        story.check(f"{what}: {to} port {port}/{protocol}", (what, to, protocol, port) in rows)
    score = board["devices"]
    story.check("all on one device's account", [s["device"] for s in score] == ["camera"],
                ", ".join(f"{what} {score[0][what]}" for what in ("dns", "encrypted", "doh", "unleased")) if score else score)


def shut_off(story, weir, phone, stream):
    """Quarantine, with the stream open."""
    began = time.monotonic()
    story.check("its stream to the cloud is open all the time", talks(stream, b"still"))
    done = weir.verb("device", "quarantine", "camera", "--reason", "it tries everything", "--for", "1h")
    took = time.monotonic() - began
    story.tell("`weir device quarantine camera --reason ... --for 1h`")
    silent = not talks(stream, b"after")
    story.check("the open stream is cut within a second", done["firewall"] and silent and took < SOON_S, f"{took * 1000:.0f} ms")
    story.check("with the reason, and for how long", done["quarantine_reason"] == "it tries everything" and 3500 < done["quarantine_left_s"] <= 3600,
                f"{done['quarantine_reason']}, {done['quarantine_left_s']} s left")
    story.check("the phone goes on", tries(phone, BY_HEART[0], 443)[0] == "reached")
    weir.verb("device", "release", "camera")
    story.check("released, the stream goes on", until(lambda: talks(stream, b"again"), 10))


CHAPTERS = {"fenced": fenced}
