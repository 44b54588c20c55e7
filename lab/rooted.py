# SPDX-License-Identifier: Apache-2.0
"""Programs with fixed places for their files, run with the unpacked packages as their root.

    argv = command("/usr/sbin/kresd", "-n", "-c", conf, home)      # an argument vector for Node.run and Node.start
    argv = command("/usr/lib/systemd/systemd-resolved", files={"/etc/systemd/resolved.conf": path})

Kresd finds its Lua files, systemd's programs their shared library and Chromium itself only at the places where
Debian installs them. They get a mount namespace of their own: a root on a tmpfs with the unpacked /usr, read-only,
a copy of the unpacked /etc, an empty /var and /tmp, and the caller's /run, /dev and /proc, so that paths below /run are
the same inside and outside. `files` are laid over that. Nothing is written to the unpacked packages, and the mounts end with
the program. It needs root, as it has it in a user namespace of its own.
"""

import os

from spaces import PEERS, LabError

_BUILD = r"""
set -e
peers=$1 program=$2 files=$3; shift 3
root=/run/lab/rooted.$$
mkdir -p "$root"; mount -t tmpfs rooted "$root"; cd "$root"
mkdir usr dev proc run var tmp root etc var/lib var/tmp
chmod 1777 tmp var/tmp
for place in bin sbin lib lib64; do ln -s "usr/$place" "$place"; done
mount --bind "$peers/usr" usr
cp -R "$peers/etc/." etc/
printf 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\nsystemd-resolve:x:0:0::/:/bin/false\n' >etc/passwd
printf 'root:x:0:\nnogroup:x:65534:\nsystemd-resolve:x:0:\n' >etc/group
printf '127.0.0.1 localhost\n' >etc/hosts
printf 'hosts: files dns\n' >etc/nsswitch.conf
printf '0123456789abcdef0123456789abcdef\n' >etc/machine-id
[ ! -e /run/lab/resolv.conf ] || cp /run/lab/resolv.conf etc/resolv.conf
printf '%s\n' "$files" | while IFS='	' read -r place source; do
    [ -n "$place" ] || continue
    mkdir -p ".${place%/*}"; cp -R "$source" ".$place"
done
mount --rbind /dev dev; mount --rbind /proc proc; mount --rbind /run run
exec chroot "$root" "$program" "$@"
"""


def command(program, *arguments, files=None, peers=PEERS):
    """How to run this program of the unpacked packages; files: place inside -> file or folder outside."""
    root = os.path.join(peers, "root")
    if not os.path.exists(root + program):
        raise LabError(f"{program} is missing: run tools/peers.sh")
    laid = "\n".join(f"{place}\t{source}" for place, source in (files or {}).items())
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", _BUILD, "rooted", root, program, laid,
            *map(str, arguments)]
