#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Style and structure as a test: ranks, purity, caps, header stories, a test per module.

    tools/tidy.py [--root DIR] [--build DIR] [--tap] [--figures] [RULE ...]

Each finding is one line, `file:line: what; how to mend`. Exit 0 when there is none, 1 when there is, 2 on
wrong usage. --build names a build directory whose libraries are looked at with nm (rule `symbols`);
without it that rule is skipped and says so. --tap prints one line per rule, for tools/test.py.
--figures prints the lengths of functions and files and finds nothing.

The only exceptions are in tools/tidy-exceptions.txt, each with a reason:
    test  src/<folder>/<noun>.c  tests/e2e/<file>  why a unit test cannot do it     (ranks >= 5 only)
"""
import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys

RANKS = [
    ["base"],
    ["dns", "crypto"],
    ["dnssec", "policy", "detect", "mdns", "transport"],
    ["resolve"],
    ["engine", "doctor", "client"],
    ["net", "conf"],
    ["serve"],
    ["cli"],
]
LINE_RANK = 5
RANK = {folder: rank for rank, row in enumerate(RANKS) for folder in row}

FUNCTION_MAX = 70
FILE_MAX = 800
FILE_AIM = 600
STORY_MIN_LINES = 3
STORY_MIN_WORDS = 20          # or as much in fewer, longer lines

FREE_HEADERS = {"stdint.h", "stddef.h", "stdbool.h", "stdatomic.h", "limits.h", "string.h",
                "stdarg.h", "stdalign.h"}
FREE_FOLDERS = ("base", "dns")
# Libraries that stand below the line inside these two folders, and their C-only needs.
LIBRARY_HEADERS = {
    "crypto": ("openssl/", "nettle/"),
    "transport": ("gnutls/", "nghttp2/", "ngtcp2/", "errno.h"),   # numbers that GnuTLS wants to be given
}
FREE_SYMBOLS = {"memcpy", "memmove", "memset", "memcmp", "strlen"}
PURE_SYMBOLS = FREE_SYMBOLS | {"memchr", "strcmp", "strncmp", "strnlen"}
COMPILER_SYMBOLS = re.compile(
    r"^(__stack_chk_fail|__(mem|str)[a-z]+_chk|_GLOBAL_OFFSET_TABLE_|__stack_chk_guard"
    r"|__(asan|ubsan|tsan|sanitizer|gcov|llvm)_.*|__[a-z]+[sdt]i[234]?|__atomic_.*"
    r"|__start_.*|__stop_.*)$")
# In crypto/ and transport/ the seam itself calls its library; what that may be is the headers' rule.
LIBRARY_SYMBOLS = {
    "crypto": re.compile(r"^(EVP|BN|OSSL|ERR|nettle)_|^__gmpz_"),
    "transport": re.compile(r"^(gnutls|nghttp2|ngtcp2)_"),
}
OUTSIDE_LIBC_HINT = "pass time, randomness and memory in; do the rest in net/ or serve/"

FORBIDDEN_WORDS = [
    (re.compile(r"""(^|[\s"'`=:,(])/(home|Users|root)/[A-Za-z0-9_.]"""), "a path of one machine"),
    (re.compile(r"[A-Z]:\\\\?Users\\"), "a path of one machine"),
]
SPDX = "SPDX-License-Identifier: Apache-2.0"
SPDX_SUFFIXES = (".c", ".h", ".py", ".sh")
SPDX_NAMES = ("meson.build",)
TEXT_MAX = 1 << 20


class Finding:
    def __init__(self, path, line, what, mend):
        self.path, self.line, self.what, self.mend = path, line, what, mend

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}; {self.mend}"


class Tree:
    """The files of a checkout, read once. Paths are relative to the root."""

    def __init__(self, root, build=None):
        self.root, self.build = root, build
        self.files = self._list()
        self._text = {}

    def _list(self):
        try:
            out = subprocess.run(
                ["git", "-C", self.root, "ls-files", "-co", "--exclude-standard", "-z"],
                capture_output=True, check=True).stdout.decode()
            names = out.split("\0")
        except (OSError, subprocess.CalledProcessError):
            names = []
            for top, dirs, found in os.walk(self.root):
                dirs[:] = [d for d in dirs if not d.startswith(".") and d != "build"]
                names += [os.path.relpath(os.path.join(top, f), self.root) for f in found]
        return sorted({n for n in names if n and os.path.isfile(os.path.join(self.root, n))})

    def text(self, path):
        if path not in self._text:
            with open(os.path.join(self.root, path), "rb") as f:
                data = f.read(TEXT_MAX)
            self._text[path] = "" if b"\0" in data else data.decode("utf-8", "replace")
        return self._text[path]

    def lines(self, path):
        return self.text(path).split("\n")

    def exists(self, path):
        return os.path.exists(os.path.join(self.root, path))

    def sources(self, suffixes=(".c", ".h"), top="src/"):
        return [f for f in self.files if f.startswith(top) and f.endswith(suffixes)]

    def folders(self):
        return sorted({f.split("/")[1] for f in self.sources() if f.count("/") >= 2})


