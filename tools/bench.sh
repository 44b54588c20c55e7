#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make bench: weir beside its peers and the bare socket in one run (bench/run.py), then cold recursion with validation
# (bench/signed.py), then DoT, DoH, DoQ and TLS handshakes (bench/encrypted.py), then a list of a million names (bench/feeds.py).
# ARGS="log ...", ARGS="policy ..." and ARGS="lease ..." are bench/log.py, bench/policy.py and bench/lease.py alone (what the log, identity and policy, and answers that open
# the firewall cost), ARGS="learn ..." is bench/learn.py alone (what learned profiles refuse, on captures of devices),
# ARGS="signed ...", ARGS="encrypted ..." and ARGS="feeds ..." are the second, the third and the last alone, any other ARGS the first alone.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh build test
tools/build.sh release
WEIR=${WEIR:-$PWD/build/release/src/weir}
export WEIR
which=${1:-all}
peers() { # without them weir stands alone, or beside fewer, and that is said
    tools/peers.sh dnsmasq-base unbound knot-resolver dnsdist dnsperf gnutls-bin openssl curl >build/peers.log 2>&1 || echo "bench: no peers, see build/peers.log"
}
case $which in
learn | lease | log | policy) shift && exec /usr/bin/python3 "bench/$which.py" "$@" ;;
signed | encrypted | feeds) shift ;;
all) ;;
*) exec /usr/bin/python3 bench/run.py "$@" ;;
esac
[ "$which" != all ] || { /usr/bin/python3 bench/run.py && /usr/bin/python3 bench/log.py; }
peers
run() { [ "$which" != all ] && [ "$which" != "$1" ] || /usr/bin/python3 "bench/$1.py" "${@:2}"; }
run signed "$@"
run encrypted "$@"
run feeds "$@"
