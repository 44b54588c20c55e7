#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The verbs are whole: each script that the Makefile calls is there and runs; bad usage says so;
the systemd unit is sound; a missing tool makes setup print one command."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def run(*argv, **more):
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)


class VerbsTest(unittest.TestCase):
    def test_every_script_of_the_makefile_is_executable(self):
        with open(os.path.join(ROOT, "Makefile"), encoding="utf-8") as f:
            scripts = set(re.findall(r"tools/[\w-]+\.(?:sh|py)", f.read()))
        self.assertGreater(len(scripts), 10)
        for script in scripts:
            self.assertTrue(os.access(os.path.join(ROOT, script), os.X_OK), script)

    def test_help_lists_every_verb(self):
        with open(os.path.join(ROOT, "Makefile"), encoding="utf-8") as f:
            phony = re.search(r"^\.PHONY: (.*)$", f.read(), re.M).group(1).split()
        out = run("make", "--no-print-directory", "help")
        self.assertEqual(sorted(phony), sorted(l.split()[0] for l in out.stdout.splitlines()))

    def test_wrong_usage_is_2(self):
        self.assertEqual(run("tools/fresh.sh", "etch").returncode, 2)
        self.assertEqual(run("tools/build.sh", "nonsense").returncode, 2)

    def test_exam_without_shared_material_says_where(self):
        env = dict(os.environ, WEIR_SHARED="/nonexistent")
        out = run("tools/exam.sh", env=env)
        self.assertEqual(out.returncode, 1)
        self.assertEqual(len(out.stdout.splitlines()), 1)
        self.assertIn("/nonexistent/exam", out.stdout)

    def test_setup_prints_one_command_where_it_may_not_install(self):
        """As a user without sudo, with no tool in PATH but the shell's own."""
        bin_dir = self.enterContext(FewTools(["bash", "id", "sort", "apt-get", "mktemp", "cat"]))
        out = run("/bin/bash", "tools/setup.sh", "build",
                  env={"PATH": bin_dir}, **({"user": 65534, "group": 65534} if os.getuid() == 0 else {}))
        self.assertEqual(out.returncode, 1, out.stdout + out.stderr)
        lines = out.stderr.splitlines()
        self.assertEqual(len(lines), 2, out.stderr)
        self.assertRegex(lines[1], r"^  sudo apt-get install .*\bmeson\b")

    def test_setup_does_nothing_when_all_is_there(self):
        out = run("tools/setup.sh", "build")
        self.assertEqual((out.returncode, out.stdout, out.stderr), (0, "", ""))

    def test_unit_is_sound_and_its_exposure_low(self):
        out = run("tools/unit-lint.sh")
        if out.returncode == 77:
            self.skipTest(out.stdout.strip())
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)


class FewTools:
    """A directory with links to a few programs, to be somebody's whole PATH."""

    def __init__(self, names):
        self.names = names

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="weir-path-")
        os.chmod(self.dir, 0o755)
        for name in self.names:
            os.symlink(shutil.which(name) or f"/usr/bin/{name}", os.path.join(self.dir, name))
        return self.dir

    def __exit__(self, *_):
        shutil.rmtree(self.dir)


if __name__ == "__main__":
    unittest.main()
