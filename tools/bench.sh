#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make bench: weir beside its peers and the bare socket in one run (bench/run.py), then cold recursion with validation
# (bench/signed.py), then DoT, DoH, DoQ and TLS handshakes (bench/encrypted.py). ARGS="signed ..." and ARGS="encrypted ..." are
# the second and the third alone, any other ARGS the first alone.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh build test
tools/build.sh release
WEIR=${WEIR:-$PWD/build/release/src/weir}
export WEIR
which=${1:-all}
peers() { # without them weir stands alone, or beside fewer, and that is said
    tools/peers.sh knot-resolver dnsdist dnsperf gnutls-bin openssl curl >build/peers.log 2>&1 || echo "bench: no peers, see build/peers.log"
}
case $which in
signed | encrypted) shift ;;
all) ;;
*) exec /usr/bin/python3 bench/run.py "$@" ;;
esac
[ "$which" != all ] || /usr/bin/python3 bench/run.py
peers
[ "$which" = encrypted ] || /usr/bin/python3 bench/signed.py "$@"
[ "$which" = signed ] || exec /usr/bin/python3 bench/encrypted.py "$@"
