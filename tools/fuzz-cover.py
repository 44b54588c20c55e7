#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lines of src/ that the fuzzers of this run reached, per folder and per file.

tools/fuzz.sh calls it: each fuzzer leaves build/fuzz-found/NAME.profraw. Files that no fuzzer reached at all are left
out: they hold no parser, or their fuzzer did not run. Needs llvm-profdata and llvm-cov (package llvm).
"""
import collections
import glob
import json
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOUND = os.path.join(ROOT, "build", "fuzz-found")
PROGRAMS = os.path.join(ROOT, "build", "fuzz", "tests", "fuzz")


def newest(tool):
    """llvm-cov, or the version of it that Debian installs beside clang"""
    names = [tool] + sorted((os.path.basename(p) for p in glob.glob(f"/usr/bin/{tool}-*")), reverse=True)
    return next((n for n in names if shutil.which(n)), None)


def export(profdata, cov, raws):
    """[(path below the root, lines, lines reached)]"""
    merged = os.path.join(FOUND, "all.profdata")
    subprocess.run([profdata, "merge", "-sparse", "-o", merged] + raws, check=True)
    programs = [os.path.join(PROGRAMS, "fuzz_" + os.path.basename(raw)[:-len(".profraw")]) for raw in raws]
    argv = [cov, "export", "-summary-only", f"-instr-profile={merged}", programs[0]]
    for program in programs[1:]:
        argv += ["-object", program]
    out = subprocess.run(argv, check=True, capture_output=True).stdout
    for row in json.loads(out)["data"][0]["files"]:
        path = os.path.relpath(os.path.realpath(os.path.join(ROOT, "build", "fuzz", row["filename"])), ROOT)
        yield path, row["summary"]["lines"]["count"], row["summary"]["lines"]["covered"]


def main():
    raws = sorted(glob.glob(os.path.join(FOUND, "*.profraw")))
    raws = [raw for raw in raws if os.path.getsize(raw) and not raw.endswith("planted.profraw")]
    profdata, cov = newest("llvm-profdata"), newest("llvm-cov")
    if not raws or not profdata or not cov:
        print(f"fuzz-cover: no line coverage ({'no llvm-cov' if raws else 'no fuzzer ended by itself'})")
        return 1
    rows = [r for r in export(profdata, cov, raws) if r[0].startswith("src/") and r[0].endswith(".c") and r[2]]
    folders = collections.defaultdict(list)
    for row in rows:
        folders[row[0].split("/")[1]].append(row)
    for folder, files in sorted(folders.items()):
        lines, reached = sum(r[1] for r in files), sum(r[2] for r in files)
        print(f"lines reached in src/{folder}: {100 * reached / lines:.1f} % of {lines}")
        for path, count, hit in sorted(files):
            print(f"    {os.path.basename(path):<16} {100 * hit / count:5.1f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
