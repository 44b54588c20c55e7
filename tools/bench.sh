#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make bench: weir beside its peers and the bare socket in one run (bench/run.py), then cold recursion with validation
# (bench/signed.py). ARGS="signed ..." is the second alone, any other ARGS the first alone.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh build test
tools/build.sh release
WEIR=${WEIR:-$PWD/build/release/src/weir}
export WEIR
[ "${1:-}" = signed ] || /usr/bin/python3 bench/run.py "$@"
case ${1:-signed} in
signed)
    # kresd as well; without it unbound alone stands beside weir, and that is said
    tools/peers.sh knot-resolver >build/peers.log 2>&1 || echo "bench: no peers, see build/peers.log"
    exec /usr/bin/python3 bench/signed.py "${@:2}"
    ;;
esac
