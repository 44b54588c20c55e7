#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each rule of tools/tidy.py finds its planted violation, and nothing in a clean tree."""
import importlib.util
import os
import shutil
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
spec = importlib.util.spec_from_file_location("tidy", os.path.join(ROOT, "tools", "tidy.py"))
tidy = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tidy)

SPDX_C = "/* SPDX-License-Identifier: Apache-2.0 */\n"
SPDX_SH = "# SPDX-License-Identifier: Apache-2.0\n"
STORY = SPDX_C + "/*\n * What it is.\n * How it is used.\n * Who owns what.\n */\n"

CLEAN = {
    "src/base/buf.h": STORY + "int wr_buf_size(int a);\n",
    "src/base/buf.c": SPDX_C + '#include "base/buf.h"\n\nint wr_buf_size(int a)\n{\n    return a;\n}\n',
    "src/base/limits.h": STORY + "/* RFC 1035: 255 octets. */\n#define WR_NAME_MAX 255\n",
    "src/base/meson.build": SPDX_SH + "base_src = files('buf.c')\n",
    "src/dns/msg.h": STORY + '#include <stdint.h>\n#include "base/buf.h"\n',
    "src/net/udp.h": STORY + "#include <sys/socket.h>\n",
    "src/net/udp.c": SPDX_C + '#include "net/udp.h"\n#include "dns/msg.h"\n',
    "src/net/meson.build": SPDX_SH + "net_src = files('udp.c')\n",
    "tests/unit/base/test_buf.c": SPDX_C,
    "tests/unit/base/meson.build": SPDX_SH + "base_tests = ['buf']\n",
    "tests/e2e/udp.py": SPDX_SH,
    "tools/tidy-exceptions.txt": "test src/net/udp.c tests/e2e/udp.py needs a real socket\n",
}


class TidyTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="weir-tidy-")
        self.addCleanup(shutil.rmtree, self.dir)
        for path, text in CLEAN.items():
            self.write(path, text)

    def write(self, path, text):
        full = os.path.join(self.dir, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as f:
            f.write(text)

    def found(self, rule, build=None):
        return [str(f) for f in tidy.RULES[rule](tidy.Tree(self.dir, build))]

    def expect(self, rule, *starts):
        """The rule finds exactly these (each by its beginning), and no other rule minds."""
        found = self.found(rule)
        self.assertEqual(len(found), len(starts), found)
        for line, start in zip(found, starts):
            self.assertTrue(line.startswith(start), f"{line!r} does not start with {start!r}")
            self.assertIn("; ", line, "a finding says how to mend it")

    def test_clean_tree_has_no_finding(self):
        for rule in tidy.RULES:
            self.assertEqual(self.found(rule), [], rule)

    def test_every_rule_has_a_test_here(self):
        names = " ".join(n for n in dir(self) if n.startswith("test_"))
        for rule in tidy.RULES:
            self.assertIn(f"test_{rule}_", names)

    def test_folders_without_rank_and_unbuilt_file(self):
        self.write("src/misc/a.h", STORY)
        self.write("src/base/pool.c", SPDX_C)
        self.expect("folders", "src/misc:1: folder without a rank", "src/base/pool.c:1: not built")

    def test_ranks_upwards(self):
        self.write("src/base/buf.h", STORY + '#include "dns/msg.h"\n')
        self.expect("ranks", "src/base/buf.h:7: base/ (rank 0) includes dns/ (rank 1)")

    def test_ranks_sibling(self):
        self.write("src/conf/yaml.h", STORY + '#include "net/udp.h"\n')
        self.expect("ranks", "src/conf/yaml.h:7: conf/ includes its sibling net/")

    def test_ranks_include_without_folder(self):
        self.write("src/net/udp.h", STORY + '#include "udp.h"\n#include "../base/buf.h"\n')
        self.expect("ranks", 'src/net/udp.h:7: include "udp.h"', 'src/net/udp.h:8: include "../base')

    def test_oracle_leans_on_what_it_judges(self):
        self.write("tests/sim/oracle.c", SPDX_C + '#include "oracle.h"\n#include "wire.h"\n')
        self.write("tests/sim/oracle.h", SPDX_C + '#include "base/buf.h"\n')
        self.write("tests/sim/wire.h", SPDX_C)
        self.expect("oracle")
        self.write("tests/sim/wire.c", SPDX_C + '#include "dns/msg.h"\n')
        self.expect("oracle", 'tests/sim/wire.c:2: the oracle uses "dns/msg.h"')

    def test_standin_in_the_program(self):
        self.write("src/transport/tls.h", STORY + "struct wr_tls_standin {\n    int a;\n};\nconst struct wr_tls_standin *standin;\n")
        self.expect("standin")
        self.write("src/serve/crew.c", SPDX_C + "static const int x;\n    .standin = x;\n")
        self.write("src/transport/fake.c", SPDX_C + "static const struct wr_tls_standin fake = {0};\n")
        self.write("src/transport/quick.c", SPDX_C + "const struct wr_quic_standin fake;\n")
        self.expect("standin", "src/serve/crew.c:3: hands in", "src/transport/fake.c:2: hands in",
                    "src/transport/quick.c:2: hands in")

    def test_purity_forbidden_headers(self):
        self.write("src/engine/engine.h", STORY + "#include <time.h>\n#include <uv.h>\n#include <stdint.h>\n")
        self.expect("purity", "src/engine/engine.h:7: <time.h> below", "src/engine/engine.h:8: <uv.h>")

    def test_purity_library_only_in_its_folder(self):
        self.write("src/crypto/verify.c", SPDX_C + "#include <openssl/evp.h>\n")
        self.write("src/resolve/cache.c", SPDX_C + "#include <openssl/evp.h>\n")
        self.expect("purity", "src/resolve/cache.c:2: <openssl/evp.h>")

    def build_archive(self, folder, noun, text):
        build = os.path.join(self.dir, "build")
        os.makedirs(os.path.join(build, "src"), exist_ok=True)
        source, obj = os.path.join(build, "a.c"), os.path.join(build, f"{folder}_{noun}.c.o")
        with open(source, "w", encoding="utf-8") as f:
            f.write(text)
        subprocess.run(["cc", "-O0", "-fno-builtin", "-c", source, "-o", obj], check=True)
        archive = os.path.join(build, "src", f"libweir_{folder}.a")
        subprocess.run(["ar", "cr", archive, obj], check=True)
        return build

    def test_symbols_system_call_below_the_line(self):
        text = ("void *malloc(unsigned long); void *memcpy(void *, const void *, unsigned long); int wr_x(void);\n"
                "void *f(void *p) { wr_x(); return memcpy(malloc(4), p, 4); }\n")
        build = self.build_archive("resolve", "cache", text)
        self.assertEqual([f.split(";")[0] for f in self.found("symbols", build)],
                         ["src/resolve/cache.c:1: needs malloc()"])

    def test_symbols_strict_in_base(self):
        text = "int strcmp(const char *, const char *); int f(const char *a) { return strcmp(a, a + 1); }\n"
        self.assertEqual(self.found("symbols", self.build_archive("policy", "tree", text)), [])
        self.assertEqual(len(self.found("symbols", self.build_archive("base", "str", text))), 1)

    def test_symbols_free_above_the_line(self):
        text = "int socket(int, int, int); int f(void) { return socket(1, 2, 3); }\n"
        self.assertEqual(self.found("symbols", self.build_archive("net", "udp", text)), [])

    def test_freestanding_broken(self):
        self.write("src/base/buf.c", SPDX_C + '#include "base/buf.h"\n#include "base/none.h"\n')
        self.expect("freestanding", "src/base/buf.c:1: does not compile -ffreestanding")

    def test_functions_of_71_lines(self):
        body = "int f(void)\n{\n" + "    ;\n" * 69 + "}\n"
        self.write("src/base/buf.c", SPDX_C + body.replace("    ;\n", "", 1))
        self.expect("functions")
        self.write("src/base/buf.c", SPDX_C + body)
        self.expect("functions", "src/base/buf.c:3: function of 71 lines")

    def test_functions_initialiser_is_none(self):
        self.write("src/base/buf.c", SPDX_C + "static int a[] = {\n" + "    1,\n" * 90 + "};\n")
        self.expect("functions")

    def test_files_of_801_lines(self):
        self.write("tests/unit/base/test_buf.c", "\n" * 800)
        self.expect("files")
        self.write("tests/unit/base/test_buf.c", "\n" * 801)
        self.expect("files", "tests/unit/base/test_buf.c:801: file of 801 lines")

    def test_stories_missing_or_short(self):
        self.write("src/base/buf.h", SPDX_C + "int wr_buf_size(int a);\n")
        self.write("src/dns/msg.h", SPDX_C + "/* Messages. */\n")
        self.expect("stories", "src/base/buf.h:2: no story (0", "src/dns/msg.h:2: no story (1")

    def test_tests_missing_and_not_built(self):
        self.write("src/dns/msg.c", SPDX_C)
        self.write("src/dns/name.c", SPDX_C)
        self.write("tests/unit/dns/test_name.c", SPDX_C)
        self.expect("tests", "src/dns/msg.c:1: no tests/unit/dns/test_msg.c",
                    "tests/unit/dns/test_name.c:1: not built")

    def test_tests_exceptions_are_checked(self):
        self.write("src/dns/msg.c", SPDX_C)
        self.write("tools/tidy-exceptions.txt",
                   "test src/net/udp.c tests/e2e/gone.py a reason\n"
                   "test src/dns/msg.c tests/e2e/udp.py a reason\n"
                   "test src/net/none.c tests/e2e/udp.py a reason\n"
                   "test src/base/buf.c\n")
        name = "tools/tidy-exceptions.txt"
        self.expect("tests", f"{name}:1: no such test", f"{name}:2: src/dns/msg.c is below",
                    f"{name}:3: no such file", f"{name}:4: not `test",
                    f"{name}:4: src/base/buf.c has a unit test")

    def test_spdx_missing(self):
        self.write("src/base/buf.c", "\n" + SPDX_C)
        self.write("tools/run", "#!/bin/sh\n" + SPDX_SH)
        self.write("tools/stop", "#!/bin/sh\n")
        self.expect("spdx", "src/base/buf.c:1: no SPDX", "tools/stop:1: no SPDX")

    def test_words_of_one_machine(self):
        self.write("docs/a.md", "see `build/` and ~/home/ and $HOME/x and /proc/1/root/run\nsee /home/someone/weir\n")
        self.expect("words", "docs/a.md:2: a path of one machine")

    def test_docs_name_what_is_gone(self):
        self.write("docs/map.md", "`src/base/buf.h` `src/net/<noun>.c`\n`src/net/gone.c`\n")
        self.expect("docs", "docs/map.md:2: `src/net/gone.c` is not there", "docs/map.md:1: src/dns/ has no stop")
        self.write("docs/map.md", "`src/base/buf.h` `src/dns/msg.h` `src/net/udp.c`\n")
        self.expect("docs")

    def test_limits_without_reason(self):
        self.write("src/base/limits.h", STORY + "/* Two that share\n * a reason. */\n#define A_MAX 1\n"
                   "#define B_MAX 2\n\n#define C_MAX 3\n#define D_MAX 4 /* four is plenty */\n")
        self.expect("limits", "src/base/limits.h:12: C_MAX has no reason")

    def test_exit_codes_and_tap(self):
        tool = os.path.join(ROOT, "tools", "tidy.py")

        def run(*args):
            return subprocess.run(["/usr/bin/python3", tool, "--root", self.dir, *args],
                                  capture_output=True, text=True)
        self.assertEqual(run().returncode, 0)
        self.assertEqual(run("nosuchrule").returncode, 2)
        self.write("src/base/buf.h", SPDX_C)
        out = run("--tap")
        self.assertEqual(out.returncode, 1)
        self.assertIn("not ok - tidy stories", out.stdout)
        self.assertIn("# SKIP no build directory given", out.stdout)


if __name__ == "__main__":
    unittest.main()
