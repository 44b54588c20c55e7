# SPDX-License-Identifier: Apache-2.0
"""The chapter of the demo about devices: each is known through its changes of address, has its rules, and all that it asked can be told and proven."""

import json
import os
import re
import shutil

import clients
import gateway
import world
from spaces import RUN, Node, plug
from story import until

BRIDGE = "br-iot"
GATE = world.SEGMENTS[BRIDGE][:2]
# Two of one vendor. The prefix is one for examples (RFC 9542 section 2.1.1).
VENDOR = "Lens & Sons"
OUI = f"00-00-5E   (hex)\t\t{VENDOR}\n"
CAMERAS = {"front": ("00:00:5e:00:53:01", "192.168.7.31", "fd00:7::3:a1"), "garden": ("00:00:5e:00:53:02", "192.168.7.32", "fd00:7::4:a1")}
LATER = {"front": ["192.168.7.41", "fd00:7::3:b2", "fd00:7::3:c3"], "garden": ["192.168.7.42", "fd00:7::4:b2"]}
LIST = "# trackers, as a list has them\n0.0.0.0 ads.load.cloud.example\n0.0.0.0 metrics.load.cloud.example\n"
LISTED = "metrics.load.cloud.example"
NEEDED, PLAYED = "api.camera.example", "games.load.cloud.example"


class Camera:
    """One more device in the segment, with a MAC address of its own."""

    def __init__(self, lab, name):
        self.node, (mac, *addresses) = Node(name), CAMERAS[name]
        lab.nodes[name] = self.node
        plug(lab.nodes["gateway"], BRIDGE, self.node, "eth0")
        self.node.ip("link", "set", "dev", "eth0", "down")
        self.node.ip("link", "set", "dev", "eth0", "address", mac)
        self.node.ip("link", "set", "dev", "eth0", "up")
        self.source = {}
        for address in addresses:
            self.move(address)

    def move(self, address):
        """One more address; it asks from there from now on."""
        self.node.address("eth0", f"{address}/{64 if ':' in address else 24}")
        self.source[6 if ":" in address else 4] = address

    def ask(self, name, family=4):
        return clients.kdig(self.node, GATE[family == 6], name, "-b", self.source[family])


def settings(folder, **policy):
    """The cameras are a group, one list blocks for it, and what is asked stays on disk."""
    return {"segments": [{"name": "iot", "subnets": ["192.168.7.0/24", "fd00:7::/64"]}], "groups": [{"name": "cameras", **policy}],
            "devices": [{"name": name, "mac": [mac], "groups": ["cameras"]} for name, (mac, *_) in CAMERAS.items()],
            "registry": {"file": f"{folder}/devices", "oui": f"{folder}/oui.txt"}, "feed_folder": folder,
            "feeds": [{"name": "trackers", "from": f"{folder}/trackers.txt"}],
            "policy": {"rules": [{"name": "no-trackers", "groups": ["cameras"], "feeds": ["trackers"], "verdict": "nxdomain"}]},
            "log": {"path": f"{folder}/log", "interval": "1s"}}


