#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""DNS over HTTPS to clients: kdig, curl and this process ask weir, over HTTP/2 and HTTP/1.1, by GET and POST."""
import base64
import os
import re
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lab"))

import h2raw                                                                        # noqa: E402
import loopback                                                                     # noqa: E402
from encrypted import Files, context, padded, run                                         # noqa: E402
from loopback import equal, need, question, read_reply                              # noqa: E402
from spaces import peer                                                             # noqa: E402

PORT = 4430
URL = f"https://dns.example:{PORT}"


def encrypted(pair, **more):
    return {"doh": [f"127.0.0.1:{PORT}"], "certificates": [{"chain": pair.chain, "key": pair.key}], **more}


def start(box, **more):
    files = Files(box)
    return files, box.weir([box.upstream(ttl=77)], encrypted=encrypted(files.issue()), **more)


def base64url(wire):
    return base64.urlsafe_b64encode(wire).rstrip(b"=").decode()


class Curl:
    def __init__(self, files):
        self.base = [peer("curl"), "-sS", "-i", "--cacert", files.ca.path, "--resolve", f"dns.example:{PORT}:127.0.0.1",
                     "--max-time", "20"]

    def __call__(self, *words, data=b""):
        """Version and status, fields, body."""
        done = subprocess.run([*self.base, *words], input=data, capture_output=True, timeout=30, check=False)
        need(done.returncode == 0, done.stderr)
        while True:
            head, body = done.stdout.split(b"\r\n\r\n", 1)
            lines = head.decode().split("\r\n")
            if lines[0].split()[1] != "100":
                break
            done.stdout = body
        fields = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        return lines[0].split()[0], int(lines[0].split()[1]), fields, body


@loopback.test("kdig +https and +https-get, padding, a path that names who asks")
def with_kdig(box):
    files, weir = start(box)
    kdig = [peer("kdig"), "@127.0.0.1", "-p", str(PORT), f"+tls-ca={files.ca.path}", "+tls-host=dns.example", "+time=10",
            "+retry=0"]
    for words in (["+https"], ["+https-get"], ["+https", "+padding"], ["+https=/dns-query/Camera-7"]):
        said = run(*kdig, f"a{len(words[0])}.example", *words).stdout.decode()
        need("192.0.2.1" in said and "HTTP session (HTTP/2" in said, (words, said))
    said = run(*kdig, "a.example", "+https=/other").stdout.decode()
    need("192.0.2.1" not in said and "404" in said, said)
    events = {e["name"]: e for e in weir.verb("log")["events"]}
    event = events[f"a{len('+https=/dns-query/Camera-7')}.example."]
    equal((event["transport"], event["claim"], event["claim_by"]), ("doh", "camera-7", "path"))
    need("claim" not in events["a6.example."])


@loopback.test("curl: GET, HEAD and POST over both versions; what a cache is told")
def with_curl(box):
    files, _weir = start(box)
    curl, wire = Curl(files), question("a.example", number=0)
    for version, name in (("--http2", "HTTP/2"), ("--http1.1", "HTTP/1.1")):
        post = ["-H", "content-type: application/dns-message", "--data-binary", "@-", URL + "/dns-query"]
        for words, data in (([URL + f"/dns-query?dns={base64url(wire)}"], b""), (post, wire),
                            (["-H", "transfer-encoding: chunked", *post], wire),
                            (["-H", "expect: 100-continue", *post], wire)):
            if version == "--http2" and "transfer-encoding: chunked" in words:
                continue
            said, status, fields, body = curl(version, *words, data=data)
            equal((said, status, fields["content-type"]), (name, 200, "application/dns-message"))
            equal(read_reply(body).addresses, ["192.0.2.1"])
            age = int(re.fullmatch(r"max-age=(\d+)", fields["cache-control"])[1])
            need(60 <= age <= 77, age)
        said, status, fields, body = curl(version, "-I", URL + f"/dns-query?dns={base64url(wire)}")
        equal((status, body), (200, b""))
        need(int(fields["content-length"]) > 12)


