#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make deb: build/weir_VERSION_ARCHITECTURE.deb for the Debian it is built on.
# `meson install` into a folder, what Debian wants around it, dependencies by dpkg-shlibdeps, dpkg-deb. The
# same sources give the same octets: times are those of the last commit (or SOURCE_DATE_EPOCH).
# DEBFULLNAME and DEBEMAIL say whose package it is.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh build deb
tools/build.sh deb

version=$(sed -n "s/^  version: '\(.*\)',$/\1/p" meson.build)
architecture=$(dpkg --print-architecture)
maintainer="${DEBFULLNAME:-The weir authors} <${DEBEMAIL:-weir@weir.invalid}>"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y NEWS.md)}
export SOURCE_DATE_EPOCH
umask 022

root=$PWD/build/deb/root
doc=$root/usr/share/doc/weir
rm -rf "$root"
mkdir -p "$root/DEBIAN"
DESTDIR=$root meson install -C build/deb --no-rebuild --quiet

changelog() { # the newest section of NEWS.md
    echo "weir ($version) unstable; urgency=medium"
    echo
    awk '/^## / { n++; next } n != 1 { next }
        /^- / { if (item) print item; item = substr($0, 3); next }
        /^  / && item { item = item " " substr($0, 3); next }
        { if (item) print item; item = "" }
        END { if (item) print item }' NEWS.md |
        while read -r item; do
            fold -s -w 74 <<<"$item" | sed '1s/^/  * /; 2,$s/^/    /; s/ *$//'
        done
    echo
    echo " -- $maintainer  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
}

strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/bin/weir"
install -D -m 644 share/weir.yaml "$root/etc/weir/weir.yaml"
mkdir -p "$root/usr/share/zsh/vendor-completions" # where Debian's zsh looks
mv "$root/usr/share/zsh/site-functions/_weir" "$root/usr/share/zsh/vendor-completions/_weir"
rmdir "$root/usr/share/zsh/site-functions"
install -m 644 packaging/debian/copyright "$doc/copyright"
changelog | gzip -9n >"$doc/changelog.gz"
gzip -9n "$root"/usr/share/man/man*/weir*

# dpkg-shlibdeps wants to stand in a source package.
mkdir -p build/deb/shlibs/debian
printf 'Source: weir\n\nPackage: weir\nArchitecture: any\n' >build/deb/shlibs/debian/control
depends=$(cd build/deb/shlibs && dpkg-shlibdeps -O "$root/usr/bin/weir" | sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || {
    echo "deb.sh: dpkg-shlibdeps found no dependencies" >&2
    exit 1
}
size=$(du -k -s --apparent-size --exclude=DEBIAN "$root" | cut -f 1)
sed -e "s|@VERSION@|$version|; s|@ARCHITECTURE@|$architecture|; s|@MAINTAINER@|$maintainer|" \
    -e "s|@SIZE@|$size|; s|@DEPENDS@|$depends|" packaging/debian/control.in >"$root/DEBIAN/control"
echo /etc/weir/weir.yaml >"$root/DEBIAN/conffiles"
install -m 755 packaging/debian/postinst packaging/debian/prerm packaging/debian/postrm "$root/DEBIAN"
(cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

package=build/weir_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz -b "$root" "$package" >/dev/null
echo "built $package; install it with: apt install ./$package"
