# SPDX-License-Identifier: Apache-2.0
"""What every e2e test shares: the lab, TAP lines, skips.

    import e2e

    @e2e.test("an outsider is refused")
    def refused(lab):
        lab.start_gateway()
        reply = lab.kdig("outsider", "api.camera.example")
        e2e.equal(reply.rcode, "REFUSED", reply)

    e2e.main()

main() re-enters namespaces of its own (as any user), brings one lab up and gives it to each test in the
order they are written. A test fails by an assertion (need, equal) or any other exception, is skipped
by e2e.Skip, and starts weir as it needs it; whatever it cut is restored after it.
"""

import contextlib
import os
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "lab"))

import lab as model
from spaces import ENCRYPTED, MARK, LabError
from story import until

__all__ = ["LabError", "Skip", "equal", "main", "need", "sanitized", "test", "until", "TOP", "model"]

SKIPPED = 77
_tests = []


class Skip(Exception):
    """This cannot be tested here; the text says why."""


def test(name):
    def register(function):
        _tests.append((name, function))
        return function
    return register


def need(condition, why=""):
    if not condition:
        raise AssertionError(str(why) or "does not hold")


def equal(seen, expected, where=""):
    need(seen == expected, f"{seen!r} instead of {expected!r} {where}")


def sanitized():
    """Whether this weir is built with ASan: its memory is not weir's own measure then."""
    with open(model.gateway.binary(), "rb") as file:
        return b"__asan_init" in file.read()


@contextlib.contextmanager
def unsanitized():
    """The weir of $WEIR_PLAIN, for tests that measure or bound its memory."""
    before = os.environ.get("WEIR")
    if sanitized():
        if not os.environ.get("WEIR_PLAIN"):
            raise Skip("no weir without sanitizers: set WEIR_PLAIN")
        os.environ["WEIR"] = os.environ["WEIR_PLAIN"]
    try:
        yield
    finally:
        if before is not None:
            os.environ["WEIR"] = before


def _clean(lab):
    lab.restore(*lab.nodes)
    if lab.weir:
        lab.weir.kill()
        lab.weir = None


def _run_all(lab):
    failed = 0
    for number, (name, function) in enumerate(_tests, 1):
        try:
            function(lab)
            print(f"ok {number} - {name}", flush=True)
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
        except Exception as why:  # a test may fail in any way; the others still run
            failed += 1
            text = " ".join(str(why).split())[:600] or type(why).__name__
            print(f"not ok {number} - {name}: {text}", flush=True)
            if not isinstance(why, AssertionError):
                print("# " + traceback.format_exc().replace("\n", "\n# "), flush=True)
            if lab.weir:
                print("# weir said:\n#   " + lab.weir.log_tail().replace("\n", "\n#   "), flush=True)
        _clean(lab)
    return failed


def main(fetch=lambda: None):
    """fetch: gets what this script needs besides the lab's servers; called where there is a network."""
    if sys.argv[1:]:
        wanted = [(name, function) for name, function in _tests if sys.argv[1] in name]
        _tests[:] = wanted
    try:
        if not os.environ.get(MARK):
            model.gateway.binary()
            need_peers()
            fetch()
        model.enter()
    except LabError as why:
        print(why)
        sys.exit(SKIPPED)
    began = time.monotonic()
    print(f"1..{len(_tests)}")
    with model.Lab() as lab:
        failed = _run_all(lab)
        if failed:
            print(f"# logs: {lab.save_logs()}")
    print(f"# {time.monotonic() - began:.1f} s")
    sys.exit(1 if failed else 0)


def need_peers():
    """The lab's servers, fetched if they are not there yet."""
    done = subprocess.run([os.path.join(TOP, "tools", "peers.sh"), *ENCRYPTED], capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(f"the lab's servers cannot be fetched: {done.stderr.strip()[-200:]}")