def put(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def known(lab, story):
    """Two cameras of one vendor stay two through changes of address; a list, a policy tried before it holds, and a log that proves itself."""
    folder = os.path.join(RUN, "known")
    os.makedirs(folder)
    put(f"{folder}/oui.txt", OUI)
    put(f"{folder}/trackers.txt", LIST)
    weir = lab.start_gateway(settings(folder))
    cameras = {name: Camera(lab, name) for name in CAMERAS}
    told_apart(weir, story, cameras)
    listed(weir, story, cameras["front"])
    tried(weir, story, cameras, folder)
    told(weir, story, folder)


def told_apart(weir, story, cameras):
    for name, camera in cameras.items():
        for family in (4, 6):
            camera.ask(NEEDED, family)
    before = {name: seen(weir, name, CAMERAS[name][1:]) for name in cameras}
    story.tell(f"two cameras of {VENDOR} are in one segment; each takes other addresses, by IPv4 and IPv6, and asks from them")
    for name, camera in cameras.items():
        for address in LATER[name]:
            camera.move(address)
            camera.ask(NEEDED, 6 if ":" in address else 4)
    for name in cameras:
        after = seen(weir, name, LATER[name])
        for family in (4, 6):
            cameras[name].ask(NEEDED, family)
        story.check(f"{name} is the device it was, with all its addresses", after["id"] == before[name]["id"] and after["vendor"] == VENDOR
                    and set(CAMERAS[name][1:] + tuple(LATER[name])) <= set(after["addresses"]), f"{after['id']}: {', '.join(after['addresses'])}")
    both = {weir.verb("device", name)["id"] for name in cameras}
    story.check("and they are two", len(both) == 2, both)


def seen(weir, name, addresses):
    """What weir knows of a device, when it knows these addresses too."""
    return until(lambda: (device := weir.verb("device", name)) and set(addresses) <= set(device["addresses"]) and device, 10) or weir.verb("device", name)


def listed(weir, story, camera):
    story.tell(f"a list of trackers holds for the group of cameras; the camera asks for {LISTED}")
    reply = camera.ask(LISTED)
    story.check("it does not exist for a camera, and the answer says by which rule", reply.rcode == "NXDOMAIN" and reply.ede == [15]
                and "no-trackers" in reply.why, f"{reply}, {reply.why}")
    why = weir.run_verb("why", camera.source[4], LISTED).stdout
    line = LIST.splitlines().index(f"0.0.0.0 {LISTED}") + 1
    found = next((text.strip() for text in why.splitlines() if "trackers" in text and str(line) in text), "")
    story.check(f"`weir why` names the list and its line {line}", found, found or why)


def tried(weir, story, cameras, folder):
    """A stricter policy against what was asked so far, before it holds for anybody."""
    needed, played = cameras["garden"].ask(NEEDED), cameras["garden"].ask(PLAYED)
    story.tell(f"approved names only is one line for the group; first it is held against the log, for garden has asked for {PLAYED}, too")
    strict = f"{folder}/strict.yaml"
    put(strict, gateway.to_yaml(gateway.merge(gateway.default_config(), settings(folder, only=["camera.example"]))))
    written(weir)
    found = weir.verb("policy", "test", strict, "--days", "1", check=False)
    changes = {(change["who"], change["name"]) for change in found["changes"]}
    story.check("the replay says that this name would be denied to garden", ("garden", f"{PLAYED}.") in changes, changes)
    story.check("and that what the cameras need stays", not any(name == f"{NEEDED}." for _, name in changes))
    again = cameras["garden"].ask(PLAYED)
    story.check("nothing has changed yet", again.rcode == "NOERROR" and again.data() == played.data(), again)
    os.replace(strict, weir.path)
    weir.run_verb("reload")
    denied = cameras["garden"].ask(PLAYED)
    story.check("turned on, it is as the replay said", denied.rcode == "NXDOMAIN" and "approved" in denied.why, f"{denied}, {denied.why}")
    still = cameras["garden"].ask(NEEDED)
    story.check("and the camera's own cloud is found", still.data() == needed.data() and needed.data(), still)


def written(weir):
    """Waits until all that was asked so far is in a block on disk."""
    last = until(lambda: max((event["number"] for event in events(weir)), default=0), 10)
    until(lambda: weir.verb("status")["log"]["last"] >= last, 10)


def events(weir, *words):
    """What was asked, and by whom."""
    return [json.loads(line) for line in weir.run_verb("log", *words, "--json").stdout.splitlines()]


def told(weir, story, folder):
    story.tell("what did garden do today? `weir log --device garden`")
    asked = [event for event in events(weir, "--device", "garden") if "name" in event]
    sources = {re.sub(r"^\[(.*)\]:\d+$|^([^:]*):\d+$", r"\1\2", event["client"]) for event in asked}  # those on disk have no port
    story.check("all that it asked, from each of its addresses, and nothing of the other's",
                set(LATER["garden"]) <= sources <= {*CAMERAS["garden"][1:], *LATER["garden"]},
                f"{len(asked)} questions from {', '.join(sorted(sources))}")
    denied = [event for event in asked if event.get("verdict") == "nxdomain"]
    story.check("with what was denied, and by which rule", {event["name"] for event in denied} == {f"{PLAYED}."}, denied[-1:])
    written(weir)
    weir.stop()
    kept, forged = f"{folder}/log", f"{folder}/forged"
    shutil.copytree(kept, forged)
    whole = weir.node.run([gateway.binary(), "log", "verify", kept], check=False)
    story.check("`weir log verify`: the log on disk is whole", whole.returncode == 0, whole.stdout.strip().splitlines()[-1:])
    cut_from_the_middle(forged)
    found = weir.node.run([gateway.binary(), "log", "verify", forged], check=False)
    story.check("a block cut from the middle of a copy is found out", found.returncode == 1, (found.stdout + found.stderr).strip().splitlines()[-1:])


def cut_from_the_middle(folder):
    """One whole block, so that what is left is well-formed: a head of 64 octets, then blocks of a head of 80 and so much (docs/log.md)."""
    path = os.path.join(folder, max(os.listdir(folder)))
    with open(path, "rb") as file:
        octets = file.read()
    second = 64 + 80 + int.from_bytes(octets[68:72], "big")
    third = second + 80 + int.from_bytes(octets[second + 4:second + 8], "big")
    with open(path, "wb") as file:
        file.write(octets[:second] + octets[third:])


CHAPTERS = {"known": known}
