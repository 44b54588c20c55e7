#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make exam: the shared scenario exam, from outside, against build/weir. Its place is $WEIR_SHARED/exam.
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${WEIR_SHARED:-../shared}
if [ ! -f "$shared/exam/exam.py" ]; then
    echo "exam: no exam at $shared/exam (WEIR_SHARED says where the shared material lies)"
    exit 1
fi
if [ ! -f tests/exam/adapter.py ]; then
    echo "exam: no tests/exam/adapter.py yet: weir cannot be started for a scenario"
    exit 1
fi
tools/setup.sh build test
mkdir -p build/exam
rm -f build/exam/result.json
# The runner's own exit status says only that something failed; the table says what.
WEIR=$PWD/build/weir /usr/bin/python3 "$shared/exam/exam.py" --resolver tests/exam \
    --scenarios "$shared/exam/scenarios" --jobs "$(($(nproc) * 2))" --retry \
    --json build/exam/result.json "$@" >build/exam/log.txt 2>&1 || true
if [ ! -s build/exam/result.json ]; then
    tail -n 20 build/exam/log.txt
    exit 1
fi
exec tools/exam.py build/exam/result.json "$shared/exam/peers.tsv"