def folder_of(path):
    return path.split("/")[1]


def includes(tree, path):
    for number, line in enumerate(tree.lines(path), 1):
        m = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if m:
            yield number, m.group(1), m.group(2)


# --- the rules: each a generator of findings, in the order they are printed ------------------------


def rule_folders(tree):
    """every folder has a rank, every .c file is built"""
    for folder in tree.folders():
        if folder not in RANK:
            yield Finding(f"src/{folder}", 1, "folder without a rank",
                          "give it a row in src/meson.build and tools/tidy.py")
    for path in tree.sources((".c",)):
        if path == "src/cli/main.c" or path.count("/") != 2:
            continue
        build_file = f"src/{folder_of(path)}/meson.build"
        if not tree.exists(build_file) or f"'{os.path.basename(path)}'" not in tree.text(build_file):
            yield Finding(path, 1, "not built", f"name it in {build_file}")


def rule_ranks(tree):
    """a folder includes only lower ranks and itself"""
    for path in tree.sources():
        own = folder_of(path)
        for number, quote, target in includes(tree, path):
            if quote != '"':
                continue
            head = target.split("/")[0]
            if head == "weir" and "/" in target:
                continue
            if "/" not in target or head not in RANK:
                yield Finding(path, number, f'include "{target}" is not folder/noun.h',
                              "write it from the root src/")
            elif head != own and RANK[head] == RANK.get(own, -1):
                yield Finding(path, number, f"{own}/ includes its sibling {head}/",
                              "move what both need to a lower rank, or join them a rank higher")
            elif head != own and RANK[head] > RANK.get(own, -1):
                yield Finding(path, number, f"{own}/ (rank {RANK.get(own)}) includes {head}/ "
                              f"(rank {RANK[head]})", "let the higher rank call the lower")


def rule_oracle(tree):
    """the simulator's oracle shares no file with src/ but base"""
    seen, todo = set(), [f"tests/sim/{noun}.{end}" for noun in ("oracle", "secure") for end in "ch"]
    while todo:
        path = todo.pop(0)
        if path in seen or not tree.exists(path):
            continue
        seen.add(path)
        for number, quote, target in includes(tree, path):
            beside = os.path.join(os.path.dirname(path), target)
            if quote != '"' or target.startswith("base/"):
                continue
            if tree.exists(beside):
                todo += [beside, beside[:-2] + ".c"]
            else:
                yield Finding(path, number, f'the oracle uses "{target}", which it is to judge',
                              "write that part of the oracle anew, or pass the fact in")


def rule_standin(tree):
    """what stands in for TLS comes from a test: the program has none to hand in"""
    for path in tree.sources():
        below = RANK.get(folder_of(path), LINE_RANK) < LINE_RANK
        for number, line in enumerate(tree.lines(path), 1):
            makes = re.search(r"\bstruct wr_(tls|quic)_standin\s+\w+\s*[=;]", line)
            if re.search(r"\b(wr_tls_standin|wr_quic_standin|standin)\b", line) and (not below or makes):
                yield Finding(path, number, "hands in a stand-in for TLS",
                              "the program speaks real TLS; stand-ins live under tests/")


def rule_purity(tree):
    """below the line only freestanding headers and string.h"""
    for path in tree.sources():
        own = folder_of(path)
        if RANK.get(own, LINE_RANK) >= LINE_RANK:
            continue
        allowed = LIBRARY_HEADERS.get(own, ())
        for number, quote, target in includes(tree, path):
            if quote == "<" and target not in FREE_HEADERS and not target.startswith(allowed or "\0"):
                yield Finding(path, number, f"<{target}> below the purity line", OUTSIDE_LIBC_HINT)


