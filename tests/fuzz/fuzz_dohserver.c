/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DoH server: the first octet says which version of HTTP and how the rest is cut; the rest is what a client sends (behind the
 * preface and a SETTINGS frame, over HTTP/2). Every other query is answered at once, the others later or never. However HTTP/1.1 is
 * cut, the same queries come out in the same order; memory stays within its bound and all of it is given back.
 */
#include "fuzz/fuzz.h"

#include "base/err.h"
#include "transport/dohserver.h"

enum { MESSAGE_MAX = 300, QUERIES_MAX = 40, SLACK = 256 * 1024 };

static const struct wr_doh_site site = {
    .resource =
        {
            {"/dns-query", WR_DOH_DNS, WR_HTTP_TYPE_DNS, WR_DOH_GET | WR_DOH_POST, true},
            {"/dns-query", WR_DOH_OBLIVIOUS, WR_HTTP_TYPE_ODOH, WR_DOH_POST, false},
            {"/c", WR_DOH_ODOH_CONFIGS, WR_HTTP_TYPE_OCTETS, WR_DOH_GET, false},
        },
    .count = 3,
    .message_max = MESSAGE_MAX,
};

struct sum {
    uint64_t hash;
    unsigned queries, owed;
    uint64_t stream[QUERIES_MAX];
    long pieces;
};

static void take(struct sum *sum, const struct wr_doh_query *q)
{
    sum->queries++;
    sum->hash = sum->hash * 31 + q->kind + q->method;
    for (size_t i = 0; i < q->size; i++) {
        sum->hash = sum->hash * 31 + q->bytes[i];
    }
    for (size_t i = 0; i < q->claim.n; i++) {
        sum->hash = sum->hash * 31 + (uint8_t)q->claim.at[i];
    }
    promise(q->size <= MESSAGE_MAX && q->claim.n <= WR_DOH_CLAIM_MAX);
    promise(q->kind != WR_DOH_DNS || (q->size >= 12 && (q->bytes[2] & 0x80) == 0));
}

static void output(struct wr_dohserver *s)
{
    uint8_t bytes[777];

    for (int i = 0; i < 10000 && wr_dohserver_output(s, bytes, sizeof(bytes)) > 0; i++) {
    }
}

static void run_queries(struct wr_dohserver *s, struct sum *sum)
{
    uint8_t room[MESSAGE_MAX];
    struct wr_doh_query q;

    while (wr_dohserver_next(s, room, &q) == WR_OK) {
        take(sum, &q);
        if (s->version == WR_HTTP_1_1 || sum->queries % 2 == 0 || sum->owed == QUERIES_MAX) {
            (void)wr_dohserver_answer(s, q.stream, q.bytes, q.size);
        } else {
            sum->stream[sum->owed++] = q.stream;
        }
    }
}

static void run(struct sum *sum, uint8_t version, const uint8_t *data, size_t size, size_t step)
{
    struct wr_dohserver_setup setup = {version, &site, {fuzz_resize, &sum->pieces}};
    struct wr_dohserver s;

    promise(wr_dohserver_start(&s, &setup, 1000000) == WR_OK);
    if (version == WR_HTTP_2) {
        static const uint8_t hello[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";
        promise(wr_dohserver_feed(&s, hello, sizeof(hello), 1000000) == WR_OK);
    }
    for (size_t at = 0; at < size; at += step) {
        int err =
            wr_dohserver_feed(&s, data + at, size - at < step ? size - at : step, 1000000 + at);

        run_queries(&s, sum);
        output(&s);
        promise(wr_dohserver_memory(&s) <= WR_HTTP_CONNECTION_MAX + SLACK);
        if (err != WR_OK) {
            promise(wr_dohserver_over(&s));
            break;
        }
    }
    for (unsigned i = 0; i < sum->owed; i++) {
        (void)wr_dohserver_answer(&s, sum->stream[i], data, size < 5000 ? size : 5000);
    }
    output(&s);
    wr_dohserver_close(&s);
    output(&s);
    wr_dohserver_end(&s);
    promise(wr_dohserver_memory(&s) == 0 && sum->pieces == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sum whole = {0}, cut = {0};
    uint8_t version;

    if (size < 2) {
        return 0;
    }
    version = data[0] & 1 ? WR_HTTP_2 : WR_HTTP_1_1;
    run(&whole, version, data + 1, size - 1, size - 1 < 16384 ? size - 1 : 16384);
    run(&cut, version, data + 1, size - 1, 1 + data[0] / 2);
    promise(version == WR_HTTP_2 || (whole.queries == cut.queries && whole.hash == cut.hash) ||
            size > 16384);
    return 0;
}
