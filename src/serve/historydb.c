/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/historydb.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/keepfile.h"

#define VERSION   1
#define PAGE      4096
#define PAGES_MIN 64
/* In a full file so many minutes leave at once: of eight; and so often, until there is room or nothing is left. */
#define PARTS     8
#define DROPS_MAX 64

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    WORD_FIND,
    WORD_ADD,
    PUT,
    AFTER_SET,
    PRUNE,
    WORDS_PRUNE,
    OLDEST,
    NEWEST,
    STATEMENTS,
};

static const char put_sql[] =
    "INSERT INTO minute VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
    "ON CONFLICT(minute, device, client, name) DO UPDATE SET queries = queries + ?5, "
    "denied = denied + ?6, failed = failed + ?7, cached = cached + ?8";
static const char words_prune_sql[] =
    "DELETE FROM word WHERE id NOT IN (SELECT name FROM minute UNION "
    "SELECT client FROM minute)";

static const char *const sql[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [WORD_FIND] = "SELECT id FROM word WHERE text = ?1",
    [WORD_ADD] = "INSERT INTO word(text) VALUES(?1)",
    [PUT] = put_sql,
    [AFTER_SET] = "INSERT OR REPLACE INTO meta VALUES('after', ?1)",
    [PRUNE] = "DELETE FROM minute WHERE minute < ?1",
    [WORDS_PRUNE] = words_prune_sql,
    [OLDEST] = "SELECT min(minute) FROM minute",
    [NEWEST] = "SELECT max(minute) FROM minute",
};

static const char *const schema =
    "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS word(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
    "CREATE TABLE IF NOT EXISTS minute(minute INTEGER, device INTEGER, client INTEGER, name "
    "INTEGER,"
    " queries INTEGER NOT NULL, denied INTEGER NOT NULL, failed INTEGER NOT NULL,"
    " cached INTEGER NOT NULL, PRIMARY KEY(minute, device, client, name)) WITHOUT ROWID;"
    "PRAGMA user_version = 1;";

struct wr_historydb {
    sqlite3 *db;
    sqlite3_stmt *statement[STATEMENTS];
    uint64_t after, dropped;
};

static _Thread_local char why[160];

static int code_of(int result)
{
    switch (result & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return WR_OK;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT: return WR_E_FORMAT;
    case SQLITE_FULL: return WR_E_FULL;
    case SQLITE_NOMEM: return WR_E_NOMEM;
    case SQLITE_INTERRUPT: return WR_E_AGAIN;
    default: return WR_E_IO;
    }
}

static int fail(struct wr_historydb *h, int result)
{
    int err = code_of(result);
    if (err != WR_OK) {
        snprintf(why, sizeof(why), "%s",
                 h->db != NULL ? sqlite3_errmsg(h->db) : sqlite3_errstr(result));
    }
    return err;
}

const char *wr_historydb_why(void)
{
    return why;
}

/* --- its life --- */

/* Ours, plain and closed to others; made when it is not there. */
static int check_file(const char *path)
{
    int fd = -1;
    int err = wr_keepfile_open(path, true, &fd);
    if (err == WR_OK && wr_keepfile_is_read_only(fd)) {
        errno = EROFS;
        err = WR_E_IO;
    }
    snprintf(why, sizeof(why), "%s", strerror(errno));
    if (fd >= 0) {
        close(fd);
    }
    return err;
}

static int execute(struct wr_historydb *h, const char *text)
{
    return fail(h, sqlite3_exec(h->db, text, NULL, NULL, NULL));
}

static int number(struct wr_historydb *h, const char *text, int64_t *ret)
{
    sqlite3_stmt *s = NULL;
    int result = sqlite3_prepare_v2(h->db, text, -1, &s, NULL);
    result = result == SQLITE_OK ? sqlite3_step(s) : result;
    if (result == SQLITE_ROW) {
        *ret = sqlite3_column_int64(s, 0);
    }
    int err = fail(h, result);
    sqlite3_finalize(s);
    return err;
}

static int set_up(struct wr_historydb *h, uint64_t size_bytes)
{
    char text[160];
    uint64_t pages = size_bytes / PAGE;
    int64_t version = 0, after = 0;
    snprintf(text, sizeof(text), "PRAGMA max_page_count = %llu",
             (unsigned long long)(pages < PAGES_MIN ? PAGES_MIN : pages));
    int err = execute(h, "PRAGMA page_size = 4096; PRAGMA locking_mode = EXCLUSIVE; "
                         "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
                         "PRAGMA journal_size_limit = 1048576; PRAGMA wal_autocheckpoint = 256; "
                         "PRAGMA cache_size = -1024; PRAGMA temp_store = MEMORY; "
                         "PRAGMA trusted_schema = OFF");
    err = err == WR_OK ? number(h, "PRAGMA user_version", &version) : err;
    if (err == WR_OK && version != 0 && version != VERSION) {
        snprintf(why, sizeof(why), "it is no history of this version of weir");
        return WR_E_FORMAT;
    }
    err = err == WR_OK ? execute(h, schema) : err;
    err = err == WR_OK ? execute(h, text) : err;
    err = err == WR_OK ? number(h, "SELECT value FROM meta WHERE key = 'after'", &after) : err;
    for (unsigned i = 0; i < STATEMENTS && err == WR_OK; i++) {
        err = fail(h, sqlite3_prepare_v3(h->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                         &h->statement[i], NULL));
    }
    h->after = (uint64_t)after;
    /* SQL that is wrong for what is there: another program's. */
    return err == WR_E_IO && sqlite3_errcode(h->db) == SQLITE_ERROR ? WR_E_FORMAT : err;
}

