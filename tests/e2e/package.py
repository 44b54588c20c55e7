#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian package is built, and holds what it should. That it installs and goes again: tools/deb-test.sh. No lab needed."""

import glob
import gzip
import os
import re
import subprocess
import tempfile

import mock
from mock import equal, need

CONTENTS = """
drwxr-xr-x ./etc/weir/
-rw-r--r-- ./etc/weir/weir.yaml
-rwxr-xr-x ./usr/bin/weir
-rw-r--r-- ./usr/lib/systemd/system/weir.service
-rw-r--r-- ./usr/share/bash-completion/completions/weir
-rw-r--r-- ./usr/share/doc/weir/changelog.gz
-rw-r--r-- ./usr/share/doc/weir/config.md
-rw-r--r-- ./usr/share/doc/weir/copyright
-rw-r--r-- ./usr/share/doc/weir/doctor.md
-rw-r--r-- ./usr/share/doc/weir/examples/edge.yaml
-rw-r--r-- ./usr/share/doc/weir/examples/factory.yaml
-rw-r--r-- ./usr/share/doc/weir/examples/firewall.conf
-rw-r--r-- ./usr/share/doc/weir/examples/home.yaml
-rw-r--r-- ./usr/share/fish/vendor_completions.d/weir.fish
-rw-r--r-- ./usr/share/man/man5/weir.yaml.5.gz
-rw-r--r-- ./usr/share/man/man8/weir.8.gz
-rwxr-xr-x ./usr/share/weir/mud-offers
-rw-r--r-- ./usr/share/weir/weir.schema.json
-rw-r--r-- ./usr/share/zsh/vendor-completions/_weir
"""
BUILD_S = 380


def run(*argv, **more):
    done = subprocess.run(argv, cwd=mock.TOP, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
                          timeout=BUILD_S, **more)
    equal(done.returncode, 0, f"{argv}: {done.stdout}{done.stderr}")
    return done.stdout


def build():
    said = run("tools/deb.sh")
    return os.path.join(mock.TOP, re.search(r"built (build/weir_\S+\.deb)", said).group(1))


PACKAGE = os.path.join(mock.TOP, "build", "none.deb")
ROOT = tempfile.TemporaryDirectory()


def path(*parts):
    return os.path.join(ROOT.name, *parts)


def text(*parts):
    with open(path(*parts), encoding="utf-8") as file:
        return file.read()


@mock.test("it is built, twice from the same sources with the same octets")
def built():
    global PACKAGE
    PACKAGE = build()
    with open(PACKAGE, "rb") as file:
        first = file.read()
    build()
    with open(PACKAGE, "rb") as file:
        need(file.read() == first, "the second package differs")
    run("dpkg-deb", "-R", PACKAGE, ROOT.name)


@mock.test("what it holds: files, modes, owner, nothing more")
def contents():
    lines = [line.split(None, 5) for line in run("dpkg-deb", "-c", PACKAGE).splitlines()]
    equal({owner for _, owner, *_ in lines}, {"root/root"})
    rows = sorted(f"{mode} {name}" for mode, _, _, _, _, name in lines
                  if mode[0] != "d" or name == "./etc/weir/")
    equal(rows, sorted(CONTENTS.split("\n")[1:-1]))
    equal({mode for mode, *_ in lines if mode[0] == "d"}, {"drwxr-xr-x"})


@mock.test("what it says of itself: version, dependencies, the configuration is the owner's")
def control():
    with open(os.path.join(mock.TOP, "meson.build"), encoding="utf-8") as file:
        version = re.search(r"version: '(.*)',", file.read()).group(1)
    equal(run("dpkg-deb", "-f", PACKAGE, "Version").strip(), version)
    equal(run(path("usr/bin/weir"), "--version"), f"weir {version}\n")
    depends = run("dpkg-deb", "-f", PACKAGE, "Depends")
    for library in ("libc6", "libjansson4", "libuv1", "libyaml-0-2", "passwd"):
        need(re.search(rf"(^|, ){library}", depends), depends)
    equal(text("DEBIAN/conffiles"), "/etc/weir/weir.yaml\n")
    for script in ("postinst", "prerm", "postrm"):
        equal(os.stat(path("DEBIAN", script)).st_mode & 0o777, 0o755)
        run("sh", "-n", path("DEBIAN", script))
        for word in ("systemctl enable", "systemctl start", "invoke start", "invoke restart"):
            need(word not in text("DEBIAN", script), f"{script} says {word}")
    with gzip.open(path("usr/share/doc/weir/changelog.gz"), "rt") as file:
        need(file.read().startswith(f"weir ({version}) unstable; urgency=medium\n\n  * "), "changelog")


@mock.test("the unit is that of a package: the program in /usr/bin, a user that is there, every other wall as in the checkout")
def unit():
    with open(os.path.join(mock.TOP, "packaging/systemd/weir.service"), encoding="utf-8") as file:
        want = file.read().replace("DynamicUser=yes\n", "")
    equal(text("usr/lib/systemd/system/weir.service"), want)
    # Without capset no process of weir's can give its privileges up, and none goes on with them.
    need(re.search(r"^SystemCallFilter=~@privileged.*\n(.*\n)*SystemCallFilter=.*\bcapset\b", want, re.M), want)
    drop = text("usr/share/doc/weir/examples/firewall.conf")
    need("\nAmbientCapabilities=CAP_NET_ADMIN" in drop and "\nCapabilityBoundingSet=CAP_NET_ADMIN" in drop, drop)
    need("nftables" in run("dpkg-deb", "-f", PACKAGE, "Recommends"), "nft is not recommended")
    need("\nExecStart=/usr/bin/weir serve\n" in want and "\nUser=weir\n" in want, want)


@mock.test("the configuration and the samples are good, without a warning")
def samples():
    files = [path("etc/weir/weir.yaml"), *glob.glob(path("usr/share/doc/weir/examples/*.yaml"))]
    equal(len(files), 4)
    for name in files:
        done = subprocess.run([path("usr/bin/weir"), "check", name], capture_output=True, text=True, timeout=30,
                              check=False)
        equal((done.returncode, done.stdout, done.stderr), (0, f"{name}: good\n", ""))


@mock.test("the pages are those that the program prints")
def pages():
    for page, words in (("man5/weir.yaml.5.gz", ("check", "--man")), ("man8/weir.8.gz", ("help", "--man"))):
        with gzip.open(path("usr/share/man", page), "rt") as file:
            equal(file.read(), run(path("usr/bin/weir"), *words))
    equal(text("usr/share/weir/weir.schema.json"), run(path("usr/bin/weir"), "check", "--schema"))


@mock.test("nothing in it names the folder that it was built in")
def clean():
    here = mock.TOP.encode()
    for folder, _, names in os.walk(ROOT.name):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                need(here not in file.read(), name)


mock.main()
