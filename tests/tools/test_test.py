#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The counting of tools/test.py: a failure is never lost, a skip always has its reason."""
import contextlib
import importlib.util
import io
import os
import tempfile
import unittest
from unittest import mock

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
spec = importlib.util.spec_from_file_location("weir_test", os.path.join(ROOT, "tools", "test.py"))
runner = importlib.util.module_from_spec(spec)
spec.loader.exec_module(runner)


class CountTest(unittest.TestCase):
    def count(self, text, status=0):
        o = runner.count_output(text, status)
        return o.passed, o.failed, o.skips

    def test_tap_lines(self):
        self.assertEqual(self.count("1..3\nok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP no lab\n", 1),
                         (1, 1, ["no lab"]))
        self.assertEqual(self.count("1..2\nok 1 - a\nnot ok 2 # SKIP test_b\n"), (1, 0, ["test_b"]))

    def test_words_that_begin_with_ok_are_not_tests(self):
        self.assertEqual(self.count("okay\n# ok - group\n"), (1, 0, []))

    def test_no_tap_counts_as_one(self):
        self.assertEqual(self.count("hello"), (1, 0, []))
        self.assertEqual(self.count("hello", 3), (0, 1, []))

    def test_crash_after_passed_cases(self):
        self.assertEqual(self.count("ok 1 - a\nok 2 - b\n", 139), (2, 1, []))

    def test_skip_status_takes_last_line(self):
        self.assertEqual(self.count("looking\nno peers here\n", 77), (0, 0, ["no peers here"]))
        self.assertEqual(self.count("", 77), (0, 0, ["no reason given"]))

    def test_skip_status_does_not_hide_a_failure(self):
        self.assertEqual(self.count("not ok 1 - a\n", 77), (0, 1, []))

    def test_unittest_output(self):
        text = "test_a ... skipped 'no nft'\nRan 5 tests in 0.1s\n\nFAILED (failures=1, errors=1, skipped=1)\n"
        self.assertEqual(self.count(text, 1), (2, 2, ["no nft"]))


class OrderTest(unittest.TestCase):
    def test_long_ones_first(self):
        names = ["a.py", "stale.py", "z.py", "ladder.py"]
        self.assertEqual(sorted(names, key=runner.e2e_order), ["ladder.py", "stale.py", "a.py", "z.py"])

    def test_none_is_forgotten(self):
        """Whatever runs tests when it is started is executable, or `make test` would pass it by. Chromium's is `make browser`."""
        here = os.path.join(ROOT, "tests", "e2e")
        for name in sorted(os.listdir(here)):
            path = os.path.join(here, name)
            if name.endswith(".py") and name != "interop_browser.py":
                with open(path, encoding="utf-8") as file:
                    self.assertEqual(os.access(path, os.X_OK), file.read(2) == "#!", name)

    def test_long_ones_are_there(self):
        here = os.path.join(ROOT, "tests", "e2e")
        self.assertEqual([n for n in runner.E2E_LONG + runner.E2E_ALONE if not os.access(os.path.join(here, n), os.X_OK)], [])


class TallyTest(unittest.TestCase):
    def tally(self, ci, *outcomes, must_run=False):
        self.enterContext(mock.patch.object(runner, "CI", ci))
        self.enterContext(mock.patch.object(runner, "ROOT",
                                            self.enterContext(tempfile.TemporaryDirectory())))
        tally = runner.Tally()
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            for outcome in outcomes:
                tally.add("x", runner.Outcome(*outcome), "", 0.0, must_run)
            code = tally.finish()
        return code, out.getvalue().splitlines()

    def test_last_line_and_code(self):
        code, lines = self.tally(False, (3, 0, []), (1, 0, ["no lab"]))
        self.assertEqual((code, lines[-1]), (0, "4 passed, 0 failed, 1 skipped"))
        self.assertIn("skipped x: no lab", lines)

    def test_failure_and_nothing_ran(self):
        self.assertEqual(self.tally(False, (3, 1, []))[0], 1)
        code, lines = self.tally(False)
        self.assertEqual((code, lines[-1]), (1, "0 passed, 0 failed, 0 skipped"))

    def test_only_skips_is_not_a_pass(self):
        self.assertEqual(self.tally(False, (0, 0, ["no lab"]))[0], 1)

    def test_ci_turns_skip_of_e2e_into_failure(self):
        self.assertEqual(self.tally(True, (3, 0, ["no lab"]), must_run=True)[1][-1],
                         "3 passed, 1 failed, 0 skipped")
        self.assertEqual(self.tally(True, (3, 0, ["no shared data"]))[0], 0)

    def test_late_program_is_killed(self):
        text, status, seconds = runner.run_program(["sleep", "30"], 0.2)
        self.assertEqual(status, 1)
        self.assertIn("killed after", text)
        self.assertLess(seconds, 10)


if __name__ == "__main__":
    unittest.main()
