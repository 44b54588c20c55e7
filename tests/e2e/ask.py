#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir ask: kdig's flags, the same answers; weir check: every mistake; exit codes."""

import json
import os

import e2e
from e2e import equal, need
from lab import RUN, clients, gateway, world

MAKERS = world.INTERNET["makers"]
CLOUD = world.INTERNET["cloud"]


def weir(lab, *words, node="outsider"):
    return lab.nodes[node].run([gateway.binary(), *words], check=False, timeout=60)


def ask(lab, *words):
    return weir(lab, "ask", *words)


def kdig_lines(lab, *words):
    """The output of kdig +short, sorted."""
    done = lab.nodes["outsider"].run([clients.peer("kdig"), *words, "+short"])
    return sorted(line for line in done.stdout.split("\n") if line)


def records(text):
    """(owner, TTL, type, data) of each line that is a record."""
    lines = [line.split(None, 4) for line in text.splitlines() if line and not line.startswith(";")]
    return sorted((w[0].lower(), int(w[1]), w[3], w[4].upper() if w[3] == "DS" else w[4])
                  for w in lines if len(w) == 5)


QUESTIONS = [
    (MAKERS[0], "api.camera.example", "A"), (MAKERS[0], "api.camera.example", "AAAA"),
    (MAKERS[0], "camera.example", "SOA"), (MAKERS[0], "camera.example", "NS"),
    (MAKERS[1], "fw.firmware.example", "TXT"), (CLOUD[0], "_mqtts._tcp.cloud.example", "SRV"),
    (CLOUD[1], "camera.cdn.example.net", "CNAME"), (MAKERS[0], "camera.example", "DNSKEY"),
    (MAKERS[0], "firmware.example", "NSEC3PARAM"),
    (world.INTERNET["root"][0], "example", "DS"), (MAKERS[0], "manifest.firmware.example", "TXT"),
]


@e2e.test("+short prints what kdig prints")
def short(lab):
    for server, name, rtype in QUESTIONS:
        done = ask(lab, f"@{server}", name, rtype, "+short")
        equal(done.returncode, 0, f"{name} {rtype}: {done.stderr}")
        said = sorted(line for line in done.stdout.split("\n") if line)
        truth = kdig_lines(lab, f"@{server}", name, rtype)
        if rtype == "DS":  # hexadecimal digits are of either case (RFC 4034 section 5.3)
            said, truth = ([line.upper() for line in lines] for lines in (said, truth))
        equal(said, truth, f"{name} {rtype}")


@e2e.test("zone text with the same records, all sections")
def full(lab):
    for server, name, rtype in QUESTIONS:
        done = ask(lab, f"@{server}", name, rtype, "+norec")
        truth = clients.kdig(lab.nodes["outsider"], server, name, rtype, "+norec")
        equal(records(done.stdout), records(truth.text), f"{name} {rtype}")


@e2e.test("+dnssec asks for signatures and prints them")
def dnssec(lab):
    done = ask(lab, f"@{MAKERS[0]}", "api.camera.example", "A", "+dnssec")
    truth = clients.kdig(lab.nodes["outsider"], MAKERS[0], "api.camera.example", "A", "+dnssec")
    need(any(r[2] == "RRSIG" for r in records(done.stdout)), done.stdout)
    equal(records(done.stdout), records(truth.text))


@e2e.test("+tcp asks over TCP, a truncated answer is asked for again over TCP")
def tcp(lab):
    with lab.capture("eth0", "outsider") as wire:
        equal(ask(lab, f"@{MAKERS[0]}", "api.camera.example", "+tcp").returncode, 0)
    equal({m.protocol for m in wire.queries()}, {"tcp"})
    with lab.capture("eth0", "outsider") as wire:
        equal(ask(lab, f"@{MAKERS[0]}", "manifest.firmware.example", "TXT").returncode, 0)
    equal([m.protocol for m in wire.queries()], ["udp", "tcp"])


@e2e.test("+norec clears RD, otherwise it is set; the type may come before the name")
def flags(lab):
    with lab.capture("eth0", "outsider") as wire:
        ask(lab, f"@{MAKERS[0]}", "api.camera.example", "A", "+norec")
        ask(lab, f"@{MAKERS[0]}", "api.camera.example", "A")
    equal([bool(m.wire[2] & 1) for m in wire.queries()], [False, True])


