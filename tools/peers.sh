#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# peers.sh: fetch the lab's servers and clients into build/peers/, installing nothing.
#
#   tools/peers.sh [PACKAGE ...]      the lab's own set, and any further packages named, which stay
#
# The packages are fetched by apt with state, cache and lists of its own under build/peers/apt, so any
# user can run this, and unpacked with dpkg -x together with everything they depend on, libc included.
# Each program is then started by a wrapper in build/peers/bin through the unpacked dynamic loader:
# it never meets the host's libraries, so a newer Debian's servers run on an older one. Nothing is
# installed, enabled or started, and no file outside build/peers/ is written.
#
# The release that is preferred is WEIR_PEERS_SUITE (default trixie), from the mirror the host itself
# uses; if that mirror does not carry it, the host's own release serves and the script says so.
#
# Ends with 0 when all the programs are there, 1 otherwise.

set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
peers=${WEIR_PEERS:-$here/build/peers}
prefer=${WEIR_PEERS_SUITE:-trixie}
lab_set="dnstap-ldns fstrm-bin knot knot-dnsutils knot-dnssecutils nsd unbound nftables iproute2 dnsmasq-base avahi-daemon avahi-utils dbus-daemon chrony bind9 kea-dhcp4-server"
# Programs without which the lab cannot be built.
needed="knotd keymgr kzonesign kdig nsd unbound unbound-checkconf nft ip tc avahi-daemon avahi-browse dbus-daemon"

say() { printf 'peers: %s\n' "$*"; }
fail() { printf 'peers: %s\n' "$*" >&2; exit 1; }

# The stamp names what was asked for and by which version of this script.
stamp_text() { printf '%s\n' "$prefer" "$wanted"; cksum < "$0"; }

show_versions() {
    sed 's/^/peers: /' "$peers/versions"
}

# One line "URI RELEASE" for each Debian archive of this host, the main one first.
host_archives() {
    # shellcheck disable=SC2016  # $(...) here is apt's own format, not the shell's
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' | awk '$3 == "main" { print $1, $2 }' | sort -u
}

# The archive's keys as the host trusts them; without the file apt falls back on its trusted.gpg.d.
find_keyring() {
    for keyring in /usr/share/keyrings/debian-archive-keyring.pgp \
                   /usr/share/keyrings/debian-archive-keyring.gpg; do
        if [ -r "$keyring" ]; then printf '%s\n' "$keyring"; return; fi
    done
}

# Write apt's private configuration: the host's transport settings (proxies and the like), not its hooks.
write_apt_conf() {
    mkdir -p "$peers/apt/lists/partial" "$peers/apt/archives/partial" "$peers/apt/parts" \
             "$peers/apt/sources.d"
    : > "$peers/apt/status"
    {
        apt-config dump | grep -E '^Acquire::(http|https|ftp|Check|ForceIPv|Retries|Queue|proxy)' || :
        cat <<CONF
Dir::Etc::Parts "$peers/apt/parts";
Dir::Etc::Main "/dev/null";
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "$peers/apt/sources.d";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "$peers/apt/parts";
Dir::State "$peers/apt";
Dir::State::status "$peers/apt/status";
Dir::State::lists "$peers/apt/lists";
Dir::Cache "$peers/apt";
Dir::Cache::archives "$peers/apt/archives";
Acquire::Languages "none";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
CONF
    } > "$peers/apt/apt.conf"
}

