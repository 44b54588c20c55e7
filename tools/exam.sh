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
WEIR=$PWD/build/weir exec /usr/bin/python3 "$shared/exam/exam.py" --resolver tests/exam \
    --scenarios "$shared/exam/scenarios" --jobs "$(($(nproc) * 2))" --retry \
    --json build/exam/result.json "$@"
