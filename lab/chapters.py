# SPDX-License-Identifier: Apache-2.0
"""The chapters of the demo. Each gets the lab and the story, starts weir as it needs it, and leaves
the lab as it found it. A chapter is listed in CHAPTERS once weir can do what it tells."""

import concurrent.futures
import struct
import time

import badpackets
import clients
import fenced
import known
import private
import proofs
import services
import world
from spaces import RUN
from story import until

SLOW = 0.300
KNOWN = [f"n{i}.brief.cloud.example" for i in range(50)]      # TTL 2 s
DEVICES = [name for _, _, devices in world.SEGMENTS.values() for name in devices]


def resolve(lab, story):
    """Devices resolve over UDP and TCP, IPv4 and IPv6."""
    lab.start_gateway()
    maker = lab.nodes["makers"]
    for device, family, transport in (("camera", 4, "UDP"), ("camera", 6, "UDP"),
                                      ("phone", 4, "TCP"), ("phone", 6, "TCP")):
        words = ["+tcp"] if transport == "TCP" else []
        for rtype in ("A", "AAAA"):
            truth = clients.kdig(maker, world.INTERNET["makers"][0], "api.camera.example", rtype)
            reply = lab.kdig(device, "api.camera.example", rtype, *words, family=family)
            story.check(f"{device}: api.camera.example {rtype} over {transport}/IPv{family}",
                        reply.rcode == "NOERROR" and reply.data() == truth.data()
                        and reply.protocol == transport
                        and reply.server == lab.server_for(device, family), reply)
    reply = lab.kdig("camera", "stream.camera.example")
    story.check("an alias of an alias in a CDN is followed", reply.data("A") == ["198.51.100.90"]
                and len(reply.data("CNAME")) == 2, reply)
    reply = lab.kdig("lock", "_mqtts._tcp.cloud.example", "SRV")
    story.check("where the broker is (SRV)", len(reply.data("SRV")) == 2, reply)
    reply = lab.kdig("thermostat", "nothing.example.org")
    story.check("a name that does not exist", reply.rcode == "NXDOMAIN" and len(reply.authority) == 1,
                reply)
    _resolve_large(lab, story)


def _resolve_large(lab, story):
    """What does not fit a datagram is truncated over UDP and whole over TCP."""
    reply = lab.kdig("camera", "manifest.firmware.example", "TXT", "+ignore", "+bufsize=1232")
    story.check("a firmware manifest of 2.3 kB does not fit a datagram: truncated",
                "tc" in reply.flags and reply.size <= 1232, f"{reply.size} B, {reply}")
    reply = lab.kdig("camera", "manifest.firmware.example", "TXT")
    story.check("so the camera asks again over TCP and gets it whole",
                reply.protocol == "TCP" and reply.size > 2300 and len(reply.answer) == 1,
                f"{reply.size} B, {reply}")


def cache(lab, story):
    """A second asking is answered from the cache."""
    lab.start_gateway()
    questions = [("hour.cloud.example", "A"), ("api.camera.example", "AAAA"),
                 ("stream.camera.example", "A"), ("nothing.example.org", "A"),
                 ("api.camera.example", "MX")]
    with lab.capture() as wire:
        first = [lab.kdig("camera", *question) for question in questions]
    story.check("the first asking goes upstream", len(wire.queries()) >= len(questions),
                f"captured {len(wire.queries())} queries on the wan side")
    with lab.capture() as wire:
        for question, before in zip(questions, first):
            again = lab.kdig("phone", *question, family=6)
            story.check(f"{' '.join(question)} again, by another device",
                        again.rcode == before.rcode and again.data() == before.data(), again)
    story.check("no query went upstream", not wire.queries(), f"captured {len(wire.queries())}")
    until(lambda: min(lab.kdig("lock", "hour.cloud.example").ttls() or [9999]) < 3600, 3)
    reply = lab.kdig("lock", "hour.cloud.example")
    story.check("its TTL runs down", 3590 < reply.ttls()[0] < 3600, f"TTL {reply.ttls()[0]}")
    with lab.capture() as wire:
        lab.kdig("camera", "brief.cloud.example")
        time.sleep(3.0)  # its TTL is 2 s: this waits for the clock, not for an event
        reply = lab.kdig("camera", "brief.cloud.example")
    asked = [m for m in wire.queries() if m.name == "brief.cloud.example."]
    story.check("a name whose TTL has run out is asked upstream again",
                len(asked) >= 2 and reply.ttls() == [2], f"{len(asked)} queries, {reply}")


