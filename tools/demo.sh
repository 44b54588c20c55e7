#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make demo: the story of lab/demo.py, in namespaces, with the program just built.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh test
[ -f lab/demo.py ] || {
    echo "demo.sh: no lab/demo.py yet" >&2
    exit 1
}
WEIR=${WEIR:-$PWD/build/weir} exec /usr/bin/python3 lab/demo.py "$@"