@e2e.test("@server#port and -p")
def ports(lab):
    with lab.capture("eth0", "outsider") as wire:
        done = ask(lab, f"@{MAKERS[0]}#5353", "api.camera.example", "+timeout=1", "+retry=0")
        need(done.returncode == 1, f"status {done.returncode}")
        ask(lab, f"@{MAKERS[0]}", "-p", "5354", "api.camera.example", "+timeout=1", "+retry=0")
    need({5353, 5354} <= {p.target_port for p in wire.packets if p.outgoing},
         {p.target_port for p in wire.packets})


@e2e.test("+json is JSON that says the same")
def as_json(lab):
    done = ask(lab, f"@{MAKERS[0]}", "api.camera.example", "A", "+json")
    equal(done.returncode, 0, done.stderr)
    text = json.dumps(json.loads(done.stdout))
    need("198.51.100.31" in text and "api.camera.example" in text, text[:400])
    done = weir(lab, "ask", f"@{MAKERS[0]}", "api.camera.example", "A", "--json")
    need(json.loads(done.stdout), done.stderr)


@e2e.test("NXDOMAIN and NODATA are answers: status 0, the code is printed")
def negative(lab):
    done = ask(lab, f"@{CLOUD[0]}", "nothing.example.org", "A")
    equal(done.returncode, 0, done.stderr)
    need("NXDOMAIN" in done.stdout, done.stdout)
    done = ask(lab, f"@{CLOUD[0]}", "example.org", "A")
    equal(done.returncode, 0, done.stderr)


@e2e.test("no reply: status 1, soon, and it says whom it asked")
def no_reply(lab):
    lab.cut("makers")
    done = ask(lab, f"@{MAKERS[0]}", "api.camera.example", "+timeout=1", "+retry=0")
    equal(done.returncode, 1, done.stdout)
    need(MAKERS[0] in done.stderr + done.stdout, done.stderr)


@e2e.test("usage errors: status 2 and one line that helps")
def usage(lab):
    for words in ([], ["api.camera.example", "NOSUCHTYPE"], ["+nosuchflag", "api.camera.example"],
                  ["a" * 64 + ".example"], [f"@{MAKERS[0]}#notaport", "api.camera.example"]):
        done = ask(lab, *words)
        equal(done.returncode, 2, f"{words}: {done.stderr}{done.stdout}")
        need(done.stderr.strip(), f"{words}: silent")


def check(lab, text, *words):
    path = os.path.join(RUN, "check.yaml")
    with open(path, "w") as file:
        file.write(text)
    return path, weir(lab, "check", path, *words)


@e2e.test("check: a good file is good, an empty one as well")
def check_good(lab):
    for text in ("", gateway.to_yaml(gateway.default_config())):
        path, done = check(lab, text)
        equal(done.returncode, 0, done.stderr + done.stdout)


@e2e.test("check: every mistake at once, with file:line:column and the nearest key; status 1")
def check_bad(lab):
    text = ("listn: [127.0.0.1]\n"
            "cache:\n"
            "  size: 16 parsecs\n"
            "  max_ttl: 400d\n"
            "  stale:\n"
            "    enable: maybe\n"
            "  prefetch: yes\n"
            "workers: -1\n"
            "workers: 2\n")
    path, done = check(lab, text)
    equal(done.returncode, 1, done.stderr + done.stdout)
    said = done.stderr + done.stdout
    for place in ("1:1", "3:9", "4:12", "6:13", "8:10", "9:1"):
        need(f"{path}:{place}" in said, f"{place} is missing in:\n{said}")
    need("listen" in said, "no nearest key")


@e2e.test("check: a tab, broken YAML, a file that is not there, a directory")
def check_broken(lab):
    for text in ("cache:\n\tsize: 1MiB\n", "listen: [127.0.0.1\n", "listen: {a: b: c}\n", "- just\n- a list\n"):
        path, done = check(lab, text)
        equal(done.returncode, 1, f"{text!r}: {done.stderr}")
        need(path in done.stderr + done.stdout, done.stderr + done.stdout)
    for path in (f"{RUN}/not-there.yaml", RUN):
        done = weir(lab, "check", path)
        equal(done.returncode, 1, done.stderr)
        need(path in done.stderr + done.stdout, done.stderr + done.stdout)


@e2e.test("check: 100 MB and a million keys end soon, with an error")
def check_huge(lab):
    for text in ("# " + "x" * 100_000_000, "".join(f"k{i}: 1\n" for i in range(300_000))):
        path, done = check(lab, text)
        equal(done.returncode, 1, done.stderr[:300])


e2e.main()
