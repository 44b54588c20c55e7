#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make demo: weir at its job in a model Internet, told as a story; see lab.py for the map.

    lab/demo.py            all chapters
    STORY=outage           only this chapter (several: outage,recovery)
    KEEP=1                 leave the lab up at the end, weir and all, and print how to enter it
    WEIR=path              the program to show (default: the one that make builds)

Each step is checked from the clients' answers, a capture or a process's memory. Exit 0 only if all of them held.
"""

import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import lab
from spaces import ENCRYPTED, MARK, TOP, LabError


def chosen(chapters):
    wanted = [name for name in os.environ.get("STORY", "").split(",") if name]
    unknown = [name for name in wanted if name not in chapters]
    if unknown:
        sys.exit(f"demo: no chapter `{unknown[0]}`; there are: {', '.join(chapters)}")
    return {name: chapters[name] for name in (wanted or chapters)}


def fetch_peers():
    """Outside the namespaces, where there is a network."""
    done = subprocess.run([os.path.join(TOP, "tools", "peers.sh"), *ENCRYPTED], check=False)
    if done.returncode != 0:
        sys.exit("demo: the lab's servers could not be fetched; see above")


def keep(world):
    """The last chapter's weir goes on; where that has stopped its own, one with the lab's usual configuration runs."""
    if not world.weir or not world.weir.alive():
        world.start_gateway()
    world.list_machines()
    print(f"""
The lab is up, with the weir of {world.weir.path}. From another terminal:
    lab/enter.py gateway                     a shell on its machine; then, say:
        weir status --socket {world.weir.socket}
        weir firewall --socket {world.weir.socket}
    lab/enter.py phone kdig @{world.server_for('phone')} api.camera.example
    machines: {' '.join(world.nodes)}
Enter or Ctrl-C takes it down.""", flush=True)
    try:
        if not sys.stdin.readline():  # nobody types there: a signal ends it
            signal.pause()
    except KeyboardInterrupt:
        pass


def main():
    if not os.environ.get(MARK):
        fetch_peers()
    lab.enter()
    import chapters  # needs dnspython, which the message below explains when it is missing
    from story import Story
    began = time.monotonic()
    story = Story()
    selected = chosen(chapters.CHAPTERS)
    kept = list(selected)[-1] if os.environ.get("KEEP") == "1" else None
    with lab.Lab() as world:
        story.tell(f"the Internet is up: {', '.join(world.nodes)} ({time.monotonic() - began:.1f} s)")
        story.tell(f"the program: {lab.gateway.binary()}")
        for name, chapter in selected.items():
            story.chapter(name, chapter.__doc__.splitlines()[0])
            try:
                chapter(world, story)
            except LabError as why:
                story.check("the chapter could be told", False, str(why)[:400])
            world.restore(*world.nodes)
            if name != kept:
                world.end_chapter()
        if story.failed:
            story.tell(f"\n  logs of all servers: {world.save_logs()}")
        status = story.finish(time.monotonic() - began)
        if kept:
            keep(world)
            world.end_chapter()
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as problem:
        sys.exit(f"demo: {problem}")
    except ModuleNotFoundError as problem:
        sys.exit(f"demo: {problem} for {sys.executable}: apt-get install python3-dnspython")
    except KeyboardInterrupt:
        sys.exit(130)
