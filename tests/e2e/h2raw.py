# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 by hand: frames that no library would send, and a client that plays fair, over TLS.

    c = Fair(port, context)                     # preface, SETTINGS; acknowledges, opens windows
    c.ask(question("a.example"))                # the DNS message of the response
    r = Raw(port, context); r.frame(PING, 0, 0, bytes(8)); r.closed()

Heads are written without HPACK's table; of heads that come only what begins them is looked at (0x88 is status 200).
"""
import socket
import ssl
import struct
import time

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PROTOCOL_ERROR, ENHANCE_YOUR_CALM = 1, 11
OK = 0x88


def frame(kind, flags, stream, payload=b""):
    return struct.pack("!I", len(payload))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + payload


def goaway_of(kind, payload):
    last, code = struct.unpack("!II", payload[:8]) if kind == GOAWAY else (0, 0)
    return (code, last) if kind == GOAWAY else None


def string(text):
    n = len(text)
    if n < 127:
        return bytes([n]) + text
    rest, out = n - 127, bytes([127])
    while rest >= 128:
        out, rest = out + bytes([rest % 128 + 128]), rest // 128
    return out + bytes([rest]) + text


def literal(name, value):
    return b"\0" + string(name) + string(value)


def get_head(path):
    return b"\x82\x87\x01" + string(b"dns.example") + b"\x04" + string(path)


def post_head(path, length=None, extra=b""):
    head = b"\x83\x87\x01" + string(b"dns.example") + b"\x04" + string(path)
    head += literal(b"content-type", b"application/dns-message")
    return head + (literal(b"content-length", b"%d" % length) if length is not None else b"") + extra


class Raw:
    def __init__(self, port, context, hello=frame(SETTINGS, 0, 0), seconds=20, alpn="h2", source="127.0.0.1"):
        context.set_alpn_protocols([alpn])
        plain = socket.create_connection(("127.0.0.1", port), seconds, (source, 0))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tls = context.wrap_socket(plain, server_hostname="dns.example")
        self.buffer, self.stream, self.seconds = b"", 1, seconds
        if alpn == "h2":
            self.send(PREFACE + hello)

    def send(self, octets):
        self.tls.sendall(octets)

    def frame(self, *words):
        self.send(frame(*words))

    def read(self):
        """The next frame: type, flags, stream, payload; None at the end."""
        while len(self.buffer) < 9 or len(self.buffer) < 9 + int.from_bytes(self.buffer[:3], "big"):
            try:
                got = self.tls.recv(65536)
            except (ConnectionError, ssl.SSLError):
                got = b""
            if not got:
                return None
            self.buffer += got
        size = int.from_bytes(self.buffer[:3], "big")
        head, payload = self.buffer[:9], self.buffer[9:9 + size]
        self.buffer = self.buffer[9 + size:]
        return head[3], head[4], int.from_bytes(head[5:9], "big") & 0x7fffffff, payload

    def goaway(self):
        """Error code and last stream of a GOAWAY that has come, or None; waits for nothing."""
        self.tls.settimeout(0)
        try:
            self.buffer += self.tls.recv(65536)
        except OSError:
            pass    # nothing is here; or the end, which who waits for it is told
        finally:
            self.tls.settimeout(self.seconds)
        at, said = 0, None
        while len(self.buffer) >= at + 9 and len(self.buffer) >= (end := at + 9 + int.from_bytes(self.buffer[at:at + 3], "big")):
            said = goaway_of(self.buffer[at + 3], self.buffer[at + 9:end]) or said
            at = end
        self.buffer = self.buffer[at:]
        return said

    def closed(self):
        """Reads to the end: error code and last stream of GOAWAY, or None. TimeoutError: it is not closed."""
        said = None
        while (got := self.read()) is not None:
            said = goaway_of(got[0], got[3]) or said
        return said

    def close(self):
        self.tls.close()


class Halves(Raw):
    """Each record leaves in two segments, so that the server has half of one for a moment."""

    def __init__(self, port, context, seconds=20, source="127.0.0.1"):
        context.set_alpn_protocols(["h2"])
        self.plain = socket.create_connection(("127.0.0.1", port), seconds, (source, 0))
        self.plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.came, self.goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.came, self.goes, server_hostname="dns.example")
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.plain.sendall(self.goes.read())
                self.came.write(self.plain.recv(65536))
        self.send(PREFACE + frame(SETTINGS, 0, 0))

    def send(self, octets):
        self.tls.write(octets)
        record = self.goes.read()
        self.plain.sendall(record[:-5])
        time.sleep(0.01)     # a pace, not a wait
        self.plain.sendall(record[-5:])

    def closed(self):
        """Whether the server has closed; what it said is thrown away."""
        self.plain.setblocking(False)
        try:
            while self.plain.recv(65536):
                pass
            return True
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.plain.setblocking(True)

    def close(self):
        self.plain.close()


class Fair(Raw):
    """Asks and reads, one at a time, as a client should."""

    def request(self, head, body=None):
        """The first octet of the response's head, and its body."""
        stream, self.stream = self.stream, self.stream + 2
        out = frame(HEADERS, END_HEADERS | (END_STREAM if body is None else 0), stream, head)
        self.send(out + (frame(DATA, END_STREAM, stream, body) if body is not None else b""))
        status, answer = None, b""
        while (got := self.read()) is not None:
            kind, flags, of, payload = got
            if kind == SETTINGS and not flags & ACK:
                self.frame(SETTINGS, ACK, 0)
            if kind == DATA and payload:
                answer += payload
                self.frame(WINDOW_UPDATE, 0, 0, struct.pack("!I", len(payload)))
            if kind == HEADERS and of == stream:
                status = payload[0]
            if kind == RST_STREAM and of == stream:
                return None, b""
            if kind in (HEADERS, DATA) and of == stream and flags & END_STREAM:
                return status, answer
        raise ConnectionError("the connection ended")

    def ask(self, wire, path=b"/dns-query"):
        status, answer = self.request(post_head(path, len(wire)), wire)
        return answer if status == OK else None
