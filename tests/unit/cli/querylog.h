/* SPDX-License-Identifier: Apache-2.0 */
/* A log on disk with queries of two clients in the last days, for verbs that read it. */
#ifndef WEIR_TESTS_QUERYLOG_H
#define WEIR_TESTS_QUERYLOG_H

#include "unit/serve/logs.h"

#include <time.h>

#include "serve/logsegment.h"

struct querylog_query {
    const char *name;
    uint8_t client; /* the last octet of its address */
    int ago_s;
    uint16_t rcode;
    uint8_t action;
    bool shadow;
};

static const struct querylog_query querylog[] = {
    {"api.example.com", 3, 9000, 0, 0, false},
    {"a.ch.example.com", 3, 9000, 0, 0, false},
    {"b.ch.example.com", 3, 9000, 0, 0, false},
    {"made-up.example.net", 3, 9000, 3, 0, false},
    {"once.example.net", 3, 9 * 86400, 0, 0, false},
    {"denied.example.org", 3, 9000, 3, WR_VERDICT_NXDOMAIN, false},
    {"shadow.example.org", 3, 9000, 0, WR_VERDICT_NXDOMAIN, true},
    {"other.example.net", 4, 9000, 0, 0, false},
};

enum { QUERIES = sizeof(querylog) / sizeof(querylog[0]) };

/* And `more` names of a third client. */
static inline void querylog_write(const char *folder, uint32_t more)
{
    static const uint8_t none[WR_LOGBLOCK_HASH];
    struct wr_logblock_writer *w;
    struct wr_logblock_head head;
    struct wr_logsegment s;
    struct wr_ledger_event e;
    const uint8_t *bytes = NULL;
    int fd;
    assert_int_equal(wr_logfolder_open(folder, true, &fd), WR_OK);
    assert_int_equal(wr_logblock_create(&w), WR_OK);
    assert_int_equal(wr_logsegment_begin(fd, 1, 1, none, 1, &s), WR_OK);
    for (uint32_t i = 0; i < QUERIES + more; i++) {
        struct querylog_query q = {.client = 5};
        char name[32];
        snprintf(name, sizeof(name), "n%u.example.org", (unsigned)i);
        q = i < QUERIES ? querylog[i] : q;
        q.name = q.name != NULL ? q.name : name;
        logs_event(2 * i + 1, &e);
        e.number = i + 1;
        e.record.wall_s = (int64_t)time(NULL) - q.ago_s;
        e.record.client = (struct wr_addr){.family = WR_AF_V4, .ip = {192, 0, 2, q.client}};
        e.record.rcode = q.rcode;
        e.record.verdict.action = q.action;
        e.record.verdict.shadow = q.shadow;
        assert_int_equal(wr_name_from_text(q.name, strlen(q.name), &e.name), WR_OK);
        e.record.name_size = e.name.size;
        assert_int_equal(wr_logblock_add(w, &e), WR_OK);
    }
    size_t size = wr_logblock_build(w, s.hash, &bytes, &head);
    assert_int_equal(wr_logsegment_append(&s, bytes, size, &head), WR_OK);
    wr_logsegment_close(&s);
    wr_logblock_destroy(w);
    close(fd);
}

#endif
