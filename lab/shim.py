# SPDX-License-Identifier: Apache-2.0
"""A clock for one program that differs from the machine's: a small library that is preloaded.

    shim.why_not(program)                     # None, or why this program cannot have another clock here
    clock = shim.Clock(folder)
    clock.set(-seconds)                       # added to every reading of the wall clock, at once
    clock.sleep(seconds)                      # as if the machine had been suspended: all but CLOCK_MONOTONIC goes on
    weir = lab.start_gateway(config, clock.environment(unsynchronised=True))

Only the wall clock and CLOCK_BOOTTIME differ, and what adjtimex says. A program built with a sanitizer does not start with it.
"""

import os
import shutil
import subprocess

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
static long long offset(int boot)
{
    long long n[2] = {0};
    FILE *f = fopen(getenv("WALL_OFFSET"), "r");
    if (f) { if (fscanf(f, "%lld %lld", &n[0], &n[1]) != 2) n[0] = n[1] = 0; fclose(f); }
    return n[boot];
}
int clock_gettime(clockid_t id, struct timespec *t)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int rc = real(id, t);
    if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) t->tv_sec += offset(0);
    if (rc == 0 && id == CLOCK_BOOTTIME) t->tv_sec += offset(1);
    return rc;
}
int adjtimex(struct timex *t)
{
    const char *kept = getenv("WALL_KEPT");
    memset(t, 0, sizeof(*t));
    return kept && strcmp(kept, "no") == 0 ? TIME_ERROR : TIME_OK;
}
"""


def why_not(program):
    if shutil.which("cc") is None:
        return "there is no cc to build a wrong clock with"
    with open(program, "rb") as file:
        program_text = file.read()
    sanitized = any(word in program_text for word in (b"__asan_init", b"__tsan_init"))
    return "a program with a sanitizer does not start with another clock" if sanitized else None


class Clock:
    """The offset of one program's wall clock. `folder` must be readable for the user that the program becomes."""

    def __init__(self, folder, offset=0):
        source, self.preloaded = os.path.join(folder, "shim.c"), os.path.join(folder, "shim.so")
        self.path = os.path.join(folder, "wall-offset")
        with open(source, "w", encoding="ascii") as file:
            file.write(SOURCE)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", self.preloaded, source, "-ldl"], check=True)
        self.slept = 0
        self.set(offset)

    def sleep(self, seconds):
        self.slept += seconds
        self.set(self.offset + seconds)

    def set(self, seconds):
        self.offset = seconds
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write(f"{seconds} {self.slept}")
        os.chmod(self.path + ".new", 0o644)
        os.replace(self.path + ".new", self.path)

    def environment(self, unsynchronised=False):
        return {"LD_PRELOAD": self.preloaded, "WALL_OFFSET": self.path, "WALL_KEPT": "no" if unsynchronised else "yes"}
