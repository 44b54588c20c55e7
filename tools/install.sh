#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make install: the release build into DESTDIR and PREFIX (default /usr/local). Starts and enables nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh release
meson configure build/release -Dprefix="${PREFIX:-/usr/local}" >/dev/null
DESTDIR=${DESTDIR:-} meson install -C build/release --no-rebuild --quiet
echo "installed under ${DESTDIR:-}${PREFIX:-/usr/local}; nothing was started"
