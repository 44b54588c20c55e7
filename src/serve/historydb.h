/* SPDX-License-Identifier: Apache-2.0 */
/*
 * History database: counts of queries by minute, device and name, in a file of SQLite.
 *
 *   word     each name and each client once
 *   minute   how many queries of a device (or a client that is no known device) for a name in a minute, and what became of them
 *   meta     the number of the last event of the log that is counted, written with what it is counted in
 *
 * One connection, one thread, and nobody else: the file is locked for as long as it is open (locking_mode EXCLUSIVE), so no reader
 * holds up the writer, and there is no shared memory beside it. Write-ahead log: whoever dies in the middle of a write leaves what was
 * there before it. Of the file there are never more than `size_bytes`: before it is full the oldest eighth leaves (the caller says how much is to come).
 *
 * Errors: WR_E_FORMAT (it is no history: whole pages are wrong, or another program's), WR_E_DENIED (no plain file of our own), WR_E_FULL (the disk is),
 * WR_E_IO, WR_E_NOMEM; wr_historydb_why has SQLite's words.
 */
#ifndef WR_SERVE_HISTORYDB_H
#define WR_SERVE_HISTORYDB_H

#include <stdbool.h>
#include <stdint.h>

struct wr_historydb;

int wr_historydb_open(const char *path, uint64_t size_bytes, struct wr_historydb **ret_db);
void wr_historydb_close(struct wr_historydb *db); /* NULL is fine */
/* What went wrong last, of a thread, for people. */
const char *wr_historydb_why(void);
/* path -> path.bad, in place of an older one. */
int wr_historydb_aside(const char *path);

/* The number of the last event that is counted; 0: none. */
uint64_t wr_historydb_after(const struct wr_historydb *db);

struct wr_historydb_row {
    int64_t minute;     /* since 1970 */
    uint32_t device;    /* 0: not known, and then */
    const char *client; /* its address, or "" */
    const char *name;   /* as text; "": several */
    uint64_t queries, denied, failed, cached;
};

/* All between begin and end are counted, or none. `put` adds to what is there. After an error nothing of it is there; begin again. */
int wr_historydb_begin(struct wr_historydb *db);
int wr_historydb_put(struct wr_historydb *db, const struct wr_historydb_row *row);
int wr_historydb_end(struct wr_historydb *db, uint64_t after);
/* Minutes before this one leave, and the words that nobody has any more. Not between begin and end. */
int wr_historydb_prune(struct wr_historydb *db, int64_t before);
/* While there is room for less than `octets` the oldest eighth of the time that is in it leaves. Not between begin and end. What is put without room
 * is WR_E_FULL, as on a full disk. */
int wr_historydb_make_room(struct wr_historydb *db, uint64_t octets);

enum wr_historydb_by {
    WR_HISTORYDB_DEVICES = 0,
    WR_HISTORYDB_NAMES,
    WR_HISTORYDB_MINUTES,
    WR_HISTORYDB_BYS,
};

struct wr_historydb_want {
    enum wr_historydb_by by;
    int64_t since, until; /* minutes */
    bool has_device;
    uint32_t device;
    const char *client; /* "": any */
    const char *name;   /* it and all below it; "": any */
    uint32_t limit;
};
/* The largest first. What is not told apart is 0 or "" in the row, but `minute`: the last one. WR_E_AGAIN: it was interrupted. */
int wr_historydb_top(struct wr_historydb *db, const struct wr_historydb_want *want,
                     void (*each)(void *user, const struct wr_historydb_row *row), void *user);
/* From another thread: a long question ends early. */
void wr_historydb_interrupt(struct wr_historydb *db);

struct wr_historydb_figures {
    uint64_t file_bytes; /* of the file, without what waits in the write-ahead log */
    uint64_t written;    /* octets since it was opened, rather too many */
    uint64_t dropped;    /* times that the oldest eighth left for lack of room */
};
void wr_historydb_figures(struct wr_historydb *db, struct wr_historydb_figures *ret_figures);

#endif
