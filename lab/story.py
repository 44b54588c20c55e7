# SPDX-License-Identifier: Apache-2.0
"""How a chapter of the demo tells what happens and checks it.

Every check is made from what a client received, from a capture or from what a process has in its memory, never from weir's own log.
"""

import sys
import time


class Story:
    """Prints chapters, steps and checks; counts what did not hold."""

    def __init__(self, out=sys.stdout):
        self.out = out
        self.failed = []
        self.checks = 0
        self.chapter_name = ""
        colour = out.isatty()
        self.good = "\033[32mok\033[0m" if colour else "ok"
        self.bad = "\033[31mNOT SO\033[0m" if colour else "NOT SO"
        self.bold = ("\033[1m", "\033[0m") if colour else ("", "")

    def _print(self, text):
        print(text, file=self.out, flush=True)

    def chapter(self, name, title):
        self.chapter_name = name
        self._print(f"\n{self.bold[0]}{name}: {title}{self.bold[1]}")

    def tell(self, text):
        """What is being done now."""
        self._print(f"  {text}")

    def check(self, what, holds, seen=""):
        """One thing that must be true; `seen` is what was received or captured."""
        self.checks += 1
        mark = self.good if holds else self.bad
        seen = f"  ({seen})" if str(seen) else ""
        self._print(f"    {mark}  {what}{seen}")
        if not holds:
            self.failed.append(f"{self.chapter_name}: {what}{seen}")
        return holds

    def finish(self, seconds):
        self._print("")
        for failure in self.failed:
            self._print(f"{self.bad}  {failure}")
        held = self.checks - len(self.failed)
        self._print(f"{held} of {self.checks} checks held, {seconds:.0f} s")
        return 0 if self.checks and not self.failed else 1


def until(condition, timeout, step=0.05):
    """Ask again and again until it is true; its last value."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(step)
