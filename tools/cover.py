#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make cover: line coverage of src/ by the meson tests, per folder, and the least covered files.

Reads gcov's JSON, so no tool beyond gcc is needed. A line of a header that several objects hold counts once.
"""
import collections
import glob
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build", "cover")
WORST = 10


def read_counts():
    """{source: {line: times run}}"""
    counts = collections.defaultdict(lambda: collections.defaultdict(int))
    for data in glob.glob(os.path.join(BUILD, "**", "*.gcda"), recursive=True):
        run = subprocess.run(["gcov", "-t", "-j", data], cwd=BUILD, capture_output=True, check=True)
        for text in run.stdout.splitlines():
            for row in json.loads(text)["files"]:
                path = os.path.relpath(os.path.realpath(os.path.join(BUILD, row["file"])), ROOT)
                if path.startswith("src/"):
                    for line in row["lines"]:
                        counts[path][line["line_number"]] += line["count"]
    return counts


def main():
    for data in glob.glob(os.path.join(BUILD, "**", "*.gcda"), recursive=True):
        os.unlink(data)
    if subprocess.run(["tools/build.sh", "cover"], cwd=ROOT, check=False).returncode:
        return 1
    tests = subprocess.run(["meson", "test", "-C", BUILD, "--no-rebuild"], cwd=ROOT,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if tests.returncode:
        print("cover: some tests failed; the figures hold for what ran")
    folders = collections.defaultdict(lambda: [0, 0])
    files = []
    for path, lines in read_counts().items():
        hit, all_lines = sum(1 for n in lines.values() if n), len(lines)
        for key in (path.split("/")[1], "all"):
            folders[key][0] += hit
            folders[key][1] += all_lines
        files.append((hit / all_lines, all_lines, path))
    if not files:
        print("cover: nothing ran")
        return 1
    for folder in sorted(folders, key=lambda f: (f == "all", f)):
        hit, all_lines = folders[folder]
        print(f"{folder:12} {100 * hit / all_lines:5.1f} %  {hit} of {all_lines} lines")
    print("least covered:")
    for share, all_lines, path in sorted(files)[:WORST]:
        print(f"  {100 * share:5.1f} %  {path} ({all_lines} lines)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
