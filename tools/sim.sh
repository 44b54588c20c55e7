#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make sim: SEED=n runs one seed with its trace, N=count runs the seeds 1..count (default 100).
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh main >/dev/null
sim=build/main/tests/sim/sim
[ -x "$sim" ] || {
    echo "sim.sh: no simulator at $sim" >&2
    exit 1
}
for number in "${SEED:-}" "${N:-}"; do
    case $number in
    *[!0-9]*)
        echo "sim.sh: \"$number\" is no number: make sim SEED=7, make sim N=1000" >&2
        exit 2
        ;;
    esac
done
if [ -n "${SEED:-}" ]; then
    exec "$sim" --seed "$SEED" --trace
fi
exec "$sim" --count "${N:-100}"
