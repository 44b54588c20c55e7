/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/policycompile.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/err.h"
#include "base/time.h"
#include "policy/rpzbuild.h"

enum { TOLD_MAX = 8 }; /* records that were set aside, told one by one; the rest is counted */

/* The records of one zone on their way into a block. */
struct making {
    const struct wr_names *names;
    const struct wr_names_hooks *hooks;
    uint32_t rejects;
};

static void get_record(const void *user, uint32_t i, struct wr_rpzbuild_record *ret)
{
    const struct making *m = user;
    const struct wr_names_record *r = &m->names->item[i];
    *ret = (struct wr_rpzbuild_record){.owner = r->r.owner,
                                       .rdata = r->r.rdata,
                                       .ttl = r->r.ttl,
                                       .line = r->line,
                                       .type = r->r.type,
                                       .size = r->r.size};
}

static void reject(void *user, uint32_t i, const char *why)
{
    struct making *m = user;
    const struct wr_names_record *r = &m->names->item[i];
    char name[WR_NAME_TEXT_SIZE], text[WR_NAME_TEXT_SIZE + 128];
    if (m->rejects++ < TOLD_MAX) {
        (void)wr_name_to_text(r->r.owner, name, sizeof(name));
        snprintf(text, sizeof(text), "%s: %s; this record is set aside", name, why);
        m->hooks->tell(m->hooks->user, WR_NAMES_MISTAKE, m->names->file, r->line, text);
    }
}

static uint64_t mono_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * WR_S + (uint64_t)t.tv_nsec / 1000;
}

static int build(const struct making *m, const uint8_t *zone, const struct wr_hash_key *key,
                 struct wr_policyzone *z)
{
    struct wr_rpzbuild_input in = {.zone = zone,
                                   .records = m->names->count,
                                   .key = *key,
                                   .record = get_record,
                                   .reject = reject,
                                   .user = (void *)(uintptr_t)m};
    size_t size = wr_rpzbuild_size(&in);
    if (size == SIZE_MAX) {
        return WR_E_LIMIT;
    }
    z->block = malloc(size);
    return z->block == NULL ? WR_E_NOMEM : wr_rpzbuild(z->block, size, &in, &z->rpz);
}

int wr_policycompile(const struct wr_names *names, const uint8_t *zone,
                     const struct wr_hash_key *key, const struct wr_names_hooks *hooks,
                     struct wr_policyzone **ret_zone)
{
    struct making m = {names, hooks, 0};
    uint64_t began_us = mono_us();
    struct wr_policyzone *z = calloc(1, sizeof(*z));
    int err = z == NULL ? WR_E_NOMEM : build(&m, zone, key, z);
    if (err != WR_OK) {
        free(z != NULL ? z->block : NULL);
        free(z);
        return err;
    }
    if (m.rejects > TOLD_MAX) {
        char text[64];
        snprintf(text, sizeof(text), "%u records were set aside in all", m.rejects);
        hooks->tell(hooks->user, WR_NAMES_MISTAKE, names->file, 0, text);
    }
    atomic_init(&z->held, 1);
    z->rejects = m.rejects;
    z->compile_us = mono_us() - began_us;
    *ret_zone = z;
    return WR_OK;
}

struct wr_policyzone *wr_policyzone_hold(struct wr_policyzone *z)
{
    atomic_fetch_add(&z->held, 1);
    return z;
}

void wr_policyzone_let_go(struct wr_policyzone *z)
{
    if (z != NULL && atomic_fetch_sub(&z->held, 1) == 1) {
        free(z->block);
        free(z);
    }
}
