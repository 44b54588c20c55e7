#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The lab: a model Internet and a home full of devices, in network namespaces, on any Linux.

                    root   tld   makers  broken  cloud     knotd (four), nsd
                      |     |      |       |       |
      outsider ------ +-----+- the Internet +------ relay  one switch, IPv4 and IPv6
                      |                 |
                     isp              public               unbound, unbound
                            |
                           wan
                         gateway                           weir
                       br-iot  br-home
        camera thermostat lock  phone laptop               kdig and raw sockets

Everything runs below one process in namespaces of its own (spaces.py) and is gone when it ends. The
servers are real (servers.py), the zones are those an owner of such devices meets (world.py). The
demo (story.py) and tests/e2e build on this:

    import lab
    lab.enter()                                   # into the namespaces, as any user
    with lab.Lab() as world:
        weir = world.start_gateway({"cache": {"size": "4MiB"}})
        reply = world.kdig("camera", "api.camera.example", "A")
        with world.capture() as wire: ...         # on the gateway's WAN side
        world.cut("isp"); world.restore("isp")

Alone, `lab/lab.py [COMMAND ...]` brings the lab up with weir and runs a shell or the command in the
gateway. Started without weir being built, it says so and goes on with the Internet alone.
"""

import concurrent.futures
import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import askers
import certs
import clients
import gateway
import impostor
import secure
import servers
import world
from capture import Capture
from liar import Liar
from spaces import RUN, TOP, LabError, Node, bridge, enter, peer, plug, set_resolv_conf
from story import until

__all__ = ["Lab", "LabError", "enter", "askers", "certs", "clients", "gateway", "impostor", "secure", "servers", "world", "RUN", "TOP"]


class Lab:
    """The whole lab, up from __enter__ on. nodes: every machine by name."""

    def __init__(self, internet=True):
        self.nodes = {}
        self.weir = None
        self.nsd = None
        self._with_internet = internet
        self._at_end = []

    def later(self, undo):
        """`undo` at the end of the chapter, the last one first; or never, where the lab is kept as it is (KEEP=1)."""
        self._at_end.append(undo)

    def end_chapter(self):
        while self._at_end:
            self._at_end.pop()()

    def __enter__(self):
        self._build_internet()
        self._build_home()
        self.list_machines()
        if self._with_internet:
            self._start_servers()
        set_resolv_conf(world.INTERNET["isp"][0], world.INTERNET["public"][0])
        return self

    def list_machines(self):
        """For lab/enter.py."""
        with open(os.path.join(RUN, "nodes.json"), "w") as file:
            json.dump({name: node.fd for name, node in self.nodes.items()}, file)

    def __exit__(self, kind, *_):
        if self.weir:
            self.weir.kill()
        if kind and not issubclass(kind, (KeyboardInterrupt, SystemExit)):
            self.save_logs()
        for node in self.nodes.values():
            for process in node.processes:
                if process.poll() is None:
                    process.kill()
        for node in self.nodes.values():
            for process in node.processes:
                process.wait()
            os.close(node.fd)

    # Construction

    def _build_internet(self):
        switch = self.nodes["internet"] = Node("internet")
        bridge(switch, "br-net")
        for name, (v4, v6) in world.INTERNET.items():
            self.add_machine(name, v4, v6)

    def add_machine(self, name, v4, v6):
        """One more machine of the Internet, with nothing running on it; its node."""
        node = self.nodes[name] = Node(name)
        plug(self.nodes["internet"], "br-net", node, "eth0")
        self._internet_address(node, "eth0", v4, v6)
        return node

    def _internet_address(self, node, device, v4, v6):
        """Every machine of the Internet is one hop from every other."""
        node.address(device, f"{v4}/32", f"{v6}/128")
        node.ip("route", "replace", "default", "dev", device, "src", v4)
        node.ip("-6", "route", "replace", "default", "dev", device, "src", v6)

    def _build_home(self):
        home = self.nodes["gateway"] = Node("gateway")
        plug(self.nodes["internet"], "br-net", home, "wan")
        self._internet_address(home, "wan", *world.WAN)
        for segment, (v4, v6, devices) in world.SEGMENTS.items():
            bridge(home, segment)
            home.address(segment, f"{v4}/24", f"{v6}/64")
            for name, (device4, device6) in devices.items():
                node = self.nodes[name] = Node(name)
                plug(home, segment, node, "eth0")
                node.address("eth0", f"{device4}/24", f"{device6}/64")
                node.ip("route", "add", "default", "via", v4)
                node.ip("-6", "route", "add", "default", "via", v6)

    def _start_servers(self):
        root_ds = servers.start_knots(self.nodes)
        self.nsd = servers.start_nsd(self.nodes["cloud"])
        servers.wait_ready(self.nodes, ["root", "tld", "makers", "broken", "cloud"])
        servers.start_unbounds(self.nodes, root_ds)
        servers.wait_ready(self.nodes, ["isp", "public"])

    # Use

    def start_gateway(self, config=None, environment=None):
        """Write the configuration and start weir; an earlier one is stopped first."""
        if self.weir:
            self.weir.stop()
        self.weir = gateway.Gateway(self.nodes["gateway"], config, environment)
        return self.weir.start()

    def server_for(self, device, family=4):
        """The gateway's address as this device sees it."""
        for v4, v6, devices in world.SEGMENTS.values():
            if device in devices:
                return v4 if family == 4 else v6
        return world.WAN[0] if family == 4 else world.WAN[1]

    def kdig(self, device, *args, family=4, **words):
        """One query from a device to the gateway by the real kdig."""
        return clients.kdig(self.nodes[device], self.server_for(device, family), *args, **words)

    def kdig_many(self, device, names, *args, family=4, **words):
        return clients.kdig_many(self.nodes[device], self.server_for(device, family), names, *args,
                                 **words)

    def kdig_all(self, names, *args, **words):
        """One query for each name, by every device at once, for names whose answers are late; replies in no order."""
        devices = [device for _, _, devices in world.SEGMENTS.values() for device in devices]
        with concurrent.futures.ThreadPoolExecutor(len(devices)) as pool:
            parts = [pool.submit(self.kdig_many, device, names[i::len(devices)], *args, **words) for i, device in enumerate(devices)]
            return [reply for part in parts for reply in part.result()]

    def exchange(self, device, wire, family=4, **words):
        """Raw octets from a device to the gateway, over UDP."""
        return clients.exchange(self.nodes[device], self.server_for(device, family), wire, **words)

    def capture(self, device="wan", node="gateway"):
        return Capture(self.nodes[node], device)

    def cut(self, *names):
        """Machines of the Internet fall silent: everything sent to them is lost."""
        for name in names:
            self.nodes[name].drop("off", "iifname eth0")

    def restore(self, *names):
        for name in names:
            self.nodes[name].undrop("off")

    def unplug(self):
        """The gateway's WAN link goes down; its routes go with it."""
        self.nodes["gateway"].ip("link", "set", "dev", "wan", "down")

    def replug(self):
        home = self.nodes["gateway"]
        home.ip("link", "set", "dev", "wan", "up")
        home.run([peer("ip"), "addr", "del", f"{world.WAN[0]}/32", "dev", "wan"], check=False)
        home.run([peer("ip"), "addr", "del", f"{world.WAN[1]}/128", "dev", "wan"], check=False)
        self._internet_address(home, "wan", *world.WAN)

    def liar(self):
        """An upstream at the address of `relay` that lies on request (liar.py); a context manager."""
        return Liar(self.nodes["relay"], world.INTERNET["relay"][0])

    def bad_line(self, to="isp", **properties):
        """A line with delay and jitter at the address of `relay`, to a resolver; stop it by terminate()."""
        words = [word for key, value in properties.items()
                 for word in (f"--{key.replace('_', '-')}", str(value))]
        ends = ["--listen", world.INTERNET["relay"][0], "--to", world.INTERNET[to][0]]
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "relay.py")
        process = self.nodes["relay"].start([sys.executable, program, *ends, *words],
                                            log=servers.log_of("relay"))
        if not until(lambda: servers.answers(self.nodes["outsider"], world.INTERNET["relay"][0],
                                             "cloud.example.", 1.0), 10):
            raise LabError("the relay does not answer")
        return process

    def change_cloud(self, **words):
        """New contents for cloud.example. (world.cloud_zone); the resolvers forget the old."""
        servers.change_cloud(self.nsd, **words)

    def save_logs(self):
        """Keep the logs of all servers outside, in build/lab/log (or /tmp, of a foreign checkout)."""
        for home in (os.path.join(TOP, "build", "lab"), f"{tempfile.gettempdir()}/weir-lab-{os.getuid()}"):
            target = os.path.join(home, "log")
            shutil.rmtree(target, ignore_errors=True)
            try:
                return shutil.copytree(servers.LOGS, target)
            except OSError:
                continue
        return None


def main():
    enter()
    with Lab() as lab:
        try:
            lab.start_gateway()
        except LabError as why:
            print(f"lab: {why}\nlab: the Internet is up, without a gateway", file=sys.stderr)
        command = sys.argv[1:] or [os.environ.get("SHELL", "/bin/sh")]
        done = lab.nodes["gateway"].run(command, check=False, capture_output=False)
        return done.returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as problem:
        sys.exit(f"lab: {problem}")