@loopback.test("curl: what is no query gets its status, and the connection goes on")
def statuses(box):
    files, _weir = start(box)
    curl, wire = Curl(files), question("a.example", number=0)
    dns = ["-H", "content-type: application/dns-message"]
    for version in ("--http2", "--http1.1"):
        for status, words, data in (
                (404, [URL + "/"], b""), (404, [URL + "/dns-query/a/b"], b""), (405, ["-X", "PUT", URL + "/dns-query"], b""),
                (501, ["-X", "BREW", URL + "/dns-query"], b""), (400, [URL + "/dns-query"], b""),
                (400, [URL + "/dns-query?dns=AAAA"], b""), (414, [URL + "/dns-query?dns=" + "A" * 6000], b""),
                (415, ["-H", "content-type: text/plain", "--data-binary", "@-", URL + "/dns-query"], wire),
                (413, [*dns, "--data-binary", "@-", URL + "/dns-query"], bytes(5000)),
                (400, [*dns, "--data-binary", "@-", URL + "/dns-query"], b"short"),
                (431, ["-H", "x: " + "y" * 17000, URL + "/"], b"")):
            equal(curl(version, *words, data=data)[1], status, (version, words))
        good = URL + f"/dns-query?dns={base64url(wire)}"
        done = subprocess.run([*curl.base, version, "-o", "/dev/null", "-w", "%{http_code} %{num_connects}\n", URL + "/", good,
                               "-o", "/dev/null"], capture_output=True, timeout=30, check=False)
        equal(done.stdout.split(b"\n")[-2], b"200 0", done)    # the second is on the connection of the first


@loopback.test("curl --doh-url: a name of the web is resolved by weir")
def doh_url(box):
    files, _weir = start(box)
    done = run(peer("curl"), "-sS", "--doh-url", f"https://127.0.0.1:{PORT}/dns-query", "--cacert", files.ca.path, "--max-time", "5",
               "--connect-timeout", "3", "-v", "http://web.example:9/")
    need(b"192.0.2.1" in done.stderr, done.stderr[-600:])


@loopback.test("HTTP/1.1: pipelined requests are answered in order, also when the first is slow")
def pipelined(box):
    files = Files(box)
    slow, quick = box.upstream(late_s=1), box.upstream()
    box.weir(upstream={"ports": 256, "groups": [
        {"name": "slow", "servers": [slow.url]}, {"name": "quick", "servers": [quick.url]}],
        "default": "quick", "routes": [{"zone": "slow.example", "group": "slow"}]}, encrypted=encrypted(files.issue()))
    c = h2raw.Raw(PORT, context(files), alpn="http/1.1")
    queries = [question(n, number=i) for i, n in enumerate(("x.slow.example", "a.example", "b.example"), 1)]
    c.send(b"".join(b"GET /dns-query?dns=%s HTTP/1.1\r\nHost: dns.example\r\n\r\n" % base64url(q).encode() for q in queries))
    stream = c.tls.makefile("rb")
    for number in (1, 2, 3):
        need(stream.readline().startswith(b"HTTP/1.1 200"))
        size = 0
        while (line := stream.readline()) != b"\r\n":
            size = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else size
        equal(read_reply(stream.read(size)).id, number)
    c.close()


@loopback.test("HTTP/1.1: more requests at once than are kept wait in the client's kernel, and all are answered")
def many(box):
    files = Files(box)
    box.weir([box.upstream(late_s=1)], encrypted=encrypted(files.issue()))
    c = h2raw.Raw(PORT, context(files), alpn="http/1.1")
    dns, count = base64url(question("a.example")).encode(), 1000
    c.send(b"".join(b"GET /dns-query?dns=%s HTTP/1.1\r\nHost: dns.example\r\nX-More: %s\r\n\r\n" % (dns, b"x" * 60) for _ in range(count)))
    stream, seen = c.tls.makefile("rb"), 0
    while seen < count and stream.readline().startswith(b"HTTP/1.1 200"):
        size = 0
        while (line := stream.readline()) != b"\r\n":
            size = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else size
        seen += len(stream.read(size)) == size
    equal(seen, count)
    c.close()


