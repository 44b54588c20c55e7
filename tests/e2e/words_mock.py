#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What weir says of itself: explain, help, the manual pages, completion in real shells. No daemon, no lab."""

import json
import os
import subprocess
import tempfile

import mock
from mock import equal, need, weir

SCRIPTS = os.path.join(mock.TOP, "packaging", "completion")


@mock.test("explain: every key, as text and as JSON, and its example is a good configuration")
def explain():
    keys = json.loads(weir("explain", "--json").stdout)
    need(len(keys) > 60, len(keys))
    for key in keys:
        text = weir("explain", key["key"])
        equal((text.returncode, text.stderr), (0, ""), key["key"])
        need(text.stdout.startswith(key["key"] + "\n\n") and key["example"] in text.stdout, text.stdout)
        need("since" in text.stdout and "`" not in text.stdout.split("\n\n")[2], text.stdout)
    size = json.loads(weir("explain", "cache.size", "--json").stdout)
    equal((size["unit"], size["min"], size["takes_effect"], size["since"]), ("octets", 262144, "restart", "0.1"))
    equal(size["default"], {"gateway": "16MiB", "router": "2MiB", "edge": "256MiB"})
    equal(json.loads(weir("explain", "firewall.enabled", "--json").stdout)["example"], "firewall:\n  enabled: true\n")
    for name in ("cache.size", "cache.keep.path", "upstream.groups[].strategy", "listen"):
        example = weir("explain", name, "--json").stdout
        done = weir("check", "-", input=json.loads(example)["example"])
        equal((done.returncode, done.stderr), (0, ""), name)


@mock.test("explain: the ways to write a key, no key, and what is none")
def explain_words():
    for word in ("upstream.groups[].name", "upstream.groups[7].name", "upstream.groups.name"):
        need(weir("explain", word).stdout.startswith("upstream.groups[].name\n"), word)
    top = weir("explain").stdout
    need("\n  cache " in top and "\n  listen " in top and "cache.size" not in top, top)
    need("\n  cache.size " in weir("explain", "cache").stdout)
    for word, near in (("sevrers", "upstream.groups[].servers, recursion.servers or time.servers?"), ("cache.sise", "cache.size?"),
                       ("cookies", "upstream.cookies or limits.cookies?")):
        done = weir("explain", word)
        equal((done.returncode, done.stdout), (2, ""), word)
        need(near in done.stderr, done.stderr)
    for word in ("", "[", "x" * 100_000, "\x1b[2J", "[" * 5000, "a.b.c.d" * 900):
        done = weir("explain", word)
        equal((done.returncode, done.stdout), (2, ""), word[:9])
        need("\x1b" not in done.stderr and len(done.stderr) < 1000, done.stderr)
    equal(weir("explain", "a", "b").returncode, 2)


@mock.test("help: of a verb is what the verb says itself")
def help_verb():
    equal(weir("help").stdout, weir("--help").stdout)
    for verb in [line.split()[0] for line in weir("help").stdout.splitlines() if line.startswith("  ")]:
        equal(weir("help", verb).stdout, weir(verb, "--help").stdout)
    for words, there, other in ((("mud", "learn"), ("learn DEVICE", "--to FILE"), "--shadow"), (("firewall", "leases"), ("leases [DEVICE]",), "bypass [DEVICE]"),
                                (("device", "quarantine"), ("quarantine DEVICE", "--for TIME"), "release DEVICE")):
        text = weir("help", *words).stdout
        need(text.startswith(f"usage: weir {words[0]} [OPTION ...] {there[0]}\n") and all(word in text for word in there) and other not in text, text)
        equal(weir(*words, "--help").stdout, text)
    told = {word: " ".join(weir("help", "mud", word).stdout.split()) for word in ("import", "enforce", "show")}
    for word, says, other in (("enforce", "by an answer that it has cached it is rejected until it asks again", "diff DEVICE shows"),
                              ("import", "of one that has a profile in force, or in the shadow, the new one is so at once", "not_enforceable"),
                              ("import", "the URL of devices[].mud, of mud.offers or", "asks again"),
                              ("show", "so the other device needs one too, in force or not", "asks again")):
        need(says in told[word] and other not in told[word], told[word])
    full = " ".join(weir("help", "firewall", "show").stdout.split())
    need("weir device quarantine NAME ends these; a larger net.netfilter.nf_conntrack_max" in full and "reaches" not in full, full)
    need("segments[].reaches" in weir("help", "firewall", "bypass").stdout)
    done = weir("mud", "import", "camera-3", "https://vendor.example/camera-3")
    need(done.returncode == 2 and "goes into devices[].mud or mud.offers; then `weir mud import camera-3`" in done.stderr, done.stderr)
    for words, why in ((("mud", "lern"), "did you mean learn?"), (("status", "now"), "weir status: nothing may follow"), (("mud", "learn", "x"), "one verb at a time")):
        done = weir("help", *words)
        need(done.returncode == 2 and why in done.stderr, done.stderr)
    done = weir("help", "chekc")
    equal(done.returncode, 2)
    need("did you mean check?" in done.stderr, done.stderr)
    equal(weir("help", "check", "log").returncode, 2)


