/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of the log: events, a ledger that has some, and a folder that is gone afterwards. */
#ifndef WEIR_TESTS_LOGS_H
#define WEIR_TESTS_LOGS_H

#include "unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "dns/codes.h"
#include "dns/rrset.h"
#include "serve/ledger.h"

/* A query by one of 20 clients for one of 50 names; the rest is as irregular as in life. */
static inline void logs_event(uint32_t n, struct wr_ledger_event *ret)
{
    char text[64];
    uint64_t chance = wr_hash_mix(n);
    memset(ret, 0, sizeof(*ret));
    ret->number = n;
    ret->record.wall_s = 1700000000 + n / 4;
    ret->record.mono_us = 5000000 + (uint64_t)n * 250013 + chance % 100000;
    ret->record.client.family = n % 2 ? WR_AF_V4 : WR_AF_V6;
    ret->record.client.ip[0] = n % 2 ? 192 : 0x20;
    ret->record.client.ip[3] = (uint8_t)(n % 20);
    ret->record.qtype = n % 3 ? WR_TYPE_A : WR_TYPE_AAAA;
    ret->record.source = WR_SOURCE_CACHE;
    ret->record.security = WR_SECURITY_SECURE;
    ret->record.ede = WR_EDE_NONE;
    ret->record.upstream = 255;
    ret->record.took_us = 20 + (uint32_t)(chance >> 20) % 3000;
    ret->record.reply_size = 60;
    snprintf(text, sizeof(text), "host-%u.Vendor.example", (unsigned)(chance >> 40) % 50);
    assert_int_equal(wr_name_from_text(text, strlen(text), &ret->name), WR_OK);
    ret->record.name_size = ret->name.size;
    ret->upstream = ret->rule = ret->feed = ret->segment = "";
}

/* As the engine writes it. False: the ring is full. */
static inline bool logs_put(struct wr_ring *ring, const struct wr_ledger_event *e)
{
    uint8_t *at = wr_ring_reserve(ring, (uint32_t)(sizeof(e->record) + e->name.size));
    if (at == NULL) {
        return false;
    }
    memcpy(at, &e->record, sizeof(e->record));
    memcpy(at + sizeof(e->record), e->name.wire, e->name.size);
    wr_ring_commit(ring);
    return true;
}

/* Events first..last go through the ring into the ledger. */
static inline void logs_feed(struct wr_ledger *l, uint32_t first, uint32_t last)
{
    struct wr_ledger_event e;
    for (uint32_t n = first; n <= last; n++) {
        logs_event(n, &e);
        while (!logs_put(&wr_ledger_rings(l)[0], &e)) {
            wr_ledger_catch_up(l);
        }
    }
    wr_ledger_catch_up(l);
}

static inline void logs_folder(char ret[64])
{
    snprintf(ret, 64, "/tmp/weir-test-log-XXXXXX");
    assert_non_null(mkdtemp(ret));
}

static inline void logs_remove(const char *folder)
{
    char path[400];
    DIR *dir = opendir(folder);
    struct dirent *entry;
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.') {
            assert_int_equal(unlink(path), 0);
        }
    }
    closedir(dir);
    assert_int_equal(rmdir(folder), 0);
}

#endif
