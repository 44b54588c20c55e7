#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make fuzz: runs the fuzzers with libFuzzer under ASan and UBSan: T=name one of them, S=seconds each
# (default 10). First a bug planted behind a parsed message must be found: a fuzzer that cannot
# find that one proves nothing. Lines reached are printed at the end. Inputs found stay in build/fuzz-corpus; findings in build/fuzz-found.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh fuzz
rm -f build/fuzz-found/*.profraw
seconds=${S:-10}
dir=build/fuzz/tests/fuzz
failed=0 ran=0

fuzz() { # fuzz NAME SECONDS: prints one line, returns the fuzzer's status
    local name=$1 limit=$2 seeds=tests/fuzz/corpus/$1 status=0 log=build/fuzz-found/$1.log
    mkdir -p "build/fuzz-corpus/$name" build/fuzz-found
    [ -d "$seeds" ] || seeds=
    LLVM_PROFILE_FILE=build/fuzz-found/$name.profraw "$dir/fuzz_$name" -max_total_time="$limit" -timeout=5 -rss_limit_mb=1024 -max_len=4096 \
        -print_final_stats=1 -artifact_prefix="build/fuzz-found/$name-" \
        "build/fuzz-corpus/$name" ${seeds:+"$seeds"} >"$log" 2>&1 || status=$?
    awk -v name="$name" -v status="$status" '
        /cov: /{ for (i = 1; i < NF; i++) { if ($i == "cov:") cov = $(i+1); if ($i == "ft:") ft = $(i+1) } }
        /number_of_executed_units/{ runs = $2 }
        /^SUMMARY:/{ what = $0 }
        END { printf "%-12s %s  edges %s  features %s  runs %s  %s\n", name,
              status ? "FOUND" : "ok   ", cov, ft, runs ? runs : "-", what }' "$log"
    return "$status"
}

if [ -x "$dir/fuzz_planted" ]; then
    if fuzz planted 60 | sed 's/FOUND/found as it must be:/' && [ "${PIPESTATUS[0]}" = 0 ]; then
        echo "fuzz.sh: the planted bug was not found in 60 s" >&2
        failed=1
    fi
    rm -f build/fuzz-found/planted-*
fi
for program in "$dir"/fuzz_*; do
    name=${program##*/fuzz_}
    if [ ! -x "$program" ] || [ ! -f "$program" ] || [ "$name" != "${T:-$name}" ] || [ "$name" = planted ]; then
        continue
    fi
    ran=$((ran + 1))
    fuzz "$name" "$seconds" || failed=1
done
if [ "$ran" = 0 ]; then
    echo "fuzz.sh: no fuzzer ${T:-at all}" >&2
    exit 1
fi
tools/fuzz-cover.py || true # a figure, not a verdict
[ "$failed" = 0 ] || echo "fuzz.sh: findings are in build/fuzz-found; each is fed back with build/fuzz/tests/fuzz/fuzz_NAME FILE" >&2
exit "$failed"
