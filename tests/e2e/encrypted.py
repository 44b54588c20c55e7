# SPDX-License-Identifier: Apache-2.0
"""What tests of encrypted listeners have in common: certificates in a folder, clients that trust them, padded queries."""
import http.server
import os
import shutil
import ssl
import struct
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lab"))

import certs                                                                        # noqa: E402
from loopback import question                                                       # noqa: E402

NAMES = ["dns.example", "*.dns.example"]


class Files:
    """Certificates in a folder that weir's user may look into."""

    def __init__(self, box):
        self.home = tempfile.mkdtemp(prefix="weir-certs-")
        os.chmod(self.home, 0o755)
        self.ca = certs.Authority(self.home)
        self.close = lambda: shutil.rmtree(self.home, ignore_errors=True)
        box.things.append(self)

    def issue(self, who="server", **words):
        one = self.ca.issue(who, NAMES, ["127.0.0.1"], **words)
        share(one.key)
        return one


def share(key):
    """root's file, that weir's group may read: after the start weir is another user where it was root."""
    try:
        import grp
        os.chown(key, 0, grp.getgrnam("nogroup").gr_gid)
    except (KeyError, PermissionError, OSError):
        pass
    os.chmod(key, 0o640)


def identity(files, who, address):
    """A party of Oblivious DoH: WHO.example, at its address."""
    one = files.ca.issue(who, [f"{who}.example"], [address])
    share(one.key)
    return one


def gateway(box, pair, listen, doh, **odoh):
    """weir as such a party, by what stands in encrypted.odoh."""
    section = {"doh": [f"{doh[0]}:{doh[1]}"], "certificates": [{"chain": pair.chain, "key": pair.key}], "odoh": odoh}
    return box.weir([box.upstream(ttl=77)], encrypted=section, listen=[listen], workers=1)


class HttpsServer:
    """A party of this process: what `handler`, of http.server, answers."""

    def __init__(self, where, pair, handler):
        self.server = http.server.ThreadingHTTPServer(where, handler)
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trust.load_cert_chain(pair.chain, pair.key)
        self.server.socket = trust.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def context(files, *alpn):
    """What a client believes: our authority. ALPN may be set later."""
    c = ssl.create_default_context(cafile=files.ca.path)
    if alpn:
        c.set_alpn_protocols(list(alpn))
    return c


def padded(name, octets):
    """A query with the padding option, `octets` long in all."""
    bare = question(name)
    bare = bare[:10] + struct.pack(">H", 1) + bare[12:]
    fill = octets - len(bare) - 11 - 4
    option = struct.pack(">HH", 12, fill) + bytes(fill)
    return bare + b"\0\0\x29\x04\xd0\0\0\0\0" + struct.pack(">H", len(option)) + option


def run(*words, data=b""):
    return subprocess.run(words, input=data, capture_output=True, timeout=30, check=False)
