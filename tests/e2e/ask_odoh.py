#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`weir ask +odoh`: through weir as proxy to weir as target, and to a proxy and target of this process that change their minds."""
import http.server
import json
import os
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lab"))

import loopback                                                                     # noqa: E402
import obliviouspeer                                                                # noqa: E402
from encrypted import Files, HttpsServer, gateway, identity                         # noqa: E402
from loopback import equal, need                                                    # noqa: E402

PROXY, TARGET, CLIENT = ("127.0.0.1", 4431), ("127.0.0.2", 4430), "127.0.0.9"
AT = f"@target.example#{TARGET[1]}"
TO = f"+odoh={PROXY[0]}:{PROXY[1]}"


class Asker:
    """Runs the verb; what it knows of the proxy is the authority and the name."""

    def __init__(self, box, files):
        self.program, self.proof = box.program, (f"+tls-ca={files.ca.path}", "+tls-host=proxy.example")

    def text(self, *words, status=0, proof=True):
        own = [self.program, "ask", "-b", CLIENT, *(self.proof if proof else ()), *words]
        done = subprocess.run(own, capture_output=True, text=True, timeout=60, check=False)
        equal(done.returncode, status, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def json(self, *words, **more):
        return [json.loads(line) for line in self.text("+json", *words, **more).splitlines() if line.startswith("{")]


def rdata(reply):
    return [record["rdata"] for record in reply["answer"]]


def names(weir):
    return [event["name"] for event in weir.verb("log")["events"]]


@loopback.test("by flags and by URL, in text and JSON: the target's log has the question and the proxy's address, the proxy's neither")
def carried(box):
    files = Files(box)
    front, back = identity(files, "proxy", PROXY[0]), identity(files, "target", TARGET[0])
    target = gateway(box, back, "127.0.0.2:5300", TARGET, target=True)
    url = f"https://target.example:{TARGET[1]}/dns-query#addr={TARGET[0]}&pin=sha256/{back.pin}"
    proxy = gateway(box, front, "127.0.0.1:5300", PROXY, targets=[url])
    asker = Asker(box, files)
    first, second = asker.json(AT, TO, "-q", "secret1.example", "-q", "secret2.example")
    equal((rdata(first), rdata(second)), (["192.0.2.1"], ["192.0.2.1"]))
    equal((first["transport"], first["tls"]["proven"], first["tls"]["resumed"], first["odoh"]["configuration"]), ("odoh", True, False, "fetched"), first)
    equal((second["tls"]["resumed"], second["odoh"]["configuration"]), (True, "kept"), second)
    config = first["odoh"]["config"]
    text = asker.text(AT, TO, "secret3.example", f"+odoh-config={config}")
    for words in (f"Carried to target.example:{TARGET[1]}/dns-query", "configuration pinned", f"+odoh-config={config}", "(ODoH) in ",
                  "an authority vouches for proxy.example", "192.0.2.1"):
        need(words in text, f"{words}: {text}")
    facts = f"#proxy=proxy.example:{PROXY[1]}/proxy&addr={PROXY[0]}&pin=sha256/{front.pin}"
    reply, = asker.json(f"@odoh://target.example:{TARGET[1]}/dns-query{facts}&config={config}", "secret4.example", proof=False)
    equal((rdata(reply), reply["odoh"]["configuration"], reply["tls"]["proven"]), (["192.0.2.1"], "pinned", True), reply)
    events = [e for e in target.verb("log")["events"] if e["name"].startswith("secret")]
    equal(len(events), 4, events)
    need(all(e["client"].split(":")[0] == PROXY[0] for e in events), events)
    need("secret" not in str(proxy.verb("log")) and "secret" not in proxy.log())
    refused(asker, target, config)


def refused(asker, target, config):
    """What goes wrong has its sentence, and what to do; the same proxy and target."""
    said = asker.text(AT, TO + "/elsewhere", "a.example", status=1)
    need("no such path" in said and "+odoh=HOST/PATH" in said, said)
    said = asker.text("@other.example", TO, "a.example", status=1)
    need("403" in said and "carry to that target" in said, said)
    said = asker.text("@proxy.example", TO, "a.example", status=2)
    need("same host" in said, said)
    said = asker.text("@192.0.2.1", TO, "a.example", status=2)
    need("is a name" in said, said)
    said = asker.text(AT, f"+odoh={PROXY[0]}:4439", "a.example", status=1)
    need("refused" in said and "HOST:PORT/PATH" in said, said)
    said = asker.text(AT, TO, "a.example", "+pin=" + "A" * 43 + "=", status=1)
    need("none of the pinned ones" in said, said)
    target.stop()
    target.start()          # with other keys
    said = asker.text(AT, TO, "pinned.example", f"+odoh-config={config}", status=1)
    need("the pinned configuration (401)" in said and "without +odoh-config" in said, said)
    reply, = asker.json(AT, TO, "pinned.example", f"+odoh-config={config}", status=1)
    need("(401)" in reply["error"], reply)
    need("pinned.example." not in names(target), names(target))
    reply, = asker.json(AT, TO, "fetched.example")
    need(reply["odoh"]["config"] != config and rdata(reply) == ["192.0.2.1"], reply)


class Changing(HttpsServer):
    """Proxy and target in one, over HTTP/1.1: `keys` are published and used one after the other, each for as many queries as stand with it."""

    def __init__(self, pair, *keys):
        self.seen, state = [], list(keys)
        seen = self.seen

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def reply(self, status, body=b"", kind="application/octet-stream"):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                seen.append("GET")
                self.reply(200, obliviouspeer.configs([state[0][0]]))

            def do_POST(self):
                wire = self.rfile.read(int(self.headers["content-length"]))
                key, left = state[0]
                if left == 0:
                    seen.append("401")
                    if len(state) > 1:
                        state.pop(0)
                    return self.reply(401)
                state[0] = (key, left - 1)
                asked = key.open_query(wire)
                message = obliviouspeer.message_of(asked.plain)
                seen.append("answered")
                answer = struct.pack(">HHHHHH", 0, 0x8180, 1, 0, 0, 0) + message[12:message.index(b"\0", 12) + 5]
                return self.reply(200, asked.response(answer, 8, bytes(key.nonce_size())), obliviouspeer.MEDIA_TYPE)

            def log_message(self, *_):
                pass

        super().__init__(PROXY, pair, Handler)


@loopback.test("a key that changes between two questions: 401, fetched anew and asked once more; a second 401 is told")
def changes(box):
    files = Files(box)
    keys = [obliviouspeer.Key(bytes([number]) * 32) for number in (1, 2, 3)]
    peer = Changing(identity(files, "proxy", PROXY[0]), (keys[0], 1), (keys[1], 1), (keys[2], 0))
    box.things.append(peer)
    asker = Asker(box, files)
    one, two = asker.json(AT, TO, "-q", "one.example", "-q", "two.example")
    equal((one["rcode"], two["rcode"], one["tls"]["http"]), ("NOERROR", "NOERROR", "1.1"))
    equal((one["odoh"]["configuration"], two["odoh"]["configuration"]), ("fetched", "fetched anew"))
    equal(peer.seen, ["GET", "answered", "401", "GET", "answered"])
    said = asker.text(AT, TO, "three.example", status=1)
    need("401 again" in said, said)
    equal(peer.seen[5:], ["GET", "401", "GET", "401"])


loopback.main()