def undefined_symbols(archive):
    member = ""
    out = subprocess.run(["nm", "-u", archive], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        if line.endswith(".o:"):
            member = line[:-1]
        elif line.strip().startswith(("U ", "w ")):
            yield member, line.split()[-1]


def rule_symbols(tree):
    """objects below the line need nothing of the system (nm -u)"""
    for folder, rank in RANK.items():
        archive = os.path.join(tree.build or "", "src", f"libweir_{folder}.a")
        if rank >= LINE_RANK or not os.path.exists(archive):
            continue
        allowed = FREE_SYMBOLS if folder in FREE_FOLDERS else PURE_SYMBOLS
        library = LIBRARY_SYMBOLS.get(folder)
        for member, symbol in undefined_symbols(archive):
            if symbol in allowed or symbol.startswith(("wr_", "weir_")):
                continue
            if COMPILER_SYMBOLS.match(symbol) or (library and library.match(symbol)):
                continue
            noun = os.path.basename(member).removesuffix(".o").split("_", 1)[-1]
            yield Finding(f"src/{folder}/{noun}", 1, f"needs {symbol}()", OUTSIDE_LIBC_HINT)


def rule_freestanding(tree):
    """base and dns compile without a C library"""
    compiler = os.environ.get("CC", "cc").split()
    for folder in FREE_FOLDERS:
        for path in tree.sources((".c",), f"src/{folder}/"):
            run = subprocess.run(
                compiler + ["-std=c17", "-ffreestanding", "-fsyntax-only", "-Wall", "-Isrc", "-Iinclude",
                            path], cwd=tree.root, capture_output=True, text=True)
            if run.returncode:
                first = next((l for l in run.stderr.splitlines() if "error" in l), run.stderr[:200])
                yield Finding(path, 1, f"does not compile -ffreestanding ({first.strip()})",
                              "use only base/ and mem*/strlen")


def functions(tree, path):
    """(first line, length) of each function: clang-format puts its braces alone in column 0."""
    start = None
    for number, line in enumerate(tree.lines(path), 1):
        if line == "{" and start is None:
            start = number
        elif line == "}" and start is not None:
            yield start, number - start + 1
            start = None


def capped_files(tree):
    tops = ("src/", "tests/", "include/", "ports/", "bench/")
    return [f for f in tree.files if f.endswith((".c", ".h")) and f.startswith(tops)]


def rule_functions(tree):
    """no function over 70 lines"""
    for path in capped_files(tree):
        for start, length in functions(tree, path):
            if length > FUNCTION_MAX:
                yield Finding(path, start, f"function of {length} lines (at most {FUNCTION_MAX})",
                              "give each step its own static function")


def rule_files(tree):
    """no file over 800 lines (over 600 is said)"""
    for path in capped_files(tree):
        count = len(tree.lines(path)) - 1
        if count > FILE_MAX:
            yield Finding(path, count, f"file of {count} lines (at most {FILE_MAX}, aim {FILE_AIM})",
                          "it holds two nouns: split it")
        elif count > FILE_AIM:
            print(f"# note: {path}: {count} lines, over the aim of {FILE_AIM}")


def rule_stories(tree):
    """each header opens with its story"""
    for path in tree.sources((".h",)):
        lines = tree.lines(path)
        rest = [l for l in lines[1:] if l.strip()]
        story = words = 0
        if rest and rest[0].lstrip().startswith("/*"):
            for line in rest:
                story += bool(line.strip(" */"))
                words += len(line.strip(" */").split())
                if "*/" in line:
                    break
        if story < STORY_MIN_LINES and words < STORY_MIN_WORDS:
            yield Finding(path, 2, f"no story ({story} lines of comment under the SPDX line)",
                          "say what it is, how it is used, units, ownership, errors, RFC section")


def read_exceptions(tree):
    """{path: (line, e2e file, reason)} from tools/tidy-exceptions.txt"""
    found = {}
    name = "tools/tidy-exceptions.txt"
    for number, line in enumerate(tree.lines(name) if tree.exists(name) else [], 1):
        words = line.split(None, 3)
        if words and not line.startswith("#"):
            found[words[1] if len(words) > 1 else line] = (number, words)
    return found


def exception_finding(tree, path, number, words):
    name = "tools/tidy-exceptions.txt"
    if len(words) < 4 or words[0] != "test":
        return Finding(name, number, "not `test <source> <e2e file> <reason>`", "write all four")
    if RANK.get(folder_of(path) if path.count("/") == 2 else "", -1) < LINE_RANK:
        return Finding(name, number, f"{path} is below the purity line", "write its unit test")
    if not tree.exists(path):
        return Finding(name, number, f"no such file {path}", "remove the line")
    if not words[2].startswith("tests/") or not tree.exists(words[2]):
        return Finding(name, number, f"no such test {words[2]}", "name the e2e test that shows it")
    return None


def rule_tests(tree):
    """each module has its unit test (or, above the line, a named e2e test)"""
    excepted = read_exceptions(tree)
    for path, (number, words) in excepted.items():
        finding = exception_finding(tree, path, number, words)
        if finding:
            yield finding
    for path in tree.sources((".c",)):
        if path == "src/cli/main.c":
            continue
        folder, noun = folder_of(path), os.path.basename(path)[:-2]
        test = f"tests/unit/{folder}/test_{noun}.c"
        listed = f"tests/unit/{folder}/meson.build"
        if tree.exists(test):
            if not tree.exists(listed) or f"'{noun}'" not in tree.text(listed):
                yield Finding(test, 1, "not built", f"name it in {listed}")
            if path in excepted:
                yield Finding("tools/tidy-exceptions.txt", excepted[path][0],
                              f"{path} has a unit test", "remove the line")
        elif path not in excepted:
            yield Finding(path, 1, f"no {test}", "write it, with a case that fails without the module")


def rule_docs(tree):
    """what the pages name is there, and the map has every folder"""
    for path in tree.files:
        if not path.endswith(".md") or path == "NEWS.md":
            continue
        for number, line in enumerate(tree.lines(path), 1):
            for name in re.findall(r"`((?:src|tests|tools|lab|bench|docs|packaging|share)/[\w./-]+)`", line):
                if not tree.exists(name):
                    yield Finding(path, number, f"`{name}` is not there", "name what took its place")
    page = "docs/map.md"
    if tree.exists(page):
        for folder in tree.folders():
            if f"src/{folder}/" not in tree.text(page):
                yield Finding(page, 1, f"src/{folder}/ has no stop", "say where the walk meets it")


def rule_spdx(tree):
    """each source and script names its licence"""
    for path in tree.files:
        base = os.path.basename(path)
        head = tree.lines(path)[:3] if tree.text(path) else []
        script = bool(head) and head[0].startswith("#!")
        if not (path.endswith(SPDX_SUFFIXES) or base in SPDX_NAMES or script):
            continue
        want = head[:1] if path.endswith((".c", ".h")) else head
        if not any(SPDX in line for line in want):
            yield Finding(path, 1, "no SPDX line", f"begin with {SPDX}")


def rule_words(tree):
    """nothing of one machine in the tree"""
    for path in tree.files:
        if path in ("tools/tidy.py", "tests/tools/test_tidy.py", "LICENSE"):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            for pattern, what in FORBIDDEN_WORDS:
                if pattern.search(line):
                    yield Finding(path, number, what, "use a path below the checkout or a variable")


def rule_limits(tree):
    """every limit has its reason"""
    path = "src/base/limits.h"
    if not tree.exists(path):
        return
    reason = in_comment = False
    for number, line in enumerate(tree.lines(path), 1):
        text = line.strip()
        if in_comment or text.startswith(("/*", "//")):
            reason = True
            in_comment = "*/" not in text if not text.startswith("//") else False
            continue
        if not text:
            reason = False
        m = re.match(r"#\s*define\s+(\w+)[ \t]+\S", text)
        if m and not reason and "/*" not in text:
            yield Finding(path, number, f"{m.group(1)} has no reason",
                          "say above it why it is that number, or which attack it stops")


RULES = {name[5:]: function for name, function in list(globals().items()) if name.startswith("rule_")}


def print_figures(tree):
    lengths, sizes = [], []
    longest = (0, "")
    for path in tree.sources():
        sizes.append((len(tree.lines(path)) - 1, path))
        for start, length in functions(tree, path):
            lengths.append(length)
            longest = max(longest, (length, f"{path}:{start}"))
    if not lengths:
        print("no functions")
        return
    source = sum(n for n, p in sizes)
    tests = sum(len(tree.lines(p)) - 1 for p in tree.sources(top="tests/"))
    print(f"functions {len(lengths)}, median {statistics.median(lengths):g} lines, "
          f"longest {longest[0]} ({longest[1]})")
    print(f"files {len(sizes)}, median {statistics.median(n for n, p in sizes):g} lines, "
          f"longest {max(sizes)[0]} ({max(sizes)[1]})")
    print(f"source lines {source}, test lines {tests}, ratio {tests / source:.2f}")


def run_rule(tree, name, tap):
    if name == "symbols":
        reason = None
        if not tree.build:
            reason = "no build directory given"
        elif not shutil.which("nm"):
            reason = "no nm"
        if reason:
            print(f"ok - tidy {name} # SKIP {reason}" if tap else f"{name}: skipped, {reason}")
            return 0
    findings = list(RULES[name](tree))
    for finding in findings:
        print(f"# {finding}" if tap else str(finding))
    if tap:
        print(f"{'not ok' if findings else 'ok'} - tidy {name}: {RULES[name].__doc__}")
    return len(findings)


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--root", default=here)
    parser.add_argument("--build")
    parser.add_argument("--tap", action="store_true")
    parser.add_argument("--figures", action="store_true")
    parser.add_argument("rules", nargs="*", metavar="RULE", help=", ".join(RULES))
    args = parser.parse_args(argv)
    unknown = [r for r in args.rules if r not in RULES]
    if unknown:
        parser.error(f"no rule {unknown[0]}; rules are {', '.join(RULES)}")
    tree = Tree(os.path.abspath(args.root), args.build and os.path.abspath(args.build))
    if args.figures:
        print_figures(tree)
        return 0
    count = sum(run_rule(tree, name, args.tap) for name in args.rules or RULES)
    if not args.tap:
        print(f"tidy: {count} finding{'s' if count != 1 else ''}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
