/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/anchorxml.h"

#include <string.h>

#include "base/err.h"

#define NOW_SIZE 19 /* 2026-01-31T12:00:00 */

struct span {
    const char *at, *end;
};

/* Where `word` begins in the span, or NULL. */
static const char *seek(struct span in, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = in.at; (size_t)(in.end - at) >= size; at++) {
        if (memcmp(at, word, size) == 0) {
            return at;
        }
    }
    return NULL;
}

static bool between(struct span in, const char *open, const char *close, struct span *ret)
{
    const char *at = seek(in, open);
    if (!at) {
        return false;
    }
    at += strlen(open);
    const char *end = seek((struct span){at, in.end}, close);
    if (!end) {
        return false;
    }
    *ret = (struct span){at, end};
    return true;
}

int wr_anchorxml_start(struct wr_anchorxml *x, const char *text, size_t n)
{
    struct span all = {text, text + n}, body, zone;
    if (seek(all, "<!") || seek(all, "&") ||
        !between(all, "<TrustAnchor", "</TrustAnchor>", &body) ||
        !between(body, "<Zone>", "</Zone>", &zone) ||
        wr_name_from_text(zone.at, (size_t)(zone.end - zone.at), &x->zone)) {
        return WR_E_FORMAT;
    }
    x->at = zone.end;
    x->end = body.end;
    return WR_OK;
}

/* An attribute that is a time; false: it is none. Absent is `ret` with at == NULL. */
static bool read_time(struct span attributes, const char *open, struct span *ret)
{
    *ret = (struct span){NULL, NULL};
    return !between(attributes, open, "\"", ret) ||
           (ret->end - ret->at >= NOW_SIZE && ret->at[4] == '-' && ret->at[10] == 'T');
}

static int put_number(struct span in, const char *open, const char *close, uint64_t max,
                      struct wr_str *line)
{
    struct span v;
    uint64_t number;
    if (!between(in, open, close, &v) ||
        wr_str_to_u64(v.at, (size_t)(v.end - v.at), max, &number)) {
        return WR_E_FORMAT;
    }
    wr_str_u64(line, number);
    wr_str_char(line, ' ');
    return WR_OK;
}

static int put_line(const struct wr_anchorxml *x, struct span in, struct wr_str *line)
{
    struct span digest;
    wr_name_put_text(line, x->zone.wire);
    wr_str_text(line, " DS ");
    if (put_number(in, "<KeyTag>", "</KeyTag>", UINT16_MAX, line) ||
        put_number(in, "<Algorithm>", "</Algorithm>", UINT8_MAX, line) ||
        put_number(in, "<DigestType>", "</DigestType>", UINT8_MAX, line) ||
        !between(in, "<Digest>", "</Digest>", &digest)) {
        return WR_E_FORMAT;
    }
    wr_str_bytes(line, digest.at, (size_t)(digest.end - digest.at));
    return line->cut || memchr(digest.at, '<', (size_t)(digest.end - digest.at)) ? WR_E_FORMAT
                                                                                 : WR_OK;
}

int wr_anchorxml_next(struct wr_anchorxml *x, const char *now, struct wr_str *line)
{
    struct span element, attributes, from, until;
    while (between((struct span){x->at, x->end}, "<KeyDigest", "</KeyDigest>", &element)) {
        if (!between(element, "", ">", &attributes) || seek(element, "<KeyDigest") ||
            !read_time(attributes, "validFrom=\"", &from) ||
            !read_time(attributes, "validUntil=\"", &until)) {
            return WR_E_FORMAT;
        }
        x->at = element.end;
        bool begun = !from.at || memcmp(from.at, now, NOW_SIZE) <= 0;
        bool over = until.at && memcmp(until.at, now, NOW_SIZE) <= 0;
        if (begun && !over) {
            return put_line(x, (struct span){attributes.end, element.end}, line);
        }
    }
    return seek((struct span){x->at, x->end}, "<KeyDigest") ? WR_E_FORMAT : WR_E_NOTFOUND;
}
