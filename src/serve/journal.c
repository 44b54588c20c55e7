/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "net/clock.h"
#include "serve/historyverb.h"
#include "serve/put.h"
#include "serve/say.h"
#include "serve/serve.h"

/* Whoever reads the ledger behind its thread is given so much time: 160 ms at 100 000 events a second. */
#define READERS_EVENTS 16384
/* Octets of a configuration that are digested; no file is larger (conf/yaml). */
#define CONFIG_MAX ((size_t)4 << 20)

static void disk_conf(const struct wr_conf *c, struct wr_logdisk_conf *ret)
{
    *ret = (struct wr_logdisk_conf){.path = c->log.path,
                                    .size_bytes = c->log.size_bytes,
                                    .budget_per_day_bytes = c->log.budget_per_day_bytes,
                                    .interval_ms = c->log.interval_ms};
}

int wr_journal_open(struct wr_serve *s)
{
    const struct wr_conf *c = s->first_conf;
    bool disk = c->log.path[0] != 0;
    uint32_t events = c->log.events;
    struct wr_now now;
    wr_clock_read(&s->clock, &now);
    if ((disk || c->export.count > 0) && events < READERS_EVENTS) {
        events = READERS_EVENTS;
    }
    int err = wr_ledger_create(s->workers, events, &s->ledger);
    if (err != WR_OK) {
        return err;
    }
    wr_ledger_name(s->ledger, s->labels);
    wr_ledger_hide(s->ledger, (enum wr_ledger_privacy)c->log.privacy);
    wr_journal_upstreams(s);
    if (disk) {
        struct wr_logdisk_conf conf;
        disk_conf(c, &conf);
        err = wr_logdisk_open(&conf, s->ledger, &now, &s->logdisk);
        err = err == WR_OK ? wr_historyverb_open(s) : err;
    }
    return err == WR_OK ? wr_exports_create(s->ledger, s->logdisk, &s->exports) : err;
}

/* Who is told what happens, by the configuration in force. */
static void change_exports(struct wr_serve *s)
{
    const struct wr_exports_setup setup = {.conf = s->conf,
                                           .creds = s->authorities.creds,
                                           .system_clock = s->gate->settings.prove.system_clock,
                                           .floor_s = s->gate->settings.prove.floor_s};
    if (wr_exports_change(s->exports, &setup) != WR_OK) {
        wr_say(WR_LOG_ERROR, "no memory for all of export");
    }
}

int wr_journal_run(struct wr_serve *s, void (*grown)(void *user))
{
    int err = wr_ledger_run(s->ledger, grown, s);
    wr_journal_settled(s);
    err = err == WR_OK && s->logdisk != NULL ? wr_logdisk_run(s->logdisk) : err;
    return err == WR_OK ? wr_historyverb_run(s) : err;
}

void wr_journal_upstreams(struct wr_serve *s)
{
    for (unsigned i = 0; i < WR_UPSTREAMS_MAX; i++) {
        if (s->slots.url[i][0] != 0) {
            wr_ledger_upstream(s->ledger, (uint8_t)i, wr_labels_number(s->labels, s->slots.url[i]));
        }
    }
}

/* The first octets of SHA-256 of the file, as hex; "" when it cannot be read. */
static void digest_config(const char *path, char ret[33])
{
    uint8_t hash[WR_DIGEST_MAX];
    struct wr_str text;
    char *bytes = NULL;
    FILE *f = path == NULL ? NULL : fopen(path, "re");
    ret[0] = 0;
    if (f != NULL && (bytes = malloc(CONFIG_MAX)) != NULL) {
        size_t n = fread(bytes, 1, CONFIG_MAX, f);
        if (ferror(f) == 0 && wr_digest_of(WR_HASH_SHA256, bytes, n, hash) == WR_OK) {
            wr_str_init(&text, ret, 33);
            wr_str_hex(&text, hash, 16);
        }
    }
    free(bytes);
    if (f != NULL) {
        fclose(f);
    }
}

void wr_journal_settled(struct wr_serve *s)
{
    char text[WR_LEDGER_TEXT_SIZE], digest[33];
    struct wr_logdisk_conf conf;
    struct wr_now now;
    change_exports(s);
    if (s->logdisk == NULL && s->conf->export.count == 0) {
        return; /* memory is gone when somebody wants to know */
    }
    if (s->logdisk != NULL) {
        disk_conf(s->conf, &conf);
        wr_logdisk_change(s->logdisk, &conf);
        wr_historyverb_change(s);
    }
    wr_clock_read(&s->clock, &now);
    digest_config(s->config, digest);
    snprintf(text, sizeof(text), "settings %llu in force, sha256 of the configuration begins %s",
             (unsigned long long)s->gate->settings.serial, digest[0] != 0 ? digest : "(none)");
    wr_ledger_note(s->ledger, WR_LEDGER_POLICY, now.wall_s, now.mono_us, text);
}

void wr_journal_stop(struct wr_serve *s)
{
    struct wr_now now;
    if (s->ledger == NULL) {
        return;
    }
    wr_ledger_stop(s->ledger);
    wr_clock_read(&s->clock, &now);
    wr_ledger_note(s->ledger, WR_LEDGER_LOG, now.wall_s, now.mono_us, "weir stopped");
    wr_exports_stop(s->exports);
    wr_exports_destroy(s->exports);
    s->exports = NULL;
    wr_historyverb_stop(s, &now);
    wr_logdisk_close(s->logdisk, &now);
    s->logdisk = NULL;
}

void wr_journal_free(struct wr_serve *s)
{
    wr_ledger_destroy(s->ledger);
    s->ledger = NULL;
}

static void put_hash(struct wr_json *j, const char *key, const uint8_t hash[WR_LOGBLOCK_HASH])
{
    char text[2 * WR_LOGBLOCK_HASH + 1];
    struct wr_str s;
    wr_str_init(&s, text, sizeof(text));
    wr_str_hex(&s, hash, WR_LOGBLOCK_HASH);
    wr_json_text(j, key, text);
}

void wr_journal_report(struct wr_serve *s, struct wr_json *j, const char *key)
{
    struct wr_logdisk_status d;
    struct wr_now now;
    if (s->conf->export.count > 0) {
        wr_exports_report(s->exports, j, "exports");
    }
    if (s->logdisk == NULL) {
        return;
    }
    wr_clock_read(&s->clock, &now);
    wr_logdisk_status(s->logdisk, &now, &d);
    wr_json_object(j, key);
    wr_json_bool(j, "writing", d.writing);
    wr_json_text(j, "problem", d.problem[0] != 0 ? d.problem : NULL);
    wr_json_bool(j, "counts_only", d.coarse);
    wr_json_u64(j, "written", d.written);
    wr_json_u64(j, "counted", d.counted);
    wr_json_u64(j, "lost", d.lost);
    wr_json_u64(j, "failures", d.failures);
    wr_json_u64(j, "bytes", d.bytes);
    wr_json_u64(j, "budget_bytes", d.budget_bytes);
    wr_json_u64(j, "bytes_today", d.bytes_today);
    wr_json_u64(j, "size_bytes", d.size_bytes);
    wr_json_u64(j, "folder_bytes", d.folder_bytes);
    wr_json_u64(j, "segments", d.segments);
    wr_json_u64(j, "last", d.last);
    put_hash(j, "head", d.head);
    wr_historyverb_put(s, &now, j, "history");
    wr_json_end(j);
}
