# SPDX-License-Identifier: Apache-2.0
"""Certificates of the lab: authorities, what servers prove themselves with, and what is wrong with them.

    ca = Authority(home)                                    # home/ca.pem, ca.key
    good = ca.issue("good", ["dns.home.example"], ["192.168.7.1"])
    good.chain, good.key, good.pin                          # two paths, SHA-256 of the SPKI in base64
    old = ca.issue("old", ["dns.home.example"], days=(-60, -30))
    own = ca.issue("own", ["dns.home.example"], own=True)   # signed by itself
    big = ca.issue("big", ["dns.home.example"], padding=65536)
    truncated(good, home)                                   # the chain ends in its middle

Keys are ECDSA P-256 unless kind is "rsa". Nobody but the openssl program of the peers makes them; days are
counted from now, so that no clock has to be wrong.
"""

import os
import re
import subprocess
import time
from dataclasses import dataclass

from spaces import LabError, peer

KINDS = {"ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["-newkey", "rsa:2048"]}


@dataclass
class Identity:
    """What a server proves itself with: files in PEM."""
    name: str
    chain: str
    key: str
    pin: str = ""


def _openssl(*words, **options):
    done = subprocess.run([peer("openssl"), *words], capture_output=True, check=False, **options)
    if done.returncode != 0:
        raise LabError(f"openssl {words[0]}: {done.stderr.decode(errors='replace').strip()[-400:]}")
    return done.stdout


def _moment(days):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86400))


def pin_of(chain):
    """The SPKI pin of a file's first certificate, as in RFC 7858 and RFC 7469."""
    import base64
    import hashlib
    public = _openssl("x509", "-in", chain, "-noout", "-pubkey")
    der = base64.b64decode(re.sub(rb"-----[^-]+-----|\s", b"", public))
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


class Authority:
    """One that signs certificates, with its files in `home`."""

    def __init__(self, home, name="ca"):
        os.makedirs(home, exist_ok=True)
        self.home, self.name = home, name
        self.path = os.path.join(home, f"{name}.pem")
        self.key = os.path.join(home, f"{name}.key")
        self._make(self.path, self.key, f"lab authority {name}", "basicConstraints=critical,CA:TRUE\n"
                   "keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n", [], (-365, 3650))

    def issue(self, who, names=(), addresses=(), days=(-1, 90), kind="ec", own=False, padding=0):
        """A certificate for these names and addresses; padding: so many octets more in it."""
        chain, key = (os.path.join(self.home, f"{who}.{end}") for end in ("pem", "key"))
        also = [f"DNS:{n}" for n in names] + [f"IP:{a}" for a in addresses]
        text = "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\n"
        text += f"subjectAltName={','.join(also)}\n" if also else ""
        text += f"nsComment={'weir' * (padding // 4)}\n" if padding else ""
        by = [] if own else ["-CA", self.path, "-CAkey", self.key]
        self._make(chain, key, (list(names) + list(addresses) + [who])[0], text, by, days, kind)
        return Identity(who, chain, key, pin_of(chain))

    def _make(self, chain, key, subject, extensions, by, days, kind="ec"):
        conf = chain + ".cnf"
        with open(conf, "w", encoding="ascii") as file:
            file.write(f"[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=ext\n[dn]\nCN={subject[:64]}\n"
                       f"[ext]\n{extensions}")
        _openssl("req", "-x509", "-config", conf, *KINDS[kind], "-nodes", "-sha256", "-keyout", key, "-out", chain,
                 "-not_before", _moment(days[0]), "-not_after", _moment(days[1]), *by)
        os.chmod(key, 0o600)
        os.unlink(conf)


def truncated(identity, home, who="truncated"):
    """The same files, but the chain ends in the middle of its certificate."""
    chain = os.path.join(home, f"{who}.pem")
    with open(identity.chain, encoding="ascii") as file:
        text = file.read()
    with open(chain, "w", encoding="ascii") as file:
        file.write(text[:len(text) // 2])
    return Identity(who, chain, identity.key)


def bad_ones(ca, home, names, addresses=()):
    """What may be wrong with a server's certificate, by name; each is otherwise right for these names."""
    stranger = Authority(os.path.join(home, "stranger"))
    return {
        "expired": ca.issue("expired", names, addresses, days=(-60, -1)),
        "early": ca.issue("early", names, addresses, days=(1, 60)),
        "othername": ca.issue("othername", ["other.example"]),
        "selfsigned": ca.issue("selfsigned", names, addresses, own=True),
        "stranger": stranger.issue("stranger", names, addresses),
        "huge": ca.issue("huge", names, addresses, padding=65536),
    }
