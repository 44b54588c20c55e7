#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make differential: lab/differential.py, in namespaces, with the program just built. NAMES=word asks only what contains it.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh test
if [ -n "${1:-}" ]; then set -- "$1"; else set --; fi
WEIR=${WEIR:-$PWD/build/weir} exec /usr/bin/python3 lab/differential.py "$@"
