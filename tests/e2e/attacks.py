#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The attacks of tests/attacks against the program with sanitizers, without the peers (`make attacks` has them).

Not the flood: its figure is a share in time, which says little of a program that is ten times slower.
"""
import os

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = ("dnsbomb bombs offpath fragments rebirthday bailiwick delegation ghost phoenix keytrap restart encloser labels nextname "
         "wildcard stale fault nxns nrdelegation nrdelegation390 camp chain chain17 tsuname forgedtime").split()

program = os.path.join(os.path.dirname(HERE), "attacks", "run.py")
os.environ.setdefault("ATTACKS_SLOW", "10")
os.execv("/usr/bin/python3", ["/usr/bin/python3", program] + CASES)
