#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make attacks: every attack of tests/attacks against build/weir, unbound and kresd, each with its control and its limits.
# CASE=name runs one. The peers come by tools/peers.sh; without them weir is attacked alone, and that is said.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh build test
[ "${PEERS:-1}" = 0 ] || tools/peers.sh knot-resolver >build/peers.log 2>&1 || echo "attacks: no peers, see build/peers.log"
mkdir -p build/attacks
# shellcheck disable=SC2086  # CASE may be several names
WEIR=${WEIR:-$PWD/build/weir} exec tests/attacks/run.py --peers ${CASE:-} 2>build/attacks/log.txt
