#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make bench: bench/run.py, weir beside its peers and the bare socket in one run.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh build test
tools/build.sh release
[ -f bench/run.py ] || {
    echo "bench.sh: no bench/run.py yet" >&2
    exit 1
}
WEIR=${WEIR:-$PWD/build/release/src/weir} exec /usr/bin/python3 bench/run.py "$@"
