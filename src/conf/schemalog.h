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
    {"log.history_days", WR_SCHEMA_INT, V01, RANGE(0, 3650), BY_PROFILE("30", "0", "90"),
     AT(log.history_days), .unit = "days",
     .doc = "How long it is remembered how often each device asked for each name, by the minute (`weir log --top`): longer than the log "
            "itself lasts. Kept beside the log, so only with `log.path`. 0: not at all, which needs a restart to change, as does beginning."},
    {"log.history_size", WR_SCHEMA_SIZE, V01, RESTART, RANGE(MIB, 1024 * GIB),
     BY_PROFILE("64MiB", "4MiB", "1GiB"), AT(log.history_bytes),
     .doc = "Octets of that file (history.db); when it is nearly full the oldest eighth of it leaves. It is written once a minute, less often when "
            "it has written as much as `log.budget_per_day` in a day."},
    {"log.privacy", WR_SCHEMA_WORD, V01, RESTART, DEFAULT("full"), AT(log.privacy), .words = privacy_words,
     .doc = "What is kept of clients, in memory, on disk and in exports: `full`; `hashed`, their addresses as eight "
            "octets under a key that is made anew each day and never written, and neither device "
            "nor claim; `aggregate`, no names and no clients: counts of each minute."},

    {"export", WR_SCHEMA_ITEMS, .list = true, .max_items = WR_CONF_EXPORTS_MAX, V01, DEFAULT(""), LIST(export),
     .doc = "Who else is told what happens, as it happens: collectors, a SIEM. One that is slow, away or never reads loses events, "
            "which are counted in `weir status`; nothing waits for it. Hidden by `log.privacy` as the log is."},
    {"export[].name", WR_SCHEMA_LABEL, V01, RANGE(1, 63), IN(wr_conf_export, name), EXAMPLE("siem"),
     .doc = "What `weir status` calls it."},
    {"export[].format", WR_SCHEMA_WORD, V01, DEFAULT("json"), IN(wr_conf_export, format), .words = export_words,
     .doc = "`json`: one object a line, as `weir log --json` has them. `syslog`: RFC 5424 with that object as its message. `cef`: "
            "the Common Event Format in a syslog message. `dnstap`: frame streams with what clients asked and got "
            "(response code and question; the records are not in it). All but dnstap are told the hash of the log on disk each minute."},
    {"export[].to", WR_SCHEMA_STRING, V01, RANGE(1, WR_URI_TEXT_MAX), IN(wr_conf_export, to), EXAMPLE("\"tls://192.0.2.9:6514#name=siem.example\""),
     .doc = "Where to: `file:///var/log/weir/queries.json`, `unix:///run/collector.sock`, `udp://192.0.2.9`, `tcp://192.0.2.9:601`, "
            "or `tls://` with what proves the collector, as in `upstream.groups[].servers` (`name=`, `pin=`, `addr=`). Ports of syslog and CEF are 514, "
            "601 and 6514 where none is written. Over TCP and TLS syslog counts octets (RFC 6587, RFC 5425). A file "
            "that is renamed is opened anew at a reload; one in a folder that weir did not write to before needs a restart."},
    {"export[].events", WR_SCHEMA_WORD, V01, DEFAULT("all"), IN(wr_conf_export, events), .words = export_events,
     .doc = "`all`, or `decisions`: what policy decided otherwise than to go on, and what changed."},