int wr_historydb_open(const char *path, uint64_t size_bytes, struct wr_historydb **ret_db)
{
    int err = check_file(path);
    if (err != WR_OK) {
        return err;
    }
    struct wr_historydb *h = calloc(1, sizeof(*h));
    if (h == NULL) {
        return WR_E_NOMEM;
    }
    err = fail(h, sqlite3_open_v2(
                      path, &h->db,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL));
    err = err == WR_OK ? set_up(h, size_bytes) : err;
    if (err != WR_OK) {
        wr_historydb_close(h);
        return err;
    }
    *ret_db = h;
    return WR_OK;
}

void wr_historydb_close(struct wr_historydb *h)
{
    if (h == NULL) {
        return;
    }
    for (unsigned i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(h->statement[i]);
    }
    sqlite3_close(h->db);
    free(h);
}

int wr_historydb_aside(const char *path)
{
    char other[WR_KEEPFILE_PATH_MAX];
    snprintf(other, sizeof(other), "%s-wal", path);
    if (unlink(other) != 0 && errno != ENOENT) { /* it belongs to what is put aside */
        return WR_E_IO;
    }
    return wr_keepfile_aside(path);
}

uint64_t wr_historydb_after(const struct wr_historydb *h)
{
    return h->after;
}

/* --- writing --- */

/* One step of a statement that gives no row or one. */
static int step(struct wr_historydb *h, enum statement which, int64_t *ret_number)
{
    sqlite3_stmt *s = h->statement[which];
    int result = sqlite3_step(s);
    if (result == SQLITE_ROW && ret_number != NULL) {
        *ret_number = sqlite3_column_int64(s, 0);
    }
    int err = result == SQLITE_DONE && ret_number != NULL ? WR_E_NOTFOUND : fail(h, result);
    sqlite3_reset(s);
    return err;
}

int wr_historydb_begin(struct wr_historydb *h)
{
    return step(h, BEGIN, NULL);
}

/* What is begun ends without a trace; SQLite may have ended it by itself. */
static int undo(struct wr_historydb *h, int err)
{
    if (err != WR_OK && sqlite3_get_autocommit(h->db) == 0) {
        char said[sizeof(why)];
        memcpy(said, why, sizeof(said));
        (void)step(h, ROLLBACK, NULL);
        memcpy(why, said, sizeof(why));
    }
    return err;
}

static int word_of(struct wr_historydb *h, const char *text, int64_t *ret_id)
{
    sqlite3_bind_text(h->statement[WORD_FIND], 1, text, -1, SQLITE_STATIC);
    int err = step(h, WORD_FIND, ret_id);
    if (err != WR_E_NOTFOUND) {
        return err;
    }
    sqlite3_bind_text(h->statement[WORD_ADD], 1, text, -1, SQLITE_STATIC);
    err = step(h, WORD_ADD, NULL);
    *ret_id = sqlite3_last_insert_rowid(h->db);
    return err;
}

int wr_historydb_put(struct wr_historydb *h, const struct wr_historydb_row *row)
{
    int64_t client = 0, name = 0;
    int err = word_of(h, row->client, &client);
    err = err == WR_OK ? word_of(h, row->name, &name) : err;
    if (err == WR_OK) {
        const int64_t v[] = {row->minute,
                             row->device,
                             client,
                             name,
                             (int64_t)row->queries,
                             (int64_t)row->denied,
                             (int64_t)row->failed,
                             (int64_t)row->cached};
        for (int i = 0; i < (int)(sizeof(v) / sizeof(v[0])); i++) {
            sqlite3_bind_int64(h->statement[PUT], i + 1, v[i]);
        }
        err = step(h, PUT, NULL);
    }
    return undo(h, err);
}

int wr_historydb_end(struct wr_historydb *h, uint64_t after)
{
    sqlite3_bind_int64(h->statement[AFTER_SET], 1, (int64_t)after);
    int err = step(h, AFTER_SET, NULL);
    err = err == WR_OK ? step(h, COMMIT, NULL) : err;
    h->after = err == WR_OK ? after : h->after;
    return undo(h, err);
}

int wr_historydb_prune(struct wr_historydb *h, int64_t before)
{
    sqlite3_bind_int64(h->statement[PRUNE], 1, before);
    int err = step(h, PRUNE, NULL);
    if (err == WR_OK && sqlite3_changes(h->db) > 0) {
        err = step(h, WORDS_PRUNE, NULL);
    }
    return err;
}

