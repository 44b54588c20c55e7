#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make size: bytes per folder (of build/main: link-time optimisation knows no folders), of the program as it
# is released, and its memory at start.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh release
dir=build/release

echo "folder            text     data      bss"
for archive in build/main/src/libweir_*.a; do
    [ -f "$archive" ] || continue
    name=${archive##*/libweir_}
    size "$archive" | awk -v name="${name%.a}" \
        'NR > 1 { t += $1; d += $2; b += $3 } END { printf "%-12s %9d %8d %8d\n", name, t, d, b }'
done
program=$dir/src/weir
[ -x "$program" ] || {
    echo "size.sh: no program yet" >&2
    exit 1
}
strip -o "$dir/weir.stripped" "$program"
size "$program" | awk 'NR == 2 { printf "%-12s %9d %8d %8d\n", "weir", $1, $2, $3 }'
echo "file, stripped: $(stat -c %s "$dir/weir.stripped") bytes"

# Memory at start: one worker, loopback, the smallest cache; read when the control socket is there.
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$work"' EXIT
cat >"$work/weir.yaml" <<YAML
listen: ["127.0.0.1:15300"]
workers: 1
upstream: {groups: [{name: none, servers: ["udp://192.0.2.1"]}], default: none}
control: {socket: $work/control.sock}
YAML
"$program" serve -c "$work/weir.yaml" 2>"$work/log" &
pid=$!
for _ in $(seq 100); do
    [ -S "$work/control.sock" ] && break
    kill -0 "$pid" 2>/dev/null || {
        echo "size.sh: weir did not start:" >&2
        cat "$work/log" >&2
        exit 1
    }
    sleep 0.05
done
awk '/^(Rss|Pss|Private_Clean|Private_Dirty):/ { v[$1] = $2 }
    END { printf "memory at start: RSS %d kB, PSS %d kB, private %d kB\n",
          v["Rss:"], v["Pss:"], v["Private_Clean:"] + v["Private_Dirty:"] }' "/proc/$pid/smaps_rollup"
