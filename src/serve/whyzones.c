/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/whyzones.h"

#include <stdlib.h>

#include "serve/put.h"

static struct wr_rpz_facts facts_of(const struct wr_whyzones *w, const uint8_t *name)
{
    return (struct wr_rpz_facts){.client = w->client,
                                 .groups = w->who->groups,
                                 .segment = w->who->segment,
                                 .doubted = w->who->state == WR_WHO_CONFLICT,
                                 .name = name,
                                 .alias = !wr_name_equal(name, w->question->name.wire)};
}

bool wr_whyzones_question(const struct wr_whyzones *w, struct wr_whyzones_hit *ret)
{
    struct wr_rpz_facts facts = facts_of(w, w->question->name.wire);
    *ret = (struct wr_whyzones_hit){.link = w->question->name};
    if (w->zones->count > 0) {
        wr_rpz_question(w->zones, &facts, &ret->hit);
    }
    if (ret->hit.wait) { /* the answer decides */
        ret->hit.verdict.action = WR_VERDICT_NONE;
    }
    return ret->hit.verdict.action != WR_VERDICT_NONE;
}

/* One link of the chain, at its end with the addresses. */
static void look_at(const struct wr_whyzones *w, const uint8_t *name, bool last,
                    struct wr_rpz_hit *ret)
{
    struct wr_rpz_facts facts = facts_of(w, name);
    bool addrs = wr_rpz_has(w->zones, WR_RPZ_NSIP);
    if (last) {
        facts.sets = w->answer->answer;
        facts.set_count = w->answer->answers;
    }
    if (w->look != NULL && (addrs || wr_rpz_has(w->zones, WR_RPZ_NSDNAME))) {
        wr_answerers_clear(w->servers);
        wr_answerers_add_zones(w->servers, w->look, name, addrs);
        facts.server = w->servers->name;
        facts.servers = w->servers->names;
        facts.server_addr = w->servers->addr;
        facts.server_addrs = w->servers->addrs;
    }
    wr_rpz_answer(w->zones, &facts, ret);
}

bool wr_whyzones_answer(const struct wr_whyzones *w, struct wr_whyzones_hit *ret)
{
    const uint8_t *name = w->question->name.wire;
    *ret = (struct wr_whyzones_hit){.link = w->question->name};
    for (unsigned i = 0; w->zones->count > 0 && w->answer != NULL && i <= w->answer->answers; i++) {
        bool last = i == w->answer->answers || w->question->type == WR_TYPE_CNAME;
        const uint8_t *target = last ? NULL : wr_answer_cname_target(&w->answer->answer[i]);
        struct wr_rpz_hit hit;
        if (target == NULL && !last) {
            continue;
        }
        look_at(w, name, last, &hit);
        bool first = ret->hit.verdict.action == WR_VERDICT_NONE;
        if (hit.verdict.action != WR_VERDICT_NONE && (first || !hit.verdict.shadow)) {
            ret->hit = hit;
            wr_name_set(&ret->link, name);
        }
        if (last || (hit.verdict.action != WR_VERDICT_NONE && !hit.verdict.shadow)) {
            break;
        }
        name = target;
    }
    return ret->hit.verdict.action != WR_VERDICT_NONE;
}

void wr_whyzones_reason(const struct wr_whyzones_hit *h, char *room, size_t cap)
{
    struct wr_str s;
    wr_str_init(&s, room, cap);
    wr_str_text(&s, "policy zone ");
    wr_name_put_text(&s, wr_rpz_name(h->hit.use->zone));
    wr_str_text(&s, ": ");
    wr_rpz_put_owner(&s, h->hit.use->zone, h->hit.entry);
    if (h->hit.verdict.line != 0) {
        wr_str_text(&s, ", line ");
        wr_str_u64(&s, h->hit.verdict.line);
    }
}

static void put_given(const struct wr_whyzones *w, const struct wr_whyzones_hit *h,
                      struct wr_json *j)
{
    char *text = malloc(WR_PUT_TEXT_SIZE);
    struct wr_rpz_room room;
    struct wr_rrset set;
    wr_json_array(j, "gives");
    for (unsigned i = 0;
         text != NULL && wr_rpz_set(&h->hit, h->link.wire, w->question->type, i, &room, &set);
         i++) {
        wr_json_object(j, NULL);
        put_type(j, "type", set.type);
        put_records(&set, text, j);
        wr_json_end(j);
    }
    wr_json_end(j);
    free(text);
}

void wr_whyzones_put(const struct wr_whyzones *w, const struct wr_whyzones_hit *h,
                     struct wr_json *j)
{
    char text[WR_NAME_TEXT_SIZE + 64];
    struct wr_str s;
    put_name(j, "zone", wr_rpz_name(h->hit.use->zone));
    wr_str_init(&s, text, sizeof(text));
    wr_rpz_put_owner(&s, h->hit.use->zone, h->hit.entry);
    wr_json_text(j, "record", text);
    if (h->hit.verdict.line != 0) {
        wr_json_u64(j, "line", h->hit.verdict.line);
    }
    wr_json_u64(j, "serial", wr_rpz_serial(h->hit.use->zone));
    put_name(j, "matched", h->link.wire);
    if (h->hit.verdict.action == WR_VERDICT_DATA) {
        put_given(w, h, j);
    }
}
