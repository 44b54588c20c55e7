#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make fresh SUITE=bookworm|trixie: a bare Debian under build/fresh-SUITE, this checkout cloned into it,
# and in it `make demo` and `make test` as a new user would type them: the only proof that nothing
# was there by luck. Needs root (chroot). The mirror and apt's settings are this machine's own, read
# now; mounts live in a mount namespace of their own and are gone when it ends.
# VERBS="test" chooses other verbs; KEEP=1 leaves the tree.
set -euo pipefail
cd "$(dirname "$0")/.."
self=$PWD/tools/fresh.sh

suite=${1:-}
case $suite in
    bookworm | trixie) ;;
    *)
        echo "fresh.sh: say SUITE=bookworm or SUITE=trixie" >&2
        exit 2
        ;;
esac
if [ "$(id -u)" != 0 ]; then
    echo "fresh.sh: needs root for chroot: sudo make fresh SUITE=$suite" >&2
    exit 1
fi
root=$PWD/build/fresh-$suite

host_mirror() { # the first Debian mirror that apt knows here
    {
        sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/*.sources
        sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\).*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list
    } 2>/dev/null | grep -m 1 -E '/debian/?$' || true
}

bare_root() {
    local mirror
    mirror=$(host_mirror)
    [ -n "$mirror" ] || {
        echo "fresh.sh: found no Debian mirror in apt's sources" >&2
        exit 1
    }
    rm -rf --one-file-system "$root"
    mkdir -p "$root"
    echo "fresh: debootstrap $suite"
    debootstrap --variant=minbase --include=make,ca-certificates "$suite" "$root" "$mirror" \
        >"$root.log" 2>&1 || {
        tail -n 20 "$root.log" >&2
        exit 1
    }
    {
        echo "deb $mirror $suite main"
        echo "deb $mirror $suite-updates main"
    } >"$root/etc/apt/sources.list"
    # How this machine reaches its mirror (proxies, certificates) holds inside as well.
    for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
        if [ -f "$file" ] && grep -qiE 'proxy|Check-|Verify' "$file"; then
            cp "$file" "$root/etc/apt/apt.conf.d/"
        fi
    done
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    if [ -f /etc/ssl/certs/ca-certificates.crt ]; then
        cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    fi
}

# Runs in a mount and pid namespace of its own; what it mounts and starts ends with it.
# The bare Debian becomes the root by pivot_root, for a chroot may not make user namespaces.
run_inside() {
    local shared=${WEIR_SHARED:-../shared} verb status began failed=0
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/run"
    mount -t tmpfs tmpfs "$root/tmp"
    if [ -d "$shared" ]; then
        mkdir -p "$root/srv/shared"
        mount --bind "$shared" "$root/srv/shared"
        mount -o remount,bind,ro "$root/srv/shared" 2>/dev/null || true
    fi
    mkdir -p "$root/mnt/host"
    cd "$root"
    pivot_root . mnt/host
    cd /srv/weir
    umount -l /mnt/host
    for verb in ${VERBS:-demo test}; do
        echo "fresh: make $verb in $suite"
        began=$SECONDS
        status=0
        env -i HOME=/tmp PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 CI=true \
            ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
            make --no-print-directory "$verb" </dev/null || status=$?
        echo "fresh: make $verb in $suite: status $status after $((SECONDS - began)) s"
        [ "$status" = 0 ] || failed=1
    done
    return "$failed"
}

if [ "${WEIR_FRESH_INSIDE:-}" = 1 ]; then
    run_inside
    exit
fi
tools/setup.sh fresh
bare_root
git clone -q --no-hardlinks . "$root/srv/weir"
status=0
# The network stays the host's: apt needs it.
WEIR_FRESH_INSIDE=1 unshare --mount --pid --fork --kill-child "$self" "$suite" || status=$?
[ "${KEEP:-}" = 1 ] || rm -rf --one-file-system "$root"
exit "$status"
