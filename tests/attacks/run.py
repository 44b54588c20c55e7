#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks, each with a control: run.py [--peers] [CASE ...]

Each case runs against a fresh weir ($WEIR) in a network namespace of its own; with --peers against unbound and kresd as
well, for the numbers beside. TAP on the output; a case fails when weir passes a limit, or when its control does not show
that the attack works. $ATTACKS_SLOW multiplies the limits of CPU time (a program with sanitizers).
"""
import os
import shutil
import sys
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import cases    # pylint: disable=wrong-import-position
import resolvers    # pylint: disable=wrong-import-position

INSIDE = "WEIR_ATTACKS_INSIDE"
SKIPPED = 77


def enter():
    """Into a network namespace of our own, as root or by a user namespace."""
    flags = "-n" if os.geteuid() == 0 else "-Urn"
    os.execvpe("unshare", ["unshare", flags, "/usr/bin/python3"] + sys.argv, dict(os.environ, **{INSIDE: "1"}))


def slowed(figure):
    factor = float(os.environ.get("ATTACKS_SLOW", "1"))
    return figure._replace(limit=figure.limit * factor) if "cpu" in figure.name and figure.limit else figure


def attack(case, world, kind):
    words = dict(case.settings)
    identity = world.identity if words.pop("secure", False) else None
    resolver = kind(world.servers.root_address, world.anchor, identity, **(words if kind is resolvers.Weir else {}))
    try:
        figures = [slowed(f) for f in case.attack(world, resolver.start())]
        if not resolver.alive():
            raise AssertionError(f"{resolver.name} ended:\n{resolver.log()[-3000:]}")
    finally:
        resolver.stop()
    return figures


def show(who, figures):
    print(f"#   {who:8}" + ", ".join(cases.text(f) for f in figures), flush=True)


def run(case, world, kinds):
    if case.control:
        show("control", case.control(world))
    failed = []
    for kind in kinds:
        try:
            figures = attack(case, world, kind)
        except AssertionError as e:
            if kind is resolvers.Weir:
                raise
            print(f"#   {kind.name:8}{e}", flush=True)
            continue
        show(kind.name, [f if kind is resolvers.Weir else f._replace(limit=None) for f in figures])
        if kind is resolvers.Weir:
            failed = [cases.text(f) for f in figures if not cases.holds(f)]
    if failed:
        raise AssertionError("; ".join(failed))


def main():
    if INSIDE not in os.environ:
        if not shutil.which("unshare") or not shutil.which("ip"):
            print("unshare or ip is not installed")
            sys.exit(SKIPPED)
        enter()
    import attack_clock, attack_encrypted, attack_floods, attack_names, attack_proof, attack_taken, attack_work    # noqa: E401 pylint: disable=all
    import world as internet    # pylint: disable=import-outside-toplevel
    words = [w for w in sys.argv[1:] if w != "--peers"]
    kinds, missing = [resolvers.Weir], []
    if "--peers" in sys.argv:
        kinds, missing = resolvers.available()
    for reason in missing:
        print(f"# {reason}")
    world = internet.World()
    world.servers.root_address = internet.ROOT
    for case in cases.ALL:
        if case.prepare:
            case.prepare(world)
    world.servers.start()
    failed = 0
    for case in cases.ALL:
        if words and case.key not in words:
            continue
        print(f"# {case.key}: {case.title}", flush=True)
        try:
            run(case, world, kinds)
            print(f"ok - {case.title}", flush=True)
        except Exception:    # pylint: disable=broad-except
            failed += 1
            print(f"not ok - {case.title}", flush=True)
            traceback.print_exc(file=sys.stdout)
    sys.exit(1 if failed else 0)


main()
