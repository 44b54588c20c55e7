/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/devicelog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/verb.h"
#include "conf/conf.h"
#include "conf/mistakes.h"
#include "dns/codes.h"
#include "policy/census.h"
#include "serve/logread.h"
#include "serve/offline.h"

struct wr_devicelog {
    struct wr_devicelog_want want;
    struct wr_conf *conf;
    struct wr_offline *offline;
    uint32_t number;     /* d12; 0: it is called otherwise */
    struct wr_addr addr; /* family WR_AF_NONE: likewise */
    uint32_t last;       /* the device that was looked at last, and if it is the one */
    bool last_own;
};

static int load(struct wr_devicelog *l)
{
    struct wr_mistakes *mistakes = malloc(sizeof(*mistakes));
    const char *path = l->want.config ? l->want.config : WR_CONF_PATH;
    bool is_there = l->want.config || access(path, F_OK) == 0;
    int err = WR_E_NOMEM;

    if (mistakes) {
        wr_mistakes_init(mistakes);
        err = is_there ? wr_conf_load(path, mistakes, &l->conf)
                       : wr_conf_read("", 0, mistakes, &l->conf);
        free(mistakes);
    }
    if (err != WR_OK) {
        fprintf(stderr, "weir %s: %s cannot be read; weir check says why\n", l->want.who, path);
        return WR_EXIT_FAILED;
    }
    if (!l->want.folder)
        l->want.folder = l->conf->log.path;
    if (!l->want.folder[0]) {
        fprintf(stderr,
                "weir %s: there is no %s%s: name the configuration with --config FILE, or the "
                "log's folder with --log PATH\n",
                l->want.who, is_there ? "log.path in " : "", path);
        return WR_EXIT_FAILED;
    }
    return WR_EXIT_OK;
}

static void no_note(void *user, const char *text)
{
}

int wr_devicelog_open(const struct wr_devicelog_want *want, struct wr_devicelog **ret_log)
{
    struct wr_devicelog *l = calloc(1, sizeof(*l));
    const char *text = want->device;
    uint64_t number = 0;

    if (!l) {
        fprintf(stderr, "weir %s: not enough memory\n", want->who);
        return WR_EXIT_FAILED;
    }
    l->want = *want;
    if (text && text[0] == 'd' &&
        wr_str_to_u64(text + 1, strlen(text + 1), UINT32_MAX, &number) == WR_OK)
        l->number = (uint32_t)number;
    if (text && wr_addr_from_text(text, &l->addr) != WR_OK)
        l->addr.family = WR_AF_NONE;
    int status = load(l);

    if (status == WR_EXIT_OK && wr_offline_open(l->conf, no_note, l, &l->offline) != WR_OK) {
        fprintf(stderr, "weir %s: this configuration cannot be used; weir policy test says why\n",
                want->who);
        status = WR_EXIT_FAILED;
    }
    if (status != WR_EXIT_OK) {
        wr_devicelog_close(l);
        return status;
    }
    *ret_log = l;
    return WR_EXIT_OK;
}

void wr_devicelog_close(struct wr_devicelog *l)
{
    if (!l)
        return;
    wr_offline_close(l->offline);
    wr_conf_free(l->conf);
    free(l);
}

static bool is_own(struct wr_devicelog *l, const struct wr_record *r)
{
    char name[WR_CENSUS_NAME_SIZE];

    if (!l->want.device)
        return false;
    if (l->addr.family != WR_AF_NONE)
        return wr_addr_same_ip(&l->addr, &r->client);
    if (r->device == 0)
        return false;
    if (r->device != l->last) {
        wr_offline_call(l->offline, r->device, name, sizeof(name));
        l->last = r->device;
        l->last_own = r->device == l->number || (name[0] && strcasecmp(name, l->want.device) == 0);
    }
    return l->last_own;
}

/* Did whoever asked get what there is? */
static bool is_answered(const struct wr_record *r)
{
    return wr_verdict_passes(&r->verdict) && r->source != WR_SOURCE_DROPPED &&
           r->rcode != WR_RCODE_REFUSED;
}

static void take(struct wr_devicelog *l, const struct wr_ledger_event *e, wr_devicelog_each *each,
                 void *user, struct wr_devicelog_sum *sum)
{
    const struct wr_record *r = &e->record;
    bool nobody = r->device == 0 && r->client.family == WR_AF_NONE;

    if (e->kind == WR_LEDGER_ROLLUP || (e->kind == WR_LEDGER_QUERY && nobody))
        sum->counted += e->kind == WR_LEDGER_ROLLUP ? e->count : 1;
    if (e->kind != WR_LEDGER_QUERY || nobody || e->name.size == 0)
        return;
    bool own = is_own(l, r);

    bool answered = is_answered(r);

    sum->own += own;
    sum->denied += own && !answered;
    sum->others += !own;
    if (own) {
        sum->from_s = r->wall_s < sum->from_s ? r->wall_s : sum->from_s;
        sum->to_s = r->wall_s > sum->to_s ? r->wall_s : sum->to_s;
    }
    each(user, e, own, answered);
}

int wr_devicelog_walk(struct wr_devicelog *l, wr_devicelog_each *each, void *user,
                      struct wr_devicelog_sum *ret_sum)
{
    const struct wr_logread_want want = {.since = l->want.since, .until = INT64_MAX};
    struct wr_logread *read = NULL;
    struct wr_logread_sum sum;
    struct wr_ledger_event e;
    int err = wr_logread_open(l->want.folder, &want, &read);

    *ret_sum = (struct wr_devicelog_sum){.from_s = INT64_MAX, .to_s = INT64_MIN};
    if (err != WR_OK) {
        fprintf(stderr, "weir %s: the log in %s cannot be read: %s\n", l->want.who, l->want.folder,
                err == WR_E_NOMEM ? "not enough memory" : strerror(errno));
        return WR_EXIT_FAILED;
    }
    while (wr_logread_step(read) == WR_OK)
        while (wr_logread_event(read, &e) == WR_OK)
            take(l, &e, each, user, ret_sum);
    wr_logread_sum(read, &sum);
    ret_sum->bad = sum.bad;
    wr_logread_close(read);
    return WR_EXIT_OK;
}
