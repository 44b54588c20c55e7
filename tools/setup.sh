#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Sees to it that the tools of the named groups are there: tools/setup.sh build [test] [deb] [check] [fuzz] [fresh]
# What is missing is installed by apt, as root or with sudo; where neither is possible it prints
# the one command to type and exits 1. Nothing is done when all is there. No daemon is among the packages.
set -euo pipefail

missing=()

# need PACKAGE COMMAND...: the package, unless the command succeeds
need() {
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}

has() { command -v "$1"; }
header() { printf '#include <%s>\n' "$1" | gcc -E -x c - -o /dev/null; }
links() { printf 'int main(void){return 0;}' | "$@" -x c - -o /dev/null; }
fuzzer_links() {
    printf '#include <stddef.h>\nint LLVMFuzzerTestOneInput(const unsigned char*,size_t);int LLVMFuzzerTestOneInput(const unsigned char*d,size_t n){(void)d;(void)n;return 0;}' |
        clang -fsanitize=fuzzer -x c - -o /dev/null
}

group_build() {
    need meson has meson
    need ninja-build has ninja
    need gcc has gcc
    need libc6-dev header stdio.h
    need pkg-config has pkg-config
    need libuv1-dev pkg-config --exists libuv
    need libyaml-dev pkg-config --exists yaml-0.1
    need libssl-dev pkg-config --exists 'libcrypto >= 3.0'
    need nettle-dev pkg-config --exists nettle hogweed
    need libgmp-dev header gmp.h
    need libjansson-dev pkg-config --exists jansson
    need libgnutls28-dev pkg-config --exists gnutls
    need libnghttp2-dev pkg-config --exists libnghttp2
    need libngtcp2-dev pkg-config --exists libngtcp2
    need libngtcp2-crypto-gnutls-dev pkg-config --exists libngtcp2_crypto_gnutls
    need libidn2-dev pkg-config --exists libidn2
    need libpsl-dev pkg-config --exists libpsl
    need zlib1g-dev pkg-config --exists zlib
    need libsqlite3-dev pkg-config --exists sqlite3
    need libcurl4-gnutls-dev pkg-config --exists libcurl
    need libqrencode-dev pkg-config --exists libqrencode
    need libcmocka-dev pkg-config --exists cmocka
    need python3 test -x /usr/bin/python3
}

group_test() {
    need python3-dnspython /usr/bin/python3 -c 'import dns.message'
    need python3-cryptography /usr/bin/python3 -c 'import cryptography' # signed zones that tests make
    need iproute2 has ip
    need nftables test -x /usr/sbin/nft
    need util-linux has unshare
    need procps has ps
    need binutils has nm
    need git has git
    need groff-base has groff # the manual pages, and completion in the shells that people use
    need zsh has zsh
    need fish has fish
    group_deb
}

# What `make deb` needs beyond the compiler.
group_deb() {
    need dpkg-dev has dpkg-shlibdeps
    need binutils has strip
    need xz-utils has xz
}

group_check() {
    need clang-format has clang-format
    need clang-tidy has clang-tidy
    need clang has clang
    need cppcheck has cppcheck
    need shellcheck has shellcheck
}

group_fuzz() {
    need clang has clang
    need libclang-rt-dev fuzzer_links
    need llvm has llvm-cov
}

group_fresh() {
    need debootstrap test -x /usr/sbin/debootstrap
    need git has git
}

for group in "$@"; do
    "group_$group"
done
[ ${#missing[@]} -gt 0 ] || exit 0

# Sorted and without repetition: gcc missing makes the header checks fail as well.
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
install=(apt-get install -y --no-install-recommends "${missing[@]}")
if ! command -v apt-get >/dev/null; then
    echo "weir: missing: ${missing[*]} (Debian's names; this system has no apt)" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=(env)
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n env)
else
    echo "weir: tools are missing. Type:" >&2
    echo "  sudo ${install[*]}" >&2
    exit 1
fi
echo "weir: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run() { "${as_root[@]}" DEBIAN_FRONTEND=noninteractive "$@" >>"$log" 2>&1 </dev/null; }
if ! run "${install[@]}" && ! { run apt-get update && run "${install[@]}"; }; then
    tail -n 20 "$log" >&2
    echo "weir: apt could not install them; what it said is above" >&2
    exit 1
fi
