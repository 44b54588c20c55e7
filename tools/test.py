#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make test: builds with sanitizers, runs every test, prints `N passed, N failed, N skipped` last.

    tools/test.py [PATTERN]        only tests whose name contains PATTERN (for work, not for proof)

What is run, in this order: tidy and the tools' own tests, the meson tests (unit, scenarios, some seeds of the
simulator, fuzz corpora) under ASan and UBSan, the unit tests with threads once more under TSan, then
tests/e2e/*.py with the real binary.

How it counts: a test that prints TAP (`ok`, `not ok`, `ok # SKIP reason`) counts line by line, a Python
unittest counts its cases, anything else counts as one. Exit status 77 is a skip; its reason is the last line
printed. A program that fails without a failed line of its own counts as one failure more.
With CI=true a skip of an e2e test (lab and demo are among them) is a failure: there it must be able to run.
Exit 0 only when nothing failed and something ran.
"""
import collections
import concurrent.futures
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build", "asan")
THREADS = os.path.join(ROOT, "build", "tsan")
CI = os.environ.get("CI") == "true"
SKIP_STATUS = 77
E2E_TIMEOUT_S = 420
E2E_AT_ONCE = 4
# Those that take long begin first, so that none of them is left alone at the end.
E2E_LONG = ("ladder.py", "stale.py", "keep.py", "anchors.py", "attacks.py", "upstream.py", "package.py", "serve_copies.py",
            "limits.py")
# The demo shows how fast weir answers: nobody runs beside it.
E2E_ALONE = ("untouched.py",)
TOOLS_TIMEOUT_S = 300
TAIL_LINES = 40

Outcome = collections.namedtuple("Outcome", "passed failed skips")    # skips: list of reasons


def count_output(text, status):
    """What a program's output and exit status say. Never less than one test."""
    passed = failed = 0
    skips = []
    for line in text.splitlines():
        m = re.match(r"\s*(not ok|ok)\b(.*)", line)
        if not m:
            continue
        skip = re.search(r"#\s*SKIP\S*\s*(.*)", m.group(2), re.I)
        if skip:    # cmocka says `not ok` of those, too
            skips.append(skip.group(1) or m.group(2).strip())
        elif m.group(1) == "not ok":
            failed += 1
        else:
            passed += 1
    if not passed + failed + len(skips):
        m = re.search(r"^Ran (\d+) tests?", text, re.M)
        if m:
            bad = sum(int(n) for n in re.findall(r"(?:failures|errors)=(\d+)", text))
            unit_skips = sum(int(n) for n in re.findall(r"skipped=(\d+)", text))
            passed, failed = int(m.group(1)) - bad - unit_skips, bad
            skips = re.findall(r"skipped '(.*)'", text)[:unit_skips]
            skips += ["unittest gave no reason"] * (unit_skips - len(skips))
    if status == SKIP_STATUS and not failed:
        last = [l for l in text.splitlines() if l.strip()]
        skips = skips or [last[-1].strip() if last else "no reason given"]
        return Outcome(passed, 0, skips)
    if status != 0 and not failed:
        failed = 1
    if status == 0 and not passed + failed + len(skips):
        passed = 1
    return Outcome(passed, failed, skips)


def print_failure(name, text):
    """The failed lines, the end of what was said, and where all of it lies."""
    lines = text.rstrip().splitlines()
    log = os.path.join("build", "failed", re.sub(r"[^\w.-]", "_", name) + ".txt")
    os.makedirs(os.path.join(ROOT, "build", "failed"), exist_ok=True)
    with open(os.path.join(ROOT, log), "w", encoding="utf-8") as f:
        f.write(text)
    said = [l for l in lines[:-TAIL_LINES] if l.lstrip().startswith("not ok")] + lines[-TAIL_LINES:]
    print("\n".join("    " + l for l in said) + f"\n    all of it: {log}", flush=True)


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.reasons = []
        self.lock = threading.Lock()

    def add(self, name, outcome, text, seconds, must_run=False):
        with self.lock:
            self.add_alone(name, outcome, text, seconds, must_run)

    def add_alone(self, name, outcome, text, seconds, must_run):
        passed, failed, skips = outcome
        if must_run and CI and skips:
            failed += len(skips)
            text += "".join(f"\nskipped where CI=true: {reason}" for reason in skips)
            skips = []
        self.passed += passed
        self.failed += failed
        self.skipped += len(skips)
        self.reasons += [f"{name}: {reason}" for reason in skips]
        word = "FAIL" if failed else "skip" if skips and not passed else "ok  "
        more = f", {failed} failed" if failed else ""
        more += f", {len(skips)} skipped" if skips else ""
        print(f"{word} {name} ({passed}{more}, {seconds:.1f} s)", flush=True)
        if failed:
            print_failure(name, text)

    def finish(self):
        for reason in self.reasons:
            print(f"skipped {reason}")
        if not self.passed + self.failed:
            print("nothing ran")
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)
        return 0 if self.passed and not self.failed else 1


def run_program(argv, timeout_s, env=None):
    """(output, status, seconds). A program that is late is killed with all it started."""
    began = time.monotonic()
    process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, env=env, start_new_session=True)
    try:
        out, _ = process.communicate(timeout=timeout_s)
        status = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)       # gives a lab the time to take itself down
        try:
            out, _ = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, _ = process.communicate()
        out, status = out + f"\nkilled after {timeout_s} s".encode(), 1
    return out.decode("utf-8", "replace"), status, time.monotonic() - began


def run_counted(tally, name, argv, timeout_s, env=None, must_run=False):
    text, status, seconds = run_program(argv, timeout_s, env)
    tally.add(name, count_output(text, status), text, seconds, must_run)


def build(tally):
    """All tests are built with sanitizers; of the plain flavour only what is run."""
    for flavour, *targets in (("asan",), ("main", "all-tried"), ("tsan",)):
        text, status, seconds = run_program(["tools/build.sh", flavour, *targets], 1200)
        if text.strip():
            print(text.rstrip())
        if status:
            tally.add(f"build {flavour}", Outcome(0, 1, []), text, seconds)
            return False
        print(f"ok   build {flavour} ({seconds:.1f} s)", flush=True)
    return True


def meson_tests(tally, pattern, build_dir=BUILD, more=(), mark=""):
    log = os.path.join(build_dir, "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.unlink(log)
    subprocess.run(["meson", "test", "-C", build_dir, "--no-rebuild", "--num-processes",
                    str(os.cpu_count() or 1), *more], stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    rows = []
    if os.path.exists(log):
        with open(log, encoding="utf-8") as f:
            rows = [json.loads(line) for line in f if line.strip()]
    for row in sorted(rows, key=lambda r: r["name"]):
        name = row["name"].split(" / ", 1)[-1]
        if pattern not in name:
            continue
        text = row.get("stdout", "") + row.get("stderr", "")
        status = row.get("returncode") or 0
        if row["result"] not in ("OK", "SKIP", "EXPECTEDFAIL"):
            status = status or 1
            text += f"\nmeson: {row['result']}, status {row.get('returncode')}"
        tally.add(name + mark, count_output(text, status), text, row.get("duration", 0.0))


def e2e_env():
    env = dict(os.environ)
    env["WEIR"] = os.path.join(BUILD, "src", "weir")
    env["WEIR_PLAIN"] = os.path.join(ROOT, "build", "main", "src", "weir")
    env["WEIR_TSAN"] = os.path.join(THREADS, "src", "weir")
    env.setdefault("WEIR_SHARED", os.path.join(ROOT, "..", "shared"))
    env.setdefault("ASAN_OPTIONS", "detect_leaks=1")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
    return env


def e2e_order(path):
    name = os.path.basename(path)
    return (E2E_LONG.index(name) if name in E2E_LONG else len(E2E_LONG)), name


def e2e_tests(tally, pattern, python):
    """Four at a time, for most of them wait most of the time. Each has namespaces of its own."""
    env = e2e_env()
    # A module that others import is not a test: tests are executable.
    paths = [p for p in glob.glob("tests/e2e/*.py") if pattern in p and os.access(p, os.X_OK)]
    alone = [path for path in paths if os.path.basename(path) in E2E_ALONE]
    for path in alone:
        run_counted(tally, path, [python, path], E2E_TIMEOUT_S, env, must_run=True)
    with concurrent.futures.ThreadPoolExecutor(E2E_AT_ONCE) as pool:
        for done in [pool.submit(run_counted, tally, path, [python, path], E2E_TIMEOUT_S, env, must_run=True)
                     for path in sorted(set(paths) - set(alone), key=e2e_order)]:
            done.result()


def main(argv):
    if len(argv) > 1:
        print(__doc__, file=sys.stderr)
        return 2
    pattern = argv[0] if argv else ""
    os.chdir(ROOT)
    shutil.rmtree(os.path.join("build", "failed"), ignore_errors=True)
    tally = Tally()
    if not build(tally):
        return tally.finish()
    python = "/usr/bin/python3"
    if pattern in "tidy":
        run_counted(tally, "tidy", [python, "tools/tidy.py", "--tap", "--build", "build/main"],
                    TOOLS_TIMEOUT_S)
    for path in sorted(glob.glob("tests/tools/test_*.py")):
        if pattern in path:
            run_counted(tally, path, [python, path], TOOLS_TIMEOUT_S)
    meson_tests(tally, pattern)
    meson_tests(tally, pattern, THREADS, ("--suite", "threads"), " (TSan)")
    e2e_tests(tally, pattern, python)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
