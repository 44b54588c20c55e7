/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/signal.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

#define IS_TA  "root-key-sentinel-is-ta-"
#define NOT_TA "root-key-sentinel-not-ta-"

/* "_ta" and five octets a tag in one label. */
enum { TAGS_MAX = (63 - 3) / 5, DIGITS = 5 };

static bool is_trusted(const struct wr_rollover_key *key)
{
    return key->state == WR_ROLLOVER_VALID || key->state == WR_ROLLOVER_MISSING;
}

/* The tags of the trusted keys, ascending, each once; the lowest when there are too many. */
static unsigned collect(const struct wr_rollover *r, uint16_t ret_tags[WR_DNSSEC_ROLLOVER_KEYS_MAX])
{
    unsigned n = 0;

    for (unsigned i = 0; i < WR_DNSSEC_ROLLOVER_KEYS_MAX; i++) {
        unsigned at = 0;

        if (!is_trusted(&r->keys[i])) {
            continue;
        }
        while (at < n && ret_tags[at] < r->keys[i].ds.tag) {
            at++;
        }
        if (at == n || ret_tags[at] != r->keys[i].ds.tag) {
            memmove(&ret_tags[at + 1], &ret_tags[at], (n - at) * sizeof(ret_tags[0]));
            ret_tags[at] = r->keys[i].ds.tag;
            n++;
        }
    }
    return n < TAGS_MAX ? n : TAGS_MAX;
}

int wr_signal_name(const struct wr_rollover *keys, struct wr_name *ret_name)
{
    uint16_t tags[WR_DNSSEC_ROLLOVER_KEYS_MAX];
    unsigned n = collect(keys, tags);
    char label[64];
    struct wr_str s;

    if (n == 0) {
        return WR_E_NOTFOUND;
    }
    wr_str_init(&s, label, sizeof(label));
    wr_str_text(&s, "_ta");
    for (unsigned i = 0; i < n; i++) {
        uint8_t octets[2] = {(uint8_t)(tags[i] >> 8), (uint8_t)tags[i]};

        wr_str_char(&s, '-');
        wr_str_hex(&s, octets, 2);
    }
    if (1 + s.len + keys->zone.size > WR_NAME_MAX) {
        return WR_E_RANGE;
    }
    ret_name->wire[0] = (uint8_t)s.len;
    memcpy(ret_name->wire + 1, label, s.len);
    memcpy(ret_name->wire + 1 + s.len, keys->zone.wire, keys->zone.size);
    ret_name->size = (uint8_t)(1 + s.len + keys->zone.size);
    return WR_OK;
}

/* The tag behind `prefix` in the first label, or -1. */
static int32_t tag_behind(const uint8_t *qname, const char *prefix)
{
    size_t n = strlen(prefix);
    uint64_t tag;

    if (qname[0] != n + DIGITS || !wr_str_same_n((const char *)qname + 1, n, prefix) ||
        wr_str_to_u64((const char *)qname + 1 + n, DIGITS, UINT16_MAX, &tag) != WR_OK) {
        return -1;
    }
    return (int32_t)tag;
}

static bool is_anchor(const struct wr_anchors *anchors, int32_t tag)
{
    for (unsigned i = 0; i < anchors->count; i++) {
        const struct wr_anchor *a = &anchors->list[i];

        for (unsigned k = 0; !a->negative && a->name.wire[0] == 0 && k < a->ds.count; k++) {
            if (a->ds.ds[k].tag == tag) {
                return true;
            }
        }
    }
    return false;
}

bool wr_signal_fails(const struct wr_anchors *anchors, const uint8_t *qname)
{
    int32_t is = tag_behind(qname, IS_TA), not = tag_behind(qname, NOT_TA);

    return (is >= 0 && !is_anchor(anchors, is)) || (not >= 0 && is_anchor(anchors, not ));
}
