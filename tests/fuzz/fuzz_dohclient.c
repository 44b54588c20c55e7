/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DoH client: the first octet says which version of HTTP, which method and how the rest is cut; the rest is what a server
 * sends to two questions. An answer that comes out is one: it has its question and the id that it was asked with. Each question is
 * settled at most once, memory stays within its bound and all of it is given back.
 */
#include "fuzz/fuzz.h"

#include "base/err.h"
#include "transport/dohclient.h"

enum { SLACK = 256 * 1024 };

static const uint8_t query[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\4lamp\4home\0\0\1\0\1";
enum { QUERY_SIZE = sizeof(query) - 1 };

static void output(struct wr_dohclient *c)
{
    uint8_t bytes[777];

    for (int i = 0; i < 1000 && wr_dohclient_output(c, bytes, sizeof(bytes)) > 0; i++) {
    }
}

static void check(struct wr_dohclient *c, unsigned asked)
{
    static unsigned settled[2];
    struct wr_dohclient_said said;

    if (c == NULL) {
        settled[0] = settled[1] = 0;
        return;
    }
    while (wr_dohclient_next(c, &said)) {
        if (said.kind == WR_DOHCLIENT_ENDED) {
            continue;
        }
        promise(said.token - 0x1234 < asked);
        promise(++settled[said.token - 0x1234] == 1);
        if (said.kind == WR_DOHCLIENT_ANSWER) {
            promise(wr_doh_check(query, QUERY_SIZE, said.bytes, said.size) == WR_OK);
            promise(said.bytes[0] == 0x12 && said.bytes[1] == said.token - 0x1200);
        } else {
            promise(said.why != NULL);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    long pieces = 0;
    struct wr_dohclient_setup setup = {
        .host = "dns.example", .path = "/q", .memory = {fuzz_resize, &pieces}};
    struct wr_dohclient c;
    uint8_t message[QUERY_SIZE];
    unsigned asked = 0;
    size_t step;

    if (size < 2) {
        return 0;
    }
    setup.version = data[0] & 1 ? WR_HTTP_2 : WR_HTTP_1_1;
    setup.method = data[0] & 2 ? WR_HTTP_GET : WR_HTTP_POST;
    step = 1 + (size_t)data[0] / 4 * 8;
    promise(wr_dohclient_start(&c, &setup, 1000000) == WR_OK);
    check(NULL, 0);
    memcpy(message, query, QUERY_SIZE);
    while (asked < 2 && wr_dohclient_ask(&c, message, QUERY_SIZE) == WR_OK) {
        message[1]++;
        asked++;
    }
    for (size_t at = 1; at < size; at += step) {
        output(&c);
        if (wr_dohclient_feed(&c, data + at, size - at < step ? size - at : step, 1000000) !=
            WR_OK) {
            break;
        }
        check(&c, asked);
        promise(wr_dohclient_memory(&c) <= WR_HTTP_CONNECTION_MAX + SLACK);
    }
    output(&c);
    check(&c, asked);
    wr_dohclient_end(&c);
    promise(wr_dohclient_memory(&c) == 0 && pieces == 0);
    return 0;
}