@loopback.test("HTTP/1.1: who says that it is the last request finds the connection closed behind the answer, long before it is idle")
def last(box):
    files = Files(box)
    box.weir([box.upstream(late_s=1)], tcp={"idle_timeout": "5m"}, encrypted=encrypted(files.issue()))
    dns = base64url(question("slow.example")).encode()
    for path, status, version in ((b"/nothing", b"404", b"1.1"), (b"/dns-query?dns=" + dns, b"200", b"1.1"),
                                  (b"/dns-query?dns=" + dns, b"200", b"1.0")):
        c = h2raw.Raw(PORT, context(files), alpn="http/1.1")
        c.send(b"GET %s HTTP/%s\r\nHost: dns.example\r\n%s\r\n" % (path, version, b"Connection: close\r\n" if version == b"1.1" else b""))
        got = c.tls.makefile("rb").read()      # to the end, which is close_notify
        need(got.startswith(b"HTTP/1.1 " + status), got[:100])
        c.close()


@loopback.test("HTTP/2: many streams at once, answers as they are ready, and a large answer in many frames")
def multiplexed(box):
    files = Files(box)
    slow, quick = box.upstream(late_s=1), box.upstream()
    weir = box.weir(upstream={"ports": 256, "groups": [
        {"name": "slow", "servers": [slow.url]}, {"name": "quick", "servers": [quick.url]}],
        "default": "quick", "routes": [{"zone": "slow.example", "group": "slow"}]}, workers=2,
        encrypted=encrypted(files.issue()))
    c = h2raw.Raw(PORT, context(files))
    names = ["x.slow.example"] + [f"n{i}.example" for i in range(60)]
    for i, name in enumerate(names):
        c.frame(h2raw.HEADERS, 5, 2 * i + 1, h2raw.get_head(b"/dns-query?dns=" + base64url(question(name, number=i)).encode()))
    order = []
    while len(order) < len(names):
        kind, _flags, stream, payload = c.read()
        if kind == h2raw.DATA and payload:
            equal(read_reply(payload).id, stream // 2)
            order.append(stream)
    equal(sorted(order), [2 * i + 1 for i in range(61)])
    equal(order[-1], 1)
    c.close()
    fair = h2raw.Fair(PORT, context(files))
    equal(len(fair.ask(padded("a.example", 128))), 468)
    weir.stop()
    equal(fair.closed(), (0, 1), "GOAWAY: nothing is wrong, and the one stream was answered")


@loopback.test("without ALPN it is HTTP/1.1; another doh_path after a reload")
def paths(box):
    files = Files(box)
    pair = files.issue()
    weir = box.weir([box.upstream()], encrypted=encrypted(pair))
    done = run(peer("openssl"), "s_client", "-connect", f"127.0.0.1:{PORT}", "-quiet", "-ign_eof", "-CAfile", files.ca.path,
               data=b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    need(done.stdout.startswith(b"HTTP/1.1 404"), done)
    fair, wire = h2raw.Fair(PORT, context(files)), question("a.example")
    need(fair.ask(wire) is not None)
    weir.configure(box.settings([box.upstream()], encrypted=encrypted(pair, doh_path="/other")))
    weir.verb("reload")
    equal(fair.ask(wire), None)
    need(fair.ask(wire, b"/other") is not None)
    need(struct.unpack(">H", fair.ask(wire, b"/other/cam")[:2])[0] == struct.unpack(">H", wire[:2])[0])
    fair.close()


if __name__ == "__main__":
    loopback.main()
