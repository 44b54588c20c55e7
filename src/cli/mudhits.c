/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/mudhits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verb.h"
#include "cli/when.h"

enum { SHADOW, REFUSED, FIRST, LAST };

static json_int_t at(const json_t *list, size_t i)
{
    return json_integer_value(json_array_get(list, i));
}

bool wr_mudhits_take(struct wr_mudhits *h, const json_t *event)
{
    const char *name = json_string_value(json_object_get(event, "name"));
    bool shadow = json_is_true(json_object_get(event, "shadow"));
    json_int_t when = json_integer_value(json_object_get(event, "time"));

    if (json_is_true(json_object_get(event, "end")))
        return false;
    if (!name)
        return true;
    h->shadow += shadow;
    h->refused += !shadow;
    json_t *one = json_object_get(h->names, name);

    if (!one && json_object_size(h->names) < WR_MUDHITS_NAMES) {
        one = json_pack("[i, i, I, I]", 0, 0, when, when);
        json_object_set_new(h->names, name, one);
    }
    if (!one)
        return true;
    size_t which = shadow ? SHADOW : REFUSED;

    json_array_set_new(one, which, json_integer(at(one, which) + 1));
    json_array_set_new(one, FIRST, json_integer(when < at(one, FIRST) ? when : at(one, FIRST)));
    json_array_set_new(one, LAST, json_integer(when > at(one, LAST) ? when : at(one, LAST)));
    return true;
}

struct row {
    const char *name;
    const json_t *hits;
};

static json_int_t all(const struct row *r)
{
    return at(r->hits, SHADOW) + at(r->hits, REFUSED);
}

static int compare(const void *left, const void *right)
{
    const struct row *a = left, *b = right;

    if (all(a) != all(b))
        return all(a) > all(b) ? -1 : 1;
    return strcmp(a->name, b->name);
}

static json_t *row_json(const struct row *r)
{
    char first[32], last[32];

    wr_when_text(at(r->hits, FIRST), first, sizeof(first));
    wr_when_text(at(r->hits, LAST), last, sizeof(last));
    return json_pack("{s:s, s:I, s:I, s:s, s:s}", "name", r->name, "would_refuse",
                     at(r->hits, SHADOW), "refused", at(r->hits, REFUSED), "first", first, "last",
                     last);
}

json_t *wr_mudhits_json(const struct wr_mudhits *h, size_t most)
{
    size_t n = json_object_size(h->names), i = 0;
    struct row *row = calloc(n + 1, sizeof(*row));
    json_t *list = json_array(), *value;
    const char *name;

    if (row) {
        json_object_foreach(h->names, name, value)
        {
            row[i++] = (struct row){.name = name, .hits = value};
        }
        qsort(row, n, sizeof(*row), compare);
    }
    for (i = 0; row && i < n && i < most; i++)
        json_array_append_new(list, row_json(&row[i]));
    free(row);
    return json_pack("{s:I, s:I, s:o}", "would_refuse", (json_int_t)h->shadow, "refused",
                     (json_int_t)h->refused, "hits", list);
}

static bool take(void *user, const json_t *event)
{
    return wr_mudhits_take(user, event);
}

int wr_mudhits_ask(const struct wr_talk *talk, const char *device, json_t **ret_hits)
{
    struct wr_mudhits h = {.names = json_object()};
    json_t *args = json_pack("{s:s, s:s, s:i, s:b}", "device", device, "rule", "mud:profile",
                             "count", WR_MUDHITS_QUERIES, "lines", 1);
    int status = wr_talk_follow(talk, "log", args, false, take, &h);

    if (status == WR_EXIT_OK)
        *ret_hits = wr_mudhits_json(&h, talk->json ? WR_MUDHITS_NAMES : WR_MUDHITS_FEW);
    json_decref(h.names);
    return status;
}
