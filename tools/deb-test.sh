#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make deb-test SUITE=bookworm|trixie: the life of the package in a bare Debian, under build/deb-SUITE.
#
# tools/deb-test-inside.sh has the steps. One bare tree builds it in two versions; another, with none of the build's
# tools, installs the first with dpkg and its dependencies with apt, serves, upgrades, removes and purges. Where
# systemctl would be asked, a stand-in does what it is told: no systemd runs there. The upstream is a process of this
# machine in the same network namespace; where the kept cache is looked at there is none.
# Needs root. KEEP=1 leaves the trees, and takes a bare one that is there.
set -euo pipefail
cd "$(dirname "$0")/.."
suite=${1:-}
case $suite in
    bookworm | trixie) ;;
    *)
        echo "deb-test.sh: say SUITE=bookworm or SUITE=trixie" >&2
        exit 2
        ;;
esac
if [ "$(id -u)" != 0 ]; then
    echo "deb-test.sh: needs root for a bare Debian: sudo make deb-test SUITE=$suite" >&2
    exit 1
fi
base=$PWD/build/deb-$suite
maker=$base/maker
site=$base/site
tools/setup.sh fresh

# The second version is this one with ".1" behind it; the third is that with another default configuration.
build_packages() {
    local made=$maker/srv/weir/build
    cp -a "$base/bare" "$maker"
    git clone -q --no-hardlinks . "$maker/srv/weir"
    tools/bare.sh run "$maker" /srv/weir make --no-print-directory deb
    mv "$made"/weir_*.deb "$site/srv/first.deb"
    sed -i "s/^  version: '\(.*\)',/  version: '\1.1',/" "$maker/srv/weir/meson.build"
    tools/bare.sh run "$maker" /srv/weir make --no-print-directory deb
    mv "$made"/weir_*.deb "$site/srv/second.deb"
    dpkg-deb -R "$site/srv/second.deb" "$base/third"
    echo "# Another default." >>"$base/third/etc/weir/weir.yaml"
    sed -i 's/^Version: .*/&.1/' "$base/third/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$base/third" "$site/srv/third.deb" >/dev/null
}

inside() { tools/bare.sh run "$site" /srv ./deb-test-inside.sh "$@"; }
# In a network namespace of its own; with an upstream when asked for.
alone() {
    local upstream=$1
    shift
    # shellcheck disable=SC2016  # expands in the inner shell
    unshare --net --pid --fork --kill-child bash -euc '
        ip link set lo up
        if [ "$1" = with-upstream ]; then
            /usr/bin/python3 -c "
import signal, sys
sys.path.insert(0, \"tests/e2e\")
import loopback
upstream = loopback.Upstream(\"127.0.0.1\", 5399, ttl=86400)
signal.pause()" &
        fi
        shift
        tools/bare.sh run "$@"' alone "$upstream" "$site" /srv ./deb-test-inside.sh "$@"
}

if [ "${KEEP:-}" != 1 ] || [ ! -d "$base/bare" ]; then
    tools/bare.sh make "$base/bare" "$suite"
fi
rm -rf --one-file-system "$maker" "$site" "$base/third"
cp -a "$base/bare" "$site"
tools/bare.sh run "$site" / apt-get -qq update
build_packages
cp tools/deb-test-inside.sh "$site/srv/"
status=0
{ inside install ./first.deb && alone with-upstream serve &&
    alone without upgrade ./second.deb ./third.deb; } || status=$?
[ "${KEEP:-}" = 1 ] || rm -rf --one-file-system "$base"
echo "deb-test: $suite: status $status"
exit "$status"
