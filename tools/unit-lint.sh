#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Lints the systemd unit, offline: it must parse, and its exposure must stay low.
# Exit 77 (and says so) where there is no systemd-analyze.
set -euo pipefail
cd "$(dirname "$0")/.."
unit=packaging/systemd/weir.service
exposure_max=20 # tenths: 2.0; what CAP_NET_BIND_SERVICE and open sockets leave

command -v systemd-analyze >/dev/null || {
    echo "no systemd-analyze"
    exit 77
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# The program need not be installed for the unit to be looked at. As it is, and as a package has it: with a user of its own.
for drop in '' '/^DynamicUser=/d'; do
    sed -e 's|^ExecStart=[^ ]*|ExecStart=/bin/true|; s|^ExecReload=.*||' -e "$drop" "$unit" >"$dir/weir.service"
    mkdir -p "$dir/weir.service.d"
    cp packaging/systemd/firewall.conf "$dir/weir.service.d/"
    systemd-analyze verify --man=no "$dir/weir.service" 2>&1 | tee "$dir/said"
    if grep -q "weir.service" "$dir/said"; then
        exit 1
    fi
    systemd-analyze security --offline=true --threshold="$exposure_max" --no-pager "$dir/weir.service" |
        tail -n 1
done