def _many_devices(lab, names_by_device):
    """Each device asks its names, all devices at once; all replies."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        jobs = [pool.submit(lab.kdig_many, device, names)
                for device, names in names_by_device.items()]
        return [reply for job in jobs for reply in job.result()]


def one_down(lab, story):
    """One of two upstreams is cut, and no device notices."""
    lab.start_gateway()
    _many_devices(lab, {d: [f"warm-{d}{i}.load.cloud.example" for i in range(20)] for d in DEVICES})
    for dead in ("isp", "public"):
        story.tell(f"the upstream `{dead}` falls silent; five devices ask 500 new names")
        lab.cut(dead)
        replies = _many_devices(lab, {
            d: [f"{dead}-{d}{i}.load.cloud.example" for i in range(100)] for d in DEVICES})
        lab.restore(dead)
        failed = [r for r in replies if r.rcode != "NOERROR" or not r.answer]
        slow = [r for r in replies if r.seconds is None or r.seconds > SLOW]
        worst = max(r.seconds or 9.9 for r in replies)
        story.check("every question is answered", not failed, f"{len(replies) - len(failed)} of "
                    f"{len(replies)}" + (f", e.g. {failed[0]}" if failed else ""))
        story.check("at most 1 % of the answers take longer than 300 ms",
                    len(slow) <= len(replies) / 100,
                    f"{len(slow)} of {len(replies)}, worst {worst * 1000:.0f} ms")
        _settle(lab)


def _settle(lab):
    """Until both upstreams were seen to serve again: other chapters start from there."""
    until(lambda: lab.kdig("laptop", f"s{time.monotonic_ns()}.load.cloud.example").rcode == "NOERROR", 5)


def _begin_outage(lab):
    """Learn the known names, let their TTL of 2 s run out, cut everything."""
    lab.kdig_many("camera", KNOWN)
    lab.kdig("camera", "flash.cloud.example")
    lab.kdig("camera", "gone.example.org")
    time.sleep(3.0)
    lab.cut("isp", "public")


def outage(lab, story):
    """All upstreams are cut: known names are answered stale, unknown ones fail fast and say why."""
    lab.start_gateway()
    _begin_outage(lab)
    story.tell("both upstreams are silent, and the names known have outlived their TTL of 2 s")
    reply = lab.kdig("camera", KNOWN[0])
    story.check("the first asking of a known name is answered at the client timer (1.8 s), stale",
                reply.rcode == "NOERROR" and 3 in reply.ede and reply.ttls() == [30]
                and reply.seconds <= 2.0, reply)
    reply = lab.kdig("phone", "first.load.cloud.example")
    story.check("a name never seen fails within 2 s, with an EDE that says why",
                reply.rcode == "SERVFAIL" and {22, 23} & set(reply.ede) and reply.seconds <= 2.05, reply)
    replies = lab.kdig_many("camera", KNOWN)
    stale = [r for r in replies if r.rcode == "NOERROR" and 3 in r.ede and r.ttls() == [30]]
    story.check("every known name is answered: EDE 3 (stale answer), TTL 30",
                len(stale) == len(KNOWN), f"{len(stale)} of {len(KNOWN)}, e.g. {replies[-1]}")
    worst = max(r.seconds or 9.9 for r in lab.kdig_many("lock", KNOWN))
    story.check("and by now within 400 ms, for all servers are suspect", worst <= 0.4,
                f"worst {worst * 1000:.0f} ms")
    replies = lab.kdig_many("phone", [f"unknown{i}.load.cloud.example" for i in range(10)])
    fast = [r for r in replies if r.rcode == "SERVFAIL" and {22, 23} & set(r.ede)
            and r.seconds <= 0.4]
    story.check("unknown names fail within 400 ms, EDE 22 or 23", len(fast) == len(replies),
                f"{len(fast)} of {len(replies)}, the slowest {_slowest(replies)}")
    lab.restore("isp", "public")


def _slowest(replies):
    return max(replies, key=lambda reply: reply.seconds or 99.0)


def recovery(lab, story):
    """Upstreams return: the first query 2 s later is fresh."""
    lab.start_gateway()
    _begin_outage(lab)
    before = lab.kdig("camera", "flash.cloud.example")
    story.check("during the outage the old address is served stale", 3 in before.ede
                and before.data("A") == ["198.51.100.50"], before)
    lab.kdig_many("phone", [f"during{i}.load.cloud.example" for i in range(20)])
    story.tell("meanwhile the cloud moves to a new address; both upstreams return; 2 s pass")
    lab.change_cloud(serial=2, flash="198.51.100.99")
    until(lambda: clients.kdig(lab.nodes["cloud"], world.INTERNET["cloud"][0], "flash.cloud.example")
          .data("A") == ["198.51.100.99"], 3)
    lab.restore("isp", "public")
    time.sleep(2.0)
    reply = lab.kdig("camera", "flash.cloud.example")
    story.check("the first query is answered fresh", reply.data("A") == ["198.51.100.99"]
                and not reply.ede and reply.ttls() == [2] and reply.seconds < SLOW, reply)
    reply = lab.kdig("phone", "during1.load.cloud.example")
    story.check("a name that failed during the outage resolves again", reply.rcode == "NOERROR"
                and not reply.ede, reply)
    lab.change_cloud(serial=3)


def restart(lab, story):
    """kill -9, restart: the kept cache answers with all upstreams cut."""
    names = [f"kept{i}.load.cloud.example" for i in range(50)] + ["api.camera.example"]
    weir = lab.start_gateway({"cache": {"live": f"{RUN}/weir/live",
                                          "keep": {"path": f"{RUN}/weir/kept"}}})
    learned = [r.data() for r in lab.kdig_many("camera", names)]
    time.sleep(1.0)  # what was learned a second before must be there
    story.tell(f"{len(names)} names are learned; a second later: kill -9, and both upstreams are cut")
    weir.kill()
    lab.cut("isp", "public")
    weir.start()
    with lab.capture() as wire:
        replies = lab.kdig_many("phone", names)
    same = [r for r, data in zip(replies, learned) if r.rcode == "NOERROR" and r.data() == data]
    story.check("all are answered after the restart", len(same) == len(names),
                f"{len(same)} of {len(names)}, e.g. {replies[0]}")
    fresh = [r for r in replies if r.ttls() and 0 < min(r.ttls()) < 3600 and not r.ede]
    story.check("with the life they had left, not stale", len(fresh) == len(names), len(fresh))
    story.check("and nothing went upstream for them", not wire.queries(),
                f"captured {len(wire.queries())}")
    lab.restore("isp", "public")


def outsider(lab, story):
    """A stranger on the Internet is refused, never helped to attack another, and finally ignored."""
    lab.start_gateway()
    for family in (4, 6):
        with lab.capture() as wire:
            reply = lab.kdig("outsider", "api.camera.example", family=family)
        story.check(f"refused over IPv{family}", reply.rcode == "REFUSED" and not reply.answer, reply)
        asked = [m for m in wire.queries() if m.target in world.INTERNET["isp"] +
                 world.INTERNET["public"]]
        story.check("nothing was asked upstream for it", not asked, f"captured {len(asked)}")
    stranger = world.INTERNET["outsider"][0]
    story.tell("it sends 3000 queries in a second, as a spoofer would in a victim's name")
    with lab.capture() as wire:
        load = clients.Load(lab.nodes["outsider"], world.WAN[0],
                            [f"x{i}.camera.example" for i in range(3000)], 3000).run(1.0, tail=0.5)
        reply = lab.kdig("camera", "api.camera.example")
    ratio = wire.bytes_out(stranger) / max(1, wire.bytes_in(stranger))
    story.check("fewer octets go back than came", ratio <= 1.0, f"ratio {ratio:.3f}")
    story.check("beyond the limit it hears nothing", load.answered < load.sent / 4,
                f"{load.answered} replies to {load.sent} queries")
    story.check("a device is served meanwhile", reply.rcode == "NOERROR" and reply.seconds < SLOW, reply)


def malformed(lab, story):
    """Broken packets of every kind are answered FORMERR or dropped, and service goes on."""
    weir = lab.start_gateway({"limits": {"client_rate": 0}})
    lab.kdig("camera", "hour.cloud.example")
    pid = weir.pid
    server = lab.server_for("camera")
    wrong = []
    packets = list(badpackets.all_kinds())
    with lab.capture() as wire:
        for name, packet in packets:
            with clients.udp_socket(lab.nodes["camera"], server) as sock:
                sock.settimeout(0.05)
                sock.send(packet)
                try:
                    reply = sock.recv(4096)
                except TimeoutError:
                    reply = None
            if reply and reply[3] & 15 not in (1, 4, 5):
                wrong.append(f"{name}: rcode {reply[3] & 15}")
    story.check(f"{len(packets)} kinds of broken queries: FORMERR, NOTIMP, REFUSED or silence",
                not wrong, ", ".join(wrong))
    story.check("none of them reached an upstream", not wire.queries(), f"captured {len(wire.queries())}")
    measured = [_flood(lab, weir, server, packets) for _ in range(3)]
    story.check("the framing of TCP is not trusted either", _malformed_tcp(lab, server))
    reply = lab.kdig("camera", "hour.cloud.example")
    story.check("service goes on, same process", reply.rcode == "NOERROR" and weir.alive()
                and weir.pid == pid, reply)
    story.check("and thousands of them did not make it grow", measured[2] - measured[0] <= 256,
                f"{measured[2]} KiB after three rounds, {measured[0]} KiB after the first")


def _flood(lab, weir, server, packets):
    """All the packets many times from several ports; weir's memory in KiB when it answers again."""
    for _ in range(8):
        with clients.udp_socket(lab.nodes["camera"], server) as sock:
            for _, packet in packets * 25:
                sock.send(packet)
    until(lambda: lab.kdig("camera", "hour.cloud.example", timeout=1).rcode == "NOERROR", 5)
    return weir.memory_kib()


def _malformed_tcp(lab, server):
    """Lengths that lie: none may be answered with data or stop another connection."""
    query = clients.question("hour.cloud.example")
    for data in (b"\0\0", b"\0\5" + query[:5], b"\xff\xff" + query, struct.pack("!H", 12) + query[:12]):
        with clients.tcp_socket(lab.nodes["camera"], server) as sock:
            sock.settimeout(0.2)
            sock.sendall(data)
            reply = clients.tcp_receive(sock)
            if reply and reply[3] & 15 == 0:
                return False
    with clients.tcp_socket(lab.nodes["camera"], server) as sock:
        sock.sendall(clients.frame(query))
        reply = clients.tcp_receive(sock)
    return bool(reply) and reply[3] & 15 == 0


# In the order they are told. A chapter is here when weir can do it.
CHAPTERS = {
    "resolve": resolve,
    "cache": cache,
    "one-down": one_down,
    "outage": outage,
    "recovery": recovery,
    "restart": restart,
    "outsider": outsider,
    "malformed": malformed,
    **services.CHAPTERS,
    **proofs.CHAPTERS,
    **private.CHAPTERS,
    **known.CHAPTERS,
    **fenced.CHAPTERS,
}
