#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The OpenWrt package, as far as it can be looked at without OpenWrt: its Makefile is read by make with a stand-in for
OpenWrt's own files, which runs its recipes; what it prepares is a whole source that meson takes with its
options; the init script says what it should to a stand-in for procd."""
import os
import re
import stat
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.join(ROOT, "packaging", "openwrt")

# Only what the Makefile uses, under the names that OpenWrt has for it.
RULES = """
INCLUDE_DIR:=$(TOPDIR)/include
CP:=cp -fpR
INSTALL_DIR:=install -d -m0755
INSTALL_BIN:=install -m0755
INSTALL_DATA:=install -m0644
"""
PACKAGE = """
PKG_BUILD_DIR:=$(OUT)/source
PKG_INSTALL_DIR:=$(OUT)/built
define BuildPackage
prepare:
\t$$(Build/Prepare)
install:
\t$$(call Package/$(1)/install,$(OUT)/root)
print:
\t@echo name=$$(PKG_NAME) version=$$(PKG_VERSION)
\t@echo args=$$(MESON_ARGS)
\t$$(info $$(Package/$(1)))
\t$$(info conffiles=$$(strip $$(Package/$(1)/conffiles)))
endef
"""
PROCD = """
procd_open_instance() { echo open; }
procd_set_param() { echo "set $*"; }
procd_close_instance() { echo close; }
procd_send_signal() { echo "signal $*"; }
mkdir() { echo "mkdir $*"; }
chown() { echo "chown $*"; }
. "$1"
PROG=$2
"$3"
"""


class OpenwrtTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        os.makedirs(self.path("include"))
        for name, text in (("rules.mk", RULES), ("include/package.mk", PACKAGE), ("include/meson.mk", "")):
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write(text)

    def path(self, *parts):
        return os.path.join(self.folder.name, *parts)

    def run_in(self, *argv):
        return subprocess.run(argv, cwd=HERE, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)

    def make(self, target):
        done = self.run_in("make", "--no-print-directory", "--warn-undefined-variables", target,
                           f"TOPDIR={self.folder.name}", f"OUT={self.folder.name}")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def test_it_says_what_it_is(self):
        with open(os.path.join(ROOT, "meson.build"), encoding="utf-8") as file:
            text = file.read()
        version = re.search(r"^  version: '(.*)',$", text, re.M).group(1)
        said = self.make("print")
        self.assertIn(f"name=weir version={version}\n", said)
        self.assertIn("USERID:=weir=453:weir=453", said)
        self.assertIn("conffiles=/etc/weir/weir.yaml", said)
        # Each library that weir is linked with is one of OpenWrt's packages here.
        libraries = {"libuv": "libuv", "yaml-0.1": "libyaml", "jansson": "jansson", "gnutls": "libgnutls",
                     "libnghttp2": "libnghttp2", "libqrencode": "libqrencode",
                     "libidn2": "libidn2", "libpsl": "libpsl", "zlib": "zlib"}
        self.assertIn("-Dquic=false", said)  # OpenWrt has no ngtcp2 that uses GnuTLS
        self.assertIn("-Dhistory=false", said)  # and a small router no room for SQLite
        depends = re.search(r"DEPENDS:=(.*)", said).group(1).split()
        for name in re.findall(r"_dep = dependency\('([\w.-]+)'", text):
            if name not in ("threads", "cmocka", "sqlite3") and "ngtcp2" not in name:
                self.assertIn("+" + libraries[name], depends)

    def test_what_it_prepares_is_a_whole_source(self):
        args = re.search(r"^args=(.*)$", self.make("print"), re.M).group(1).split()
        self.assertIn("-Dtests=false", args)
        self.make("prepare")
        done = self.run_in("meson", "setup", self.path("build"), self.path("source"), "--buildtype=plain", *args)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_what_it_installs(self):
        os.makedirs(self.path("built/usr/bin"))
        with open(self.path("built/usr/bin/weir"), "w", encoding="utf-8"):
            pass
        self.make("install")
        seen = {}
        for folder, _, names in os.walk(self.path("root")):
            for name in names:
                path = os.path.join(folder, name)
                seen[os.path.relpath(path, self.path("root"))] = stat.S_IMODE(os.stat(path).st_mode)
        self.assertEqual(seen, {"usr/bin/weir": 0o755, "etc/init.d/weir": 0o755, "etc/weir/weir.yaml": 0o644})

    def init(self, program, function):
        return self.run_in("sh", "-euc", PROCD, "procd", os.path.join(HERE, "files", "weir.init"), program, function)

    def test_the_init_script_starts_and_reloads(self):
        done = self.init("/usr/bin/weir", "start_service")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.splitlines()[0:3],
                         ["mkdir -p /var/run/weir", "chown weir:weir /var/run/weir", "open"])
        self.assertIn("set command /usr/bin/weir serve -c /etc/weir/weir.yaml\n", done.stdout)
        self.assertTrue(done.stdout.endswith("close\n"))
        self.assertEqual(self.init("true", "reload_service").stdout, "signal weir * HUP\n")
        self.assertEqual(self.init("false", "reload_service").stdout, "")


if __name__ == "__main__":
    unittest.main()
