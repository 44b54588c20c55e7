#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What profiles that weir learns (`weir mud learn`) refuse: of the device itself, and of others.

    bench/learn.py [--split half|all-but-one|three|one|elsewhere] [--alone] [--device NAME] [--json]

The data are DNS queries of real devices, run by run ($WEIR_SHARED/data/train/iot/device_dns.tsv.gz; its SOURCES.md says whence). A profile is learned
by policy/learn itself (build/*/bench/learn) from some runs of a device, as if each were a day of the log; the rest of its runs and all runs of other devices
are held against it.

    half          from the first half of the runs, and once more from the second
    all-but-one   from all runs but one, each in turn
    elsewhere     from one series of captures (iotls-mitm), tested on another of the same devices (iotls-fp)
    three, one    from three runs in a row, from a single one: how soon a profile is of use

    refused       share of the names (each once a run) of the device's other runs that the profile refuses; as queries: of those. Median over devices, too
    caught        of runs of other devices. `runs`: share in which at least one name is refused. `mostly`: at least half of the names are. `names`: share of
                  the names (each once a run) that are refused. `foreign`: the same of names that this device asks for in none of its runs, so without what
                  both really need. `others`: `names` without devices of the same vendor, who share a cloud

A house knows other devices when it learns, and what it knows decides. So devices are parted into two halves by a hash of their name; for each profile one half is the
house, and the other is what it is held against, and the other way round.

--alone: the house knows no other device.

All is printed for each half of the devices as well: what had been fitted to some would show. The status is 1 when `half` or `all-but-one` misses the goal (2 % refused,
97 % of `runs` caught).
"""
import argparse
import collections
import csv
import gzip
import hashlib
import json
import os
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHARED = os.environ.get("WEIR_SHARED", os.path.join(ROOT, "..", "shared"))
DATA = os.path.join(SHARED, "data", "train", "iot", "device_dns.tsv.gz")
REFUSED, CAUGHT, DAY = 0.02, 0.97, 86400
READINGS = ("runs", "mostly", "names", "foreign", "others")
SPLITS = {
    "half": lambda r: [(r[:len(r) // 2], r[len(r) // 2:]), (r[len(r) // 2:], r[:len(r) // 2])],
    "all-but-one": lambda r: [([x for x in r if x != y], [y]) for y in r],
    "three": lambda r: [(r[i:i + 3], r[:i] + r[i + 3:]) for i in range(0, len(r) - 3, 3)],
    "one": lambda r: [([y], [x for x in r if x != y]) for y in r],
    "elsewhere": lambda r: [([x for x in r if x.startswith("iotls-mitm")], [x for x in r if x.startswith("iotls-fp")])],
}


def program():
    for kind in ("release", "main", "asan"):
        path = os.path.join(ROOT, "build", kind, "bench", "learn")
        if os.path.exists(path):
            return path
    sys.exit("bench/learn: build/*/bench/learn is not built")


def read():
    """device -> run -> [(name, missing)], and device -> vendor"""
    runs, vendor = collections.defaultdict(lambda: collections.defaultdict(list)), {}
    with gzip.open(DATA, "rt", encoding="utf-8") as f:
        for row in csv.DictReader(f, delimiter="\t"):
            runs[row["device"]][f"{row['#source']} {row['run']}"].append((row["qname"], row["rcode"] == "3"))
            vendor[row["device"]] = row["vendor"]
    return {d: dict(sorted(r.items())) for d, r in runs.items()}, vendor


def half_of(device):
    return hashlib.sha256(device.encode()).digest()[0] & 1


class Learner:
    """policy/learn at work: lines in, lines out."""

    def __init__(self):
        self.child = subprocess.Popen([program()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def learn(self, runs, others):
        self.known = {}
        out = ["new"]
        for day, run in enumerate(runs):
            out += [f"own {name} {day * DAY} {int(missing)}" for name, missing in run]
        out += [f"other {name}" for name in others]
        self.child.stdin.write("\n".join(out + ["profile", ""]))

    def rows(self):
        self.child.stdin.write("rows\n")
        self.child.stdin.flush()
        return list(iter(lambda: self.child.stdout.readline().strip(), ""))

    def approves(self, names):
        new = [n for n in dict.fromkeys(names) if n not in self.known]
        self.child.stdin.write("".join(f"ask {n}\n" for n in new))
        self.child.stdin.flush()
        for n in new:
            self.known[n] = self.child.stdout.readline() == "1\n"
        return self.known


class Count:
    """Parts of a whole, by what they are called."""

    def __init__(self):
        self.part, self.whole = collections.Counter(), collections.Counter()
        self.through = collections.Counter()    # runs of whom that nothing was refused of

    def add(self, key, part, whole=1):
        self.part[key] += part
        self.whole[key] += whole

    def share(self, key):
        return self.part[key] / self.whole[key] if self.whole[key] else float("nan")


def one_device(learner, runs, vendor, device, split, alone, count, missed):
    mine = runs[device]
    ever = {n for run in mine.values() for n, _ in run}
    names = list(mine)
    for learned, tested in SPLITS[split](names):
        if not learned or not tested:
            continue
        for house in (0, 1):
            others = [d for d in runs if d != device]
            known = {n for d in others if half_of(d) == house for run in runs[d].values() for n, _ in run}
            learner.learn([mine[r] for r in learned], [] if alone else sorted(known))
            ok = learner.approves([n for d in runs for run in runs[d].values() for n, _ in run])
            for r in tested:
                asked = [n for n, _ in mine[r]]
                count.add("refused", sum(not ok[n] for n in set(asked)), len(set(asked)))
                count.add("queries", sum(not ok[n] for n in asked), len(asked))
                count.add("alone", len(set(asked) - {n for x in learned for n, _ in mine[x]}), len(set(asked)))
                missed.update(n for n in set(asked) if not ok[n])
            for d in others:
                if half_of(d) == house:
                    continue
                for run in runs[d].values():
                    asked = {n for n, _ in run}
                    no = {n for n in asked if not ok[n]}
                    count.add("runs", bool(no))
                    count.through[d] += not no
                    count.add("could", bool(asked - ever))
                    count.add("mostly", 2 * len(no) >= len(asked))
                    count.add("names", len(no), len(asked))
                    count.add("foreign", len(no - ever), len(asked - ever))
                    if vendor[d] != vendor[device]:
                        count.add("others", len(no), len(asked))


def evaluate(runs, vendor, split, only, alone):
    learner, result = Learner(), {}
    for device in sorted(runs):
        if len(runs[device]) < 2 or (only and device != only):
            continue
        count, missed = Count(), collections.Counter()
        one_device(learner, runs, vendor, device, split, alone, count, missed)
        if count.whole["refused"]:
            result[device] = (count, missed)
    return result


def pooled(result, devices=None):
    whole = Count()
    for device, (count, _) in result.items():
        if devices is None or device in devices:
            for key in count.whole:
                whole.add(key, count.part[key], count.whole[key])
    return whole


def percent(x):
    return f"{100 * x:6.2f} %"


def line(title, result, devices=None):
    chosen = [c for d, (c, _) in result.items() if devices is None or d in devices]
    whole = pooled(result, devices)
    print(f"  {title:26} refused {percent(whole.share('refused'))} (queries {percent(whole.share('queries'))}, median {percent(statistics.median(c.share('refused') for c in chosen))})"
          f"  caught: " + ", ".join(f"{k} {percent(whole.share(k))} ({percent(statistics.median(c.share(k) for c in chosen))})" for k in READINGS))


def verdict(result):
    whole = pooled(result)
    fails = {d: (c, m) for d, (c, m) in result.items() if c.share("refused") > REFUSED}
    held = [k for k in READINGS if whole.share(k) >= CAUGHT]
    print(f"  goal: refused <= 2 %: {'held' if whole.share('refused') <= REFUSED else 'MISSED'}; caught >= 97 % by {', '.join(held) or 'none'}"
          f"; missed by {', '.join(k for k in READINGS if k not in held) or 'none'}")
    print(f"  at most {percent(whole.whole['foreign'] / whole.whole['names']).strip()} of `names` and {percent(whole.share('could')).strip()} of `runs` could be caught:"
          " the others are what this device asks for itself")
    print(f"  a list of the names alone would refuse {percent(whole.share('alone')).strip()}")
    for d, (c, m) in sorted(fails.items(), key=lambda x: -x[1][0].share("refused")):
        print(f"    {d}: {percent(c.share('refused'))} refused: {', '.join(n for n, _ in m.most_common(6))}")
    for d, (c, _) in sorted(result.items(), key=lambda x: x[1][0].share("runs")):
        if c.share("runs") < CAUGHT:
            print(f"    {d}: {percent(c.share('runs')).strip()} of runs caught; not of {', '.join(o for o, n in c.through.most_common(6) if n)}")
    return whole


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--split", choices=sorted(SPLITS))
    p.add_argument("--device")
    p.add_argument("--alone", action="store_true")
    p.add_argument("--json", action="store_true")
    args = p.parse_args()
    if not os.path.exists(DATA):
        print(f"bench/learn: no data in {DATA} (set WEIR_SHARED); nothing is measured")
        return 0
    runs, vendor = read()
    out, worst = {}, 0
    if not args.json:
        print(f"learned profiles: {len(runs)} devices, {sum(len(r) for r in runs.values())} runs; pooled, in brackets the median of devices")
    for split in [args.split] if args.split else SPLITS:
        result = evaluate(runs, vendor, split, args.device, args.alone)
        out[split] = {d: {k: c.share(k) for k in ("refused", "queries") + READINGS} for d, (c, _) in result.items()}
        whole = pooled(result)
        if split in ("half", "all-but-one"):
            worst |= whole.share("refused") > REFUSED or whole.share("runs") < CAUGHT
        if args.json:
            continue
        print(f"{split}:")
        line("all devices", result)
        if not args.device:
            for h in (0, 1):
                line(f"half {h} of the devices", result, {d for d in result if half_of(d) == h})
        verdict(result)
    if args.json:
        print(json.dumps(out, indent=1))
    return worst


if __name__ == "__main__":
    sys.exit(main())
