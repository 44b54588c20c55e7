#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A bare Debian in a folder, and commands inside it. Needs root.
#
#   tools/bare.sh make ROOT bookworm|trixie     debootstrap, with this machine's mirror and apt settings
#   tools/bare.sh run ROOT FOLDER COMMAND...    in FOLDER of it; what is mounted and started ends with the command
#
# The bare Debian becomes the root by pivot_root, for a chroot may not make user namespaces. The network
# stays that of the caller: apt needs it. WEIR_SHARED, where there is one, is /srv/shared inside, not writable.
set -euo pipefail
cd "$(dirname "$0")/.."
self=$PWD/tools/bare.sh

host_mirror() { # the first Debian mirror that apt knows here
    {
        sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/*.sources
        sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\).*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list
    } 2>/dev/null | grep -m 1 -E '/debian/?$' || true
}

make_root() {
    local root=$1 suite=$2 mirror file
    mirror=$(host_mirror)
    [ -n "$mirror" ] || {
        echo "bare.sh: found no Debian mirror in apt's sources" >&2
        exit 1
    }
    rm -rf --one-file-system "$root"
    mkdir -p "$root"
    echo "bare: debootstrap $suite"
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

# In a mount and pid namespace of its own.
run_inside() {
    local root=$1 folder=$2 shared=${WEIR_SHARED:-../shared}
    shift 2
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
    cd "$folder"
    umount -l /mnt/host
    env -i HOME=/tmp PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        CI=true DEBIAN_FRONTEND=noninteractive \
        ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
        "$@" </dev/null
}

usage() {
    echo "usage: bare.sh make ROOT bookworm|trixie | bare.sh run ROOT FOLDER COMMAND..." >&2
    exit 2
}

verb=${1:-}
[ $# -ge 3 ] || usage
shift
if [ "$(id -u)" != 0 ]; then
    echo "bare.sh: needs root, to change the root" >&2
    exit 1
fi
case $verb:${WEIR_BARE_INSIDE:-} in
    make:)
        case $2 in
            bookworm | trixie) make_root "$1" "$2" ;;
            *) usage ;;
        esac
        ;;
    run:) WEIR_BARE_INSIDE=1 exec unshare --mount --pid --fork --kill-child "$self" run "$@" ;;
    run:1) run_inside "$@" ;;
    *) usage ;;
esac
