#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make test: the tools, then tools/test.py (which prints the last line that counts).
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
if ! tools/setup.sh build test; then
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi
exec /usr/bin/python3 tools/test.py "$@"
