#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make run: weir in the foreground as an ordinary user can start it: loopback, port 5300, nothing kept.
# Arguments are handed to `weir serve`; with `-c FILE` that file is used instead.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ $# -gt 0 ]; then
    exec build/weir serve "$@"
fi
mkdir -p build/run
cat >build/run/weir.yaml <<YAML
listen: ["127.0.0.1:5300", "[::1]:5300"]
control: {socket: $PWD/build/run/control.sock}
YAML
echo "try: build/weir ask @127.0.0.1 -p 5300 example.com"
echo "     build/weir status --socket build/run/control.sock     (and stats, log, cache ... likewise)     stop: Ctrl-C"
exec build/weir serve -c build/run/weir.yaml
