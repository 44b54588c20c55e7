# SPDX-License-Identifier: Apache-2.0
"""Who stands where an encrypted server should: one that never speaks, and a captive portal that answers everything.

    with Mute(node, address): ...             # 853, 443 accept and stay silent; 853/udp takes everything and says nothing
    with Portal(node, address, identity): ... # TLS with this certificate on 853 and 443, then a redirect to its login page;
                                              # plain DNS on 53: every name is the portal

`accepted` counts connections, `asked` keeps what was read. Both end with their block.
"""

import contextlib
import socket
import ssl
import threading

PAGE = (b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/login\r\nContent-Type: text/html\r\n"
        b"Content-Length: 16\r\nConnection: close\r\n\r\n<html>pay</html>")


class _Impostor:
    """Sockets in a node, a thread for each that listens; all gone at the end of the block."""

    def __init__(self, node, address):
        self.node, self.address = node, address
        self.accepted, self.asked = 0, []
        self._sockets, self._stopping = [], False

    def listen(self, port, serve, kind=socket.SOCK_STREAM):
        with self.node.inside():
            sock = socket.socket(socket.AF_INET6 if ":" in self.address else socket.AF_INET, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self.address, port))
        if kind == socket.SOCK_STREAM:
            sock.listen(128)
        self._sockets.append(sock)
        target = self._accept if kind == socket.SOCK_STREAM else self._receive
        threading.Thread(target=target, args=(sock, serve), daemon=True).start()

    def _accept(self, sock, serve):
        while not self._stopping:
            try:
                connection, _ = sock.accept()
            except OSError:
                return
            self.accepted += 1
            self._sockets.append(connection)
            threading.Thread(target=self._guarded, args=(serve, connection), daemon=True).start()

    def _receive(self, sock, serve):
        while not self._stopping:
            try:
                octets, source = sock.recvfrom(65535)
            except OSError:
                return
            if not octets:  # the socket was shut down
                continue
            self.asked.append(octets)
            reply = serve(octets)
            if reply:
                sock.sendto(reply, source)

    @staticmethod
    def _guarded(serve, connection):
        with contextlib.suppress(OSError):  # the other side may leave at any moment
            serve(connection)

    def __enter__(self):
        self.open()
        return self

    def open(self):
        raise NotImplementedError

    def __exit__(self, *_):
        self._stopping = True
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


class Mute(_Impostor):
    """Accepts and never speaks."""

    def open(self):
        for port in (853, 443):
            self.listen(port, self._read)
        self.listen(853, lambda octets: None, socket.SOCK_DGRAM)

    def _read(self, connection):
        while octets := connection.recv(65536):
            self.asked.append(octets)


class Portal(_Impostor):
    """A hotel's network before its page was seen: whoever is asked for, the portal answers."""

    def __init__(self, node, address, identity):
        super().__init__(node, address)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(identity.chain, identity.key)
        self.shaken = 0

    def open(self):
        for port in (853, 443):
            self.listen(port, self._shake)
        self.listen(80, lambda connection: (connection.recv(4096), connection.sendall(PAGE), connection.close()))
        self.listen(53, self._name, socket.SOCK_DGRAM)

    def _shake(self, connection):
        with self.context.wrap_socket(connection, server_side=True) as line:
            self.shaken += 1
            self.asked.append(line.recv(65536))
            line.sendall(PAGE)

    def _name(self, query):
        """A record for whatever is asked: the address of the portal."""
        end = 12
        while query[end]:
            end += query[end] + 1
        question = query[12:end + 5]
        return (query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + question + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" +
                socket.inet_aton(self.address))