static int drop_oldest(struct wr_historydb *h)
{
    int64_t oldest = 0, newest = 0;
    int err = step(h, OLDEST, &oldest);
    err = err == WR_OK ? step(h, NEWEST, &newest) : err;
    h->dropped++;
    return err == WR_OK ? wr_historydb_prune(h, oldest + (newest - oldest) / PARTS + 1) : err;
}

static int room_of(struct wr_historydb *h, uint64_t *ret_octets)
{
    int64_t pages = 0, max = 0, free_pages = 0;
    int err = number(h, "PRAGMA page_count", &pages);
    err = err == WR_OK ? number(h, "PRAGMA max_page_count", &max) : err;
    err = err == WR_OK ? number(h, "PRAGMA freelist_count", &free_pages) : err;
    *ret_octets = err == WR_OK && pages - free_pages < max
                      ? (uint64_t)(max - (pages - free_pages)) * PAGE
                      : 0;
    return err;
}

int wr_historydb_make_room(struct wr_historydb *h, uint64_t octets)
{
    uint64_t room = 0;
    int err = room_of(h, &room);
    for (unsigned i = 0; i < DROPS_MAX && err == WR_OK && room < octets; i++) {
        err = drop_oldest(h);
        err = err == WR_OK ? room_of(h, &room) : err;
    }
    return err;
}

/* --- looking --- */

#define WORDS                                                                                      \
    " FROM minute m JOIN word n ON n.id = m.name JOIN word c ON c.id = m.client"                   \
    " WHERE m.minute BETWEEN ?1 AND ?2 AND (?3 < 0 OR m.device = ?3) AND (?4 = '' OR c.text = ?4)" \
    " AND (?5 = '' OR n.text = ?5 OR substr(n.text, -length(?5) - 1) = '.' || ?5)"
#define SUMS " sum(queries) AS q, sum(denied), sum(failed), sum(cached), max(m.minute)"
#define LAST " ORDER BY q DESC, max(m.minute) DESC LIMIT ?6"

static const char *const top[WR_HISTORYDB_BYS] = {
    [WR_HISTORYDB_DEVICES] =
        "SELECT m.device, c.text, ''," SUMS WORDS " GROUP BY m.device, m.client" LAST,
    [WR_HISTORYDB_NAMES] = "SELECT 0, '', n.text," SUMS WORDS " GROUP BY m.name" LAST,
    [WR_HISTORYDB_MINUTES] = "SELECT 0, '', ''," SUMS WORDS " GROUP BY m.minute" LAST,
};

int wr_historydb_top(struct wr_historydb *h, const struct wr_historydb_want *want,
                     void (*each)(void *user, const struct wr_historydb_row *row), void *user)
{
    sqlite3_stmt *s = NULL;
    int result = sqlite3_prepare_v2(h->db, top[want->by], -1, &s, NULL);
    if (result != SQLITE_OK) {
        return fail(h, result);
    }
    sqlite3_bind_int64(s, 1, want->since);
    sqlite3_bind_int64(s, 2, want->until);
    sqlite3_bind_int64(s, 3, want->has_device ? (int64_t)want->device : -1);
    sqlite3_bind_text(s, 4, want->client, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 5, want->name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 6, want->limit);
    while ((result = sqlite3_step(s)) == SQLITE_ROW) {
        const struct wr_historydb_row row = {.device = (uint32_t)sqlite3_column_int64(s, 0),
                                             .client = (const char *)sqlite3_column_text(s, 1),
                                             .name = (const char *)sqlite3_column_text(s, 2),
                                             .queries = (uint64_t)sqlite3_column_int64(s, 3),
                                             .denied = (uint64_t)sqlite3_column_int64(s, 4),
                                             .failed = (uint64_t)sqlite3_column_int64(s, 5),
                                             .cached = (uint64_t)sqlite3_column_int64(s, 6),
                                             .minute = sqlite3_column_int64(s, 7)};
        if (row.client != NULL && row.name != NULL) { /* without memory they are NULL */
            each(user, &row);
        }
    }
    int err = fail(h, result);
    sqlite3_finalize(s);
    return err;
}

void wr_historydb_interrupt(struct wr_historydb *h)
{
    sqlite3_interrupt(h->db);
}

void wr_historydb_figures(struct wr_historydb *h, struct wr_historydb_figures *ret_figures)
{
    int64_t pages = 0;
    int current = 0, most = 0;
    (void)number(h, "PRAGMA page_count", &pages);
    (void)sqlite3_db_status(h->db, SQLITE_DBSTATUS_CACHE_WRITE, &current, &most, 0);
    *ret_figures = (struct wr_historydb_figures){
        .file_bytes = (uint64_t)pages * PAGE,
        .written = 2 * (uint64_t)current * PAGE, /* into the log, and from there into the file */
        .dropped = h->dropped};
}
