/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schema, log: the rows of the section `log`, a part of the one table of keys.
 *
 * schema.c includes this in the middle of that table, with its macros, and nobody else does; so there is no guard. It stands apart because
 * the table is longer than a file may be.
 */
/* clang-format off */
    {"log", WR_SCHEMA_SECTION, V01, .doc = "What weir says and remembers of its work."},
    {"log.level", WR_SCHEMA_WORD, V01, DEFAULT("info"), AT(log.level), .words = level_words,
     .doc = "What goes to standard error; `debug` is for developers."},
    {"log.events", WR_SCHEMA_INT, V01, RESTART, RANGE(0, 1048576),
     BY_PROFILE("4096", "512", "65536"), AT(log.events), .unit = "queries",
     .doc = "The last queries kept in memory for `weir log`. With `log.path` or `export` at least 16384: what "
            "a disk or a collector that stalls has to catch up with."},
    {"log.path", WR_SCHEMA_PATH, V01, RESTART, RANGE(0, PATH_OCTETS), DEFAULT("\"\""), AT(log.path),
     EXAMPLE("/var/lib/weir/log"),
     .doc = "Folder of the log on disk: every query with its device, answer, reason and time, compressed, in "
            "files that are only ever appended to and chained by hashes (`weir log verify`). Weir's user must be able "
            "to write it; it is made when its parent is there. An event takes some 10 octets. Empty: none."},
    {"log.max_size", WR_SCHEMA_SIZE, V01, RANGE(MIB, 1024 * GIB), BY_PROFILE("512MiB", "16MiB", "8GiB"),
     AT(log.size_bytes), .doc = "Octets of the log on disk; the oldest files leave when there are more."},
    {"log.budget_per_day", WR_SCHEMA_SIZE, V01, RANGE(64 * KIB, 64 * GIB),
     BY_PROFILE("64MiB", "1MiB", "8GiB"), AT(log.budget_per_day_bytes),
     .doc = "Octets written to the log in a day, an eighth of them at once. When it runs short, queries are "
            "written as counts of each client; decisions of policy and changes still one by one. "
            "`weir status` says so."},
    {"log.interval", WR_SCHEMA_MILLIS, V01, RANGE(1000, HOUR_MS), DEFAULT("30s"), AT(log.interval_ms),
     .doc = "How old an event may be before it is on disk: what a power cut costs. Less writes more."},
    {"log.privacy", WR_SCHEMA_WORD, V01, RESTART, DEFAULT("full"), AT(log.privacy), .words = privacy_words,
     .doc = "What is kept of clients, in memory, on disk and in exports: `full`; `hashed`, their addresses as eight "
            "octets under a key that is made anew each day and never written, and neither device "
            "nor claim; `aggregate`, no names and no clients: counts of each minute."},
