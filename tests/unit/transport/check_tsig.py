#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""TSIG beside an implementation that shares nothing with ours.

    check_tsig.py PROGRAM        PROGRAM is the built tsigtext.c

Our queries are validated by dnspython; its responses, of one message and of many with signatures left out between them,
are checked by us; spoilt ones are refused. Prints TAP. Without dnspython everything is one skip.
"""
import random
import subprocess
import sys

try:
    import dns.exception
    import dns.message
    import dns.name
    import dns.rdataclass
    import dns.rdatatype
    import dns.rdtypes.ANY.TSIG
    import dns.rrset
    import dns.tsig
except ImportError:
    print("ok 1 - dnspython # SKIP python3-dnspython is not installed")
    sys.exit(0)

ALGORITHMS = {"hmac-sha256": dns.tsig.HMAC_SHA256, "hmac-sha384": dns.tsig.HMAC_SHA384, "hmac-sha512": dns.tsig.HMAC_SHA512}
TIME = 1700000000
random.seed(8945)
program = subprocess.Popen(sys.argv[1], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
count = failed = 0


def say(line):
    program.stdin.write(line + "\n")
    program.stdin.flush()
    return program.stdout.readline().strip()


def report(good, what):
    global count, failed
    count += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {count} - {what}")


class Server:
    """Signs the messages of one response, each over all since the one before (RFC 8945 section 5.3.1)."""

    def __init__(self, key, query, time):
        self.key, self.time, self.context, self.first = key, time, None, True
        self.request_mac, self.id = query.tsig[0].mac, query.id

    def message(self, records):
        m = dns.message.Message(self.id)
        m.flags = dns.flags.QR | dns.flags.AA
        for i in range(records):
            m.answer.append(dns.rrset.from_text(f"h{random.random()}.example.", 60, "IN", "TXT", f'"{i}"'))
        return m.to_wire()

    def skip(self, records):
        wire = self.message(records)
        self.context.update(wire)
        return wire

    def sign(self, records, error=0, other=b""):
        wire = self.message(records)
        blank = dns.rdtypes.ANY.TSIG.TSIG(dns.rdataclass.ANY, dns.rdatatype.TSIG, self.key.algorithm, self.time, 300, b"",
                                          self.id, error, other)
        signed, self.context = dns.tsig.sign(wire, self.key, blank, self.time, self.request_mac, self.context, True)
        body = signed.to_wire()
        self.time += random.randrange(3)
        head = self.key.name.to_wire() + b"\0\xfa\0\xff\0\0\0\0" + len(body).to_bytes(2, "big")
        additional = int.from_bytes(wire[10:12], "big") + 1
        return wire[:10] + additional.to_bytes(2, "big") + wire[12:] + head + body


def new_query(word):
    name = random.choice(["k.", "Xfer.Example.", "a" * 63 + "." + "b" * 63 + ".c."])
    secret = random.randbytes(random.choice([1, 16, 32, 64, 65, 128, 129, 200]))
    key = dns.tsig.Key(name, secret, ALGORITHMS[word])
    assert say(f"key {word} {name} {secret.hex()}") == "ok"
    query = dns.message.make_query("example.", "AXFR", use_edns=random.choice([False, 0]))
    signed = bytes.fromhex(say(f"sign {TIME} {query.to_wire().hex()}"))
    return key, signed


def validate(wire, key):
    """dnspython checks the time against the clock, so this one is set for it."""
    real, dns.message.time.time = dns.message.time.time, lambda: TIME
    try:
        return dns.message.from_wire(wire, keyring={key.name: key})
    finally:
        dns.message.time.time = real


def check(wire):
    return say(f"check {TIME} {wire.hex()}")


for word in ALGORITHMS:
    good = True
    for _ in range(40):
        key, signed = new_query(word)
        try:
            good = good and validate(signed, key).had_tsig
        except dns.exception.DNSException as e:
            print("#", repr(e))
            good = False
    report(good, f"{word}: our queries are validated")

    good = True
    for _ in range(40):
        key, signed = new_query(word)
        server = Server(key, validate(signed, key), TIME)
        good = good and check(server.sign(random.randrange(5))) == "good" and say("settled") == "yes"
    report(good, f"{word}: responses of one message")

    good = True
    for _ in range(20):
        key, signed = new_query(word)
        server = Server(key, validate(signed, key), TIME)
        said = check(server.sign(1))
        for _ in range(random.randrange(1, 30)):
            gap = random.choice([0, 0, 1, 5, 99])
            said += "".join("" if check(server.skip(2)) == "later" else "!" for _ in range(gap)) + check(server.sign(random.randrange(9)))
        good = good and said.replace("good", "") == "" and say("settled") == "yes"
    report(good, f"{word}: responses of many messages, signed now and then")

    good = True
    for _ in range(60):
        key, signed = new_query(word)
        server = Server(key, validate(signed, key), TIME)
        wire = server.sign(1)
        if check(wire) != "good":
            good = False
        spoilt = bytearray(server.sign(2))
        # A letter's case within the key's name is no difference, and the id is not covered: the original one is.
        at = random.randrange(2, len(spoilt))
        spoilt[at] ^= 0x80
        said = check(bytes(spoilt))
        good = good and (said == "malformed" or said.startswith("refused") or said == "later")
    report(good, f"{word}: what was changed is not good")

key, signed = new_query("hmac-sha256")
server = Server(key, validate(signed, key), TIME + 7200)
report(check(server.sign(0, dns.rcode.BADTIME, (TIME + 7200).to_bytes(6, "big"))).startswith("refused 18"), "BADTIME is read")
key, signed = new_query("hmac-sha256")
server = Server(key, validate(signed, key), TIME + 301)
report("another time" in check(server.sign(0)), "a response of another time is refused")

print(f"1..{count}")
program.stdin.close()
sys.exit(1 if program.wait() or failed else 0)
