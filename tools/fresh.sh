#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make fresh SUITE=bookworm|trixie: a bare Debian under build/fresh-SUITE (tools/bare.sh), this checkout cloned
# into it, and in it `make demo` and `make test` as a new user would type them: the only proof that nothing
# was there by luck. Then the package, in a bare Debian of its own (tools/deb-test.sh). Needs root.
# VERBS="test" chooses other verbs, and leaves the package out; KEEP=1 leaves the tree.
set -euo pipefail
cd "$(dirname "$0")/.."

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

tools/setup.sh fresh
tools/bare.sh make "$root" "$suite"
git clone -q --no-hardlinks . "$root/srv/weir"
failed=0
for verb in ${VERBS:-demo test}; do
    echo "fresh: make $verb in $suite"
    began=$SECONDS
    status=0
    tools/bare.sh run "$root" /srv/weir make --no-print-directory "$verb" || status=$?
    echo "fresh: make $verb in $suite: status $status after $((SECONDS - began)) s"
    [ "$status" = 0 ] || failed=1
done
[ "${KEEP:-}" = 1 ] || rm -rf --one-file-system "$root"
[ -n "${VERBS:-}" ] || tools/deb-test.sh "$suite" || failed=1
exit "$failed"
