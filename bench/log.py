#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the log costs: octets an event and events a second (bench/logload), answers a second with log.path and without it, in one run; and how fast
it is replayed against another configuration (weir policy test).

    bench/log.py [--rounds N] [--seconds S]     $WEIR the program, beside its bench programs; $WEIR_SHARED the shared data

Only the ratio counts: rounds of both are interleaved, and the median is printed. weir has core 0 for all its threads, so what the log's
threads take is taken from the answers: the most it can cost.
"""
import argparse
import gzip
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WEIR = os.environ.get("WEIR", os.path.join(ROOT, "build", "release", "src", "weir"))
TOOLS = os.path.join(os.path.dirname(os.path.dirname(WEIR)), "bench")
DATA = os.path.join(os.environ.get("WEIR_SHARED", os.path.join(ROOT, "..", "shared")), "data", "train", "iot", "device_dns.tsv.gz")


def queries(path):
    """What 32 devices asked while they were set up, as logload reads it."""
    devices, rows = {}, []
    with gzip.open(DATA, "rt", encoding="utf-8") as f:
        for line in f:
            if line.startswith("#"):
                continue
            _, device, _, _, run, at, kind, name = line.rstrip("\n").split("\t")[:8]
            rows.append((float(at) + sum(run.encode()) % 7 * 3.0, devices.setdefault(device, len(devices) + 1), kind, name))
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(f"{at:.3f} {device} {kind} {name}\n" for at, device, kind, name in sorted(rows))


def logload(home, *words, folder=None):
    folder = folder or tempfile.mkdtemp(dir=home)
    done = subprocess.run([os.path.join(TOOLS, "logload"), "-f", os.path.join(home, "queries"), "-d", folder, *words],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def replay(home, folder, names):
    """Events a second, decided once more by hundred rules, a list of so many names, and twenty groups of names with addresses."""
    config, feed = os.path.join(home, "new.yaml"), os.path.join(home, "feed")
    with open(feed, "w", encoding="utf-8") as f:
        f.writelines(f"0.0.0.0 n{i}.listed.example\n" for i in range(names))
    with open(config, "w", encoding="utf-8") as f:
        json.dump({"log": {"path": folder}, "feeds": [{"name": "l", "from": feed, "verdict": "nxdomain"}], "policy": {"rules": [
            {"name": f"r{i}", "domains": [f"d{i}.example", f"e{i}.example"], "verdict": "nodata",
             **({"addresses": ["192.0.2.0/24"]} if i % 5 == 0 else {})} for i in range(100)]}}, f)
    began = time.monotonic()
    done = subprocess.run([WEIR, "policy", "test", config, "--json"], capture_output=True, text=True, check=False)
    took = time.monotonic() - began
    told = json.loads(done.stdout)
    return {"queries": told["queries"], "changed": told["changed"], "seconds": round(took, 2), "queries_per_s": round(told["queries"] / took)}


def answers(home, port, log, seconds):
    config = os.path.join(home, f"{port}.yaml")
    settings = {"listen": [f"127.0.0.1:{port}"], "workers": 1, "control": {"socket": os.path.join(home, f"{port}.sock")},
                "user": "", "limits": {"client_rate": 0, "rrl_rate": 0}, "local": {"zones": [
                    {"zone": "example", "records": [f"n{i} A 192.0.2.1" for i in range(4)]}]}, **({"log": log} if log else {})}
    with open(config, "w", encoding="utf-8") as f:
        json.dump(settings, f)
    server = subprocess.Popen(["taskset", "-c", "0", WEIR, "serve", "-c", config], stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        done = subprocess.run(["taskset", "-c", "1", os.path.join(TOOLS, "blast"), "-t", str(seconds), "127.0.0.1", str(port)],
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)
    finally:
        server.terminate()
        server.wait(10)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    args = parser.parse_args()
    home = tempfile.mkdtemp(prefix="weir-bench-log-")
    try:
        if os.path.exists(DATA):
            queries(os.path.join(home, "queries"))
            print("32 devices, blocks of 30 s:  ", logload(home, "-v"))
            folder = tempfile.mkdtemp(dir=home)
            print("100 000 events a second, 10 s:", logload(home, "-r", "100000", "-t", "10", folder=folder))
            print("that log, replayed:           ", replay(home, folder, 100000))
        else:
            print("no shared data: octets an event are not measured")
        ratios = []
        for i in range(args.rounds):
            log = {"path": os.path.join(home, f"log{i}"), "max_size": "4GiB", "budget_per_day": "64GiB"}
            off, on = answers(home, 5400, None, args.seconds), answers(home, 5401, log, args.seconds)
            ratios.append(on["qps"] / off["qps"])
            print(f"round {i + 1}: {off['qps']:.0f} answers/s without, {on['qps']:.0f} with the log")
        print(f"answers with the log: {statistics.median(ratios):.3f} of those without")
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