@mock.test("the manual pages are roff without a warning, and show what they should")
def pages():
    for words, shows in ((("help", "--man"), ("--config FILE", "+[no]dnssec", "weir explain", "weir.yaml(5)")),
                         (("check", "--man"), ("upstream.groups[].servers", "weir(8)", "takes effect: at a reload"))):
        page = weir(*words).stdout
        done = subprocess.run(["groff", "-man", "-ww", "-Tascii", "-P-cbou"], input=page, capture_output=True,
                              text=True, timeout=60, check=False)
        equal((done.returncode, done.stderr), (0, ""), words)
        flat = " ".join(done.stdout.split())
        for word in shows:
            need(word in flat, word)


def in_shell(argv, text):
    """Runs a shell's text with weir in PATH; the words it offers, sorted."""
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(os.path.abspath(mock.WEIR), os.path.join(folder, "weir"))
        open(os.path.join(folder, "gate.yaml"), "w").close()
        env = dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}", HOME=folder)
        done = subprocess.run([*argv, text], capture_output=True, text=True, timeout=60, check=False, env=env,
                              cwd=folder, stdin=subprocess.DEVNULL)
    equal(done.stderr, "")
    return sorted(set(done.stdout.split("\n")) - {""})


def offered_by_bash(words):
    quoted = " ".join(f"'{word}'" for word in words)
    return in_shell(["bash", "--norc", "-c"], f"""
        compopt() {{ echo "compopt $*"; }}
        source {SCRIPTS}/weir.bash
        COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}
        _weir
        printf '%s\\n' "${{COMPREPLY[@]}}" """)


def offered_by_zsh(words):
    quoted = " ".join(f"'{word}'" for word in words)
    return in_shell(["zsh", "-f", "-c"], f"""
        compdef() {{ : }}
        _files() {{ print "compopt -o default" }}
        _describe() {{ print -l -- "${{(@)found%%:*}}" }}
        source {SCRIPTS}/_weir
        words=({quoted}); CURRENT={len(words)}
        _weir""")


def offered_by_fish(words):
    found = in_shell(["fish", "--no-config", "-c"], f"""
        source {SCRIPTS}/weir.fish
        complete -C '{" ".join(words)}'""")
    return sorted(line.split("\t")[0] for line in found)


@mock.test("completion in bash, zsh and fish: verbs, options, keys, files")
def completion():
    rows = ((("weir", "st"), ["stats", "status"]), (("weir", "check", "--pr"), ["--print"]),
            (("weir", "cache", ""), ["flush", "show"]), (("weir", "explain", "cache.siz"), ["cache.size"]),
            (("weir", "cache", "-n", "3", "f"), ["flush"]), (("weir", "help", "rel"), ["reload"]),
            (("weir", "ask", "+nott"), ["+nottl"]), (("weir", "nothing", ""), []))
    for words, want in rows:
        for shell in (offered_by_bash, offered_by_zsh, offered_by_fish):
            equal(shell(words), want, f"{shell.__name__} {words}")
    equal(offered_by_bash(("weir", "check", "")), ["compopt -o default", "name"])
    equal(offered_by_zsh(("weir", "check", "")), ["compopt -o default", "name"])
    equal(offered_by_fish(("weir", "check", "ga")), ["gate.yaml"])
    equal(offered_by_bash(("weir", "ask", "+ti")), ["+timeout=", "compopt -o nospace"])


mock.main()
