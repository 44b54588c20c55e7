# SPDX-License-Identifier: Apache-2.0
"""Certificates for the tests of encrypted listeners: an authority and what it issues, in a folder of their own."""
import os
import shutil
import tempfile

import certs

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
