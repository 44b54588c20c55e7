/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/logverify.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/table.h"
#include "cli/when.h"
#include "conf/conf.h"
#include "conf/mistakes.h"
#include "serve/logread.h"

struct verdict {
    bool whole, has_head, found_head;
    uint64_t head_event; /* the number of the last event up to it */
    char head[2 * WR_LOGBLOCK_HASH + 1];
    char trouble[220];
    struct wr_logread_sum sum;
};

/* The folder of the configuration, or NULL after a sentence. */
static const char *find_folder(const char *path, struct wr_conf **ret_conf)
{
    struct wr_mistakes *mistakes = malloc(sizeof(*mistakes));
    int err = WR_E_NOMEM;

    if (mistakes) {
        wr_mistakes_init(mistakes);
        err = path || access(WR_CONF_PATH, F_OK) == 0
                  ? wr_conf_load(path ? path : WR_CONF_PATH, mistakes, ret_conf)
                  : wr_conf_read("", 0, mistakes, ret_conf);
        free(mistakes);
    }
    if (err != WR_OK) {
        fprintf(stderr, "weir log: the configuration cannot be read; weir check says why\n");
        return NULL;
    }
    if (!(*ret_conf)->log.path[0]) {
        fprintf(stderr, "weir log: log.path is not set: name the folder\n");
        return NULL;
    }
    return (*ret_conf)->log.path;
}

static void walk(struct wr_logread *r, const uint8_t *head, struct verdict *v)
{
    struct wr_str text;
    int err;

    while ((err = wr_logread_step(r)) == WR_OK) {
        if (head && !memcmp(wr_logread_head(r), head, WR_LOGBLOCK_HASH)) {
            wr_logread_sum(r, &v->sum);
            v->found_head = true;
            v->head_event = v->sum.last;
        }
    }
    wr_logread_sum(r, &v->sum);
    v->whole = err == WR_E_NOTFOUND && v->sum.bad == 0;
    snprintf(v->trouble, sizeof(v->trouble), "%s", wr_logread_trouble(r));
    wr_str_init(&text, v->head, sizeof(v->head));
    wr_str_hex(&text, wr_logread_head(r), WR_LOGBLOCK_HASH);
    if (v->whole && v->has_head && !v->found_head) {
        v->whole = false;
        snprintf(v->trouble, sizeof(v->trouble),
                 "the hash stands nowhere in it: its end was cut off, it was made anew, or that "
                 "part was removed to keep log.max_size");
    }
}

static json_t *to_json(const struct verdict *v)
{
    char from[32], to[32];
    json_t *j = json_object();

    wr_when_text(v->sum.from_s, from, sizeof(from));
    wr_when_text(v->sum.to_s, to, sizeof(to));
    json_object_set_new(j, "whole", json_boolean(v->whole));
    json_object_set_new(j, "trouble", v->trouble[0] ? json_string(v->trouble) : json_null());
    json_object_set_new(j, "segments", json_integer((json_int_t)v->sum.segments));
    json_object_set_new(j, "blocks", json_integer((json_int_t)v->sum.blocks));
    json_object_set_new(j, "events", json_integer((json_int_t)v->sum.events));
    json_object_set_new(j, "octets", json_integer((json_int_t)v->sum.octets));
    json_object_set_new(j, "first", json_integer((json_int_t)v->sum.first));
    json_object_set_new(j, "last", json_integer((json_int_t)v->sum.last));
    json_object_set_new(j, "from", v->sum.blocks ? json_string(from) : json_null());
    json_object_set_new(j, "to", v->sum.blocks ? json_string(to) : json_null());
    json_object_set_new(j, "unfinished_octets", json_integer((json_int_t)v->sum.unfinished));
    json_object_set_new(j, "head", json_string(v->head));
    if (v->has_head)
        json_object_set_new(j, "proven_up_to",
                            v->found_head ? json_integer((json_int_t)v->head_event) : json_null());
    return j;
}

int wr_logverify_run(const struct wr_logverify_want *want, const struct wr_opts *opts)
{
    const struct wr_logread_want all = {.since = INT64_MIN, .until = INT64_MAX, .verify = true};
    struct verdict v = {.has_head = want->head != NULL};
    struct wr_conf *conf = NULL;
    struct wr_logread *r = NULL;
    uint8_t head[WR_LOGBLOCK_HASH];
    size_t n = 0;

    if (want->head &&
        (wr_enc_from_hex(want->head, strlen(want->head), head, sizeof(head), &n) != WR_OK ||
         n != sizeof(head)))
        return wr_opts_misused(opts, "--head wants the 64 hexadecimal digits of a hash");
    const char *folder = want->folder ? want->folder : find_folder(want->config, &conf);
    if (!folder)
        return 1;
    int err = wr_logread_open(folder, &all, &r);
    if (err != WR_OK) {
        fprintf(stderr, "weir log: %s: %s\n", folder,
                err == WR_E_NOMEM ? "no memory" : strerror(errno));
        wr_conf_free(conf);
        return 1;
    }
    walk(r, want->head ? head : NULL, &v);
    wr_logread_close(r);
    wr_conf_free(conf);
    json_t *j = to_json(&v);
    if (want->json) {
        json_dumpf(j, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        wr_table_print(j, stdout);
    }
    json_decref(j);
    return v.whole ? 0 : 1;
}
