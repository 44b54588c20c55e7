/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/timeproof.h"

#include <string.h>

#include "base/enc.h"
#include "base/err.h"
#include "base/str.h"
#include "serve/say.h"

/* In base64, with its end. */
#define TEXT_SIZE (WR_ROUGHTIME_REPLY_MAX / 3 * 4 + 8)

void wr_timeproof_server(const struct wr_time_server *server, char *ret, size_t cap)
{
    if (server->name.size > 0) {
        wr_name_to_text(server->name.wire, ret, cap);
    } else {
        wr_addr_to_text(&server->addr, ret, cap);
    }
}

static void whose(const struct wr_ladder *l, const struct wr_roughchain_link *link, char *ret,
                  size_t cap)
{
    for (unsigned i = 0; i < l->servers; i++) {
        const struct wr_time_server *s = &l->rung[i].server;
        if (s->rough && memcmp(s->key, link->key, sizeof(s->key)) == 0) {
            wr_timeproof_server(s, ret, cap);
            return;
        }
    }
    ret[0] = 0;
}

void wr_timeproof_say(const struct wr_ladder *l)
{
    char first[WR_NAME_TEXT_SIZE], last[WR_NAME_TEXT_SIZE];
    if (l->proof.links == 0) {
        return;
    }
    const struct wr_roughchain_link *a = &l->proof.link[0], *b = &l->proof.link[l->proof.links - 1];
    whose(l, a, first, sizeof(first));
    whose(l, b, last, sizeof(last));
    wr_say(WR_LOG_WARN,
           "Roughtime server %s or %s has signed a lie: the one said %lld +- %u s, and the other "
           "after that %lld +- %u s; `weir status --json` has the proof as clock.malfeasance",
           first, last, (long long)a->said.midpoint_s, (unsigned)a->said.radius_s,
           (long long)b->said.midpoint_s, (unsigned)b->said.radius_s);
}

static void put_octets(struct wr_json *j, const char *key, const uint8_t *octets, size_t n)
{
    char text[TEXT_SIZE];
    struct wr_str s;
    wr_str_init(&s, text, sizeof(text));
    wr_enc_base64(&s, octets, n);
    wr_json_text(j, key, text);
}

static void put_link(struct wr_json *j, const struct wr_roughchain_link *link, bool first)
{
    uint8_t question[WR_ROUGHTIME_ASK_SIZE];
    wr_json_object(j, NULL);
    if (!first) {
        put_octets(j, "rand", link->question.blind, sizeof(link->question.blind));
    }
    if (wr_roughtime_ask(link->key, link->question.nonce, question) == WR_OK) {
        put_octets(j, "request", question, sizeof(question));
    }
    put_octets(j, "response", link->reply, link->size);
    put_octets(j, "publicKey", link->key, sizeof(link->key));
    wr_json_end(j);
}

void wr_timeproof_report(const struct wr_ladder *l, struct wr_json *j, const char *key)
{
    if (l->proof.links == 0) {
        wr_json_null(j, key);
        return;
    }
    wr_json_object(j, key);
    wr_json_array(j, "responses");
    for (unsigned i = 0; i < l->proof.links; i++) {
        put_link(j, &l->proof.link[i], i == 0);
    }
    wr_json_end(j);
    wr_json_end(j);
}