# use_suite URI SUITE: point apt at one release and fetch its lists.
use_suite() {
    rm -f "$peers"/apt/sources.d/*
    keyring=$(find_keyring)
    if [ -n "$keyring" ]; then options="[signed-by=$keyring]"; else options=""; fi
    printf 'deb %s %s %s main\n' "$options" "$1" "$2" > "$peers/apt/sources.d/peers.list"
    APT_CONFIG="$peers/apt/apt.conf" apt-get -q -o APT::Update::Error-Mode=any update \
        > "$peers/apt/update.log" 2>&1
}

# Try the preferred release on every archive of the host, then the host's own. Sets $suite.
choose_suite() {
    host_archives > "$peers/apt/archives.txt"
    [ -s "$peers/apt/archives.txt" ] || fail "apt knows no archive: see /etc/apt/sources.list"
    while read -r uri release; do
        case $release in *-*) continue ;; esac
        if use_suite "$uri" "$prefer"; then suite=$prefer; return; fi
    done < "$peers/apt/archives.txt"
    say "$prefer cannot be had from this host's mirror: taking the host's own release"
    while read -r uri release; do
        case $release in *-*) continue ;; esac
        # shellcheck disable=SC2086
        if use_suite "$uri" "$release" &&
           APT_CONFIG="$peers/apt/apt.conf" apt-get -s install $wanted > /dev/null 2>&1; then
            suite=$release
            return
        fi
    done < "$peers/apt/archives.txt"
    tail -n 5 "$peers/apt/update.log" >&2
    fail "no archive could be read; look at $peers/apt/update.log"
}

fetch() {
    # shellcheck disable=SC2086
    APT_CONFIG="$peers/apt/apt.conf" apt-get -q -y --download-only install $wanted \
        > "$peers/apt/fetch.log" 2>&1 || {
        tail -n 5 "$peers/apt/fetch.log" >&2
        fail "download failed; look at $peers/apt/fetch.log"
    }
}

unpack() {
    rm -rf "$peers/root.new" "$peers/bin.new"
    mkdir -p "$peers/root.new" "$peers/bin.new"
    # Before the merge of /bin and /usr/bin packages carry both trees: make them one.
    mkdir -p "$peers/root.new/usr"
    for dir in bin sbin lib lib64; do
        mkdir -p "$peers/root.new/usr/$dir"
        ln -s "usr/$dir" "$peers/root.new/$dir"
    done
    for deb in "$peers"/apt/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" |
            tar -x -C "$peers/root.new" --keep-directory-symlink --no-same-owner \
                --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='./usr/share/locale'
    done
    rm -rf "$peers/root"
    mv "$peers/root.new" "$peers/root"
}

# The unpacked loader and library path, relative to the root.
find_loader() {
    loader=$(cd "$peers/root" && find usr/lib usr/lib64 -name 'ld-linux*.so*' -type f | head -n 1)
    [ -n "$loader" ] || fail "no dynamic loader among the unpacked packages"
    triplet=$(basename "$(dirname "$loader")")
}

# A wrapper per program: start it with its own loader and libraries.
wrap() {
    find_loader
    for dir in usr/sbin usr/bin; do
        for program in "$peers/root/$dir"/*; do
            if [ ! -f "$program" ] || [ ! -x "$program" ]; then continue; fi
            [ "$(head -c 4 "$program" | tr -d '\177')" = ELF ] || continue
            name=$(basename "$program")
            cat > "$peers/bin.new/$name" <<WRAPPER
#!/bin/sh
root='$peers/root'
exec "\$root/$loader" --library-path "\$root/usr/lib/$triplet:\$root/usr/lib" \\
    --argv0 "$name" "\$root/$dir/$name" "\$@"
WRAPPER
            chmod 755 "$peers/bin.new/$name"
        done
    done
    rm -rf "${peers:?}/bin"
    mv "$peers/bin.new" "$peers/bin"
}

# What was met, for reports: package versions as apt resolved them.
write_versions() {
    {
        printf 'release %s\n' "$suite"
        for package in $wanted; do
            for deb in "$peers/apt/archives/${package}_"*.deb; do
                [ -f "$deb" ] && printf '%s %s\n' "$package" "$(dpkg-deb -f "$deb" Version)"
            done
        done
    } > "$peers/versions"
}

check_programs() {
    for name in $needed; do
        [ -x "$peers/bin/$name" ] || fail "$name is missing after unpacking"
    done
    "$peers/bin/knotd" --version > /dev/null || fail "the unpacked knotd does not start"
    "$peers/bin/unbound" -V > /dev/null || fail "the unpacked unbound does not start"
}

main() {
    mkdir -p "$peers/apt"
    [ -f "$peers/extra" ] || : > "$peers/extra"
    wanted="$lab_set $(printf '%s\n' "$@" | sort -u - "$peers/extra" | xargs)"
    if [ -f "$peers/stamp" ] && [ "$(cat "$peers/stamp")" = "$(stamp_text)" ]; then
        show_versions
        return
    fi
    # Two callers at once would unpack over each other: the second waits and then finds it done.
    if [ "${WEIR_PEERS_LOCKED:-}" != 1 ] && command -v flock > /dev/null; then
        WEIR_PEERS_LOCKED=1 exec flock "$peers/apt/lock" "$0" "$@"
    fi
    rm -f "$peers/stamp" "$peers"/apt/archives/*.deb
    write_apt_conf
    choose_suite
    say "fetching from $suite: $wanted"
    fetch
    unpack
    wrap
    write_versions
    check_programs
    rm -f "$peers"/apt/archives/*.deb
    printf '%s\n' "$@" | sort -u -o "$peers/extra" - "$peers/extra"
    stamp_text > "$peers/stamp"
    show_versions
}

main "$@"
