#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The exam's table: what weir did, by topic, beside what the peers did on the same scenarios.

    tools/exam.py RESULT.json PEERS.tsv

Exit 1 when a scenario failed that weir ran.
"""
import collections
import csv
import json
import sys


def main(argv):
    if len(argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    with open(argv[0], encoding="utf-8") as f:
        results = json.load(f)["results"]
    with open(argv[1], encoding="utf-8") as f:
        rows = list(csv.DictReader(f, delimiter="\t"))
    peers = [name for name in rows[0] if name != "scenario"]
    by_scenario = {row["scenario"]: row for row in rows}
    count = collections.defaultdict(collections.Counter)
    missing = collections.Counter()
    for r in results:
        for topic in (r["topic"], "all"):
            count[topic]["all"] += 1
            count[topic]["weir " + r["result"]] += 1
            for peer in peers:
                passed = by_scenario.get(r["scenario"], {}).get(peer) == "pass"
                count[topic][peer] += passed
                count[topic][peer + " of run"] += passed and r["result"] != "skip"
        if r["result"] == "skip":
            missing.update({(r["reason"] or "?").removeprefix("adapter lacks: ").split(",")[0]: 1})
        elif r["result"] != "pass":
            print(f"{r['result']}: {r['scenario']}: {r['reason']}")
    print(f"{'topic':20}{'all':>5}{'weir':>6}{'fail':>6}{'skip':>6}" + "".join(f"{p:>16}" for p in peers))
    for topic in sorted(count, key=lambda t: (t == "all", t)):
        c = count[topic]
        print(f"{topic:20}{c['all']:5}{c['weir pass']:6}{c['weir fail'] + c['weir error']:6}{c['weir skip']:6}"
              + "".join(f"{c[p]:16}" for p in peers))
    c = count["all"]
    print(f"of the {c['all'] - c['weir skip']} that weir can run: weir {c['weir pass']}, "
          + ", ".join(f"{p} {c[p + ' of run']}" for p in peers))
    print("not run for want of: " + ", ".join(f"{what} {n}" for what, n in missing.most_common()))
    if c["weir fail"] + c["weir error"]:
        print("why each of them fails: docs/rfcs.md, \"Shared scenarios that fail\"")
    return 1 if c["weir fail"] + c["weir error"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
