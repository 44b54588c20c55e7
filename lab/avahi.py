# SPDX-License-Identifier: Apache-2.0
"""avahi in a machine of the lab: a real DNS-SD client that browses unicast domains (its wide-area mode).

    with Avahi(node) as avahi:
        avahi.browse("home.arpa", "_ipp._tcp")     # what `avahi-browse -d home.arpa -r -p` found

avahi-browse talks to avahi-daemon over D-Bus, and the daemon asks the servers of resolv.conf (spaces.set_resolv_conf); so both
daemons run in the machine, with a bus of their own. avahi-daemon wants a user `avahi`: the lab's own mount namespace gets one,
the host's files are not touched.
"""

import os
import subprocess

from servers import log_of, write
from spaces import RUN, LabError, peer
from story import until

HOME = os.path.join(RUN, "avahi")
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
  </policy>
</busconfig>
"""
CONF = """[server]
use-ipv4=yes
use-ipv6=yes
[wide-area]
enable-wide-area=yes
[publish]
disable-publishing=yes
"""


def _add_user():
    """A line `avahi` in passwd and group, as everything inside the lab sees them."""
    for name, line in (("passwd", "avahi:x:0:0::/:/bin/false\n"), ("group", "avahi:x:0:\n")):
        with open(f"/etc/{name}") as file:
            text = file.read()
        if line not in text:
            own = write(os.path.join(HOME, name), text + line)
            subprocess.run(["mount", "--bind", own, f"/etc/{name}"], check=True)


class Avahi:
    def __init__(self, node):
        self.node = node
        self.socket = os.path.join(HOME, "bus")
        self.environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={self.socket}")
        self.processes = []

    def __enter__(self):
        bus = write(os.path.join(HOME, "bus.conf"), BUS.format(socket=self.socket))
        conf = write(os.path.join(HOME, "avahi.conf"), CONF)
        os.makedirs("/run/avahi-daemon", exist_ok=True)
        _add_user()
        self._start("dbus-daemon", f"--config-file={bus}", "--nofork", "--nopidfile")
        if not until(lambda: os.path.exists(self.socket), 10):
            raise LabError(f"the bus does not start; see {log_of('dbus-daemon')}")
        self._start("avahi-daemon", "-f", conf, "--no-drop-root", "--no-chroot", "--no-rlimits")
        if not until(lambda: self._run("avahi-browse-domains", "-t").returncode == 0, 20):
            raise LabError(f"avahi-daemon does not start; see {log_of('avahi-daemon')}")
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
            process.wait(10)
        if os.path.exists(self.socket):
            os.unlink(self.socket)

    def _start(self, program, *words):
        self.processes.append(self.node.start([peer(program), *words], log=log_of(program), env=self.environment))

    def _run(self, program, *words):
        return self.node.run([peer(program), *words], check=False, env=self.environment, timeout=30)

    def browse(self, domain, *words):
        """The services found and resolved: lists of name, type in words, domain, host, address, port, TXT."""
        out = self._run("avahi-browse", "-d", domain, "-t", "-r", "-p", *words).stdout
        return [line.split(";")[3:] for line in out.splitlines() if line.startswith("=")]

    def address(self, name):
        """What avahi-resolve says of a host."""
        out = self._run("avahi-resolve", "-n", name).stdout.split()
        return out[1] if len(out) == 2 else None
