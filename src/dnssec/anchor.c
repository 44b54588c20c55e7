/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/anchor.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "dns/codes.h"
#include "dns/present.h"

#define DIGEST_SHA256 2

/* As IANA publishes them for the root, https://data.iana.org/root-anchors/. */
static const char *const builtin[] = {
    ". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    ". DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
};

void wr_anchors_init(struct wr_anchors *a, struct wr_anchor *room, uint16_t cap)
{
    *a = (struct wr_anchors){.list = room, .cap = cap};
}

static struct wr_anchor *find(const struct wr_anchors *a, const uint8_t *name, bool negative)
{
    for (uint16_t i = 0; i < a->count; i++) {
        if (a->list[i].negative == negative && wr_name_equal(a->list[i].name.wire, name)) {
            return &a->list[i];
        }
    }
    return NULL;
}

static struct wr_anchor *find_or_make(struct wr_anchors *a, const uint8_t *name, bool negative)
{
    struct wr_anchor *at = find(a, name, negative);

    if (at || a->count == a->cap) {
        return at;
    }
    at = &a->list[a->count++];
    wr_name_set(&at->name, name);
    at->negative = negative;
    at->closed = false;
    at->until_s = 0;
    wr_ds_list_clear(&at->ds);
    return at;
}

static int ds_of(const uint8_t *name, uint16_t type, const uint8_t *rdata, size_t size,
                 struct wr_ds *ret_ds)
{
    struct wr_dnskey key;

    if (type == WR_TYPE_DS) {
        return wr_keys_ds_parse(rdata, size, ret_ds);
    }
    if (type != WR_TYPE_DNSKEY) {
        return WR_E_UNSUPPORTED;
    }
    if (wr_keys_parse(rdata, size, &key) || !wr_keys_usable(&key)) {
        return WR_E_FORMAT;
    }
    return wr_keys_ds_make(name, &key, DIGEST_SHA256, ret_ds);
}

int wr_anchors_add(struct wr_anchors *a, const uint8_t *name, uint16_t type, const uint8_t *rdata,
                   size_t size)
{
    struct wr_ds ds;
    struct wr_anchor *at;
    int err = ds_of(name, type, rdata, size, &ds);

    if (err && (err != WR_E_FORMAT || type != WR_TYPE_DS)) {
        return err;
    }
    at = find_or_make(a, name, false);
    if (err && at) {
        at->ds.broken =
            true; /* whoever goes on in spite of the error trusts nothing there, not everything */
    }
    if (err) {
        return err;
    }
    if (!at || at->ds.count == WR_DNSSEC_DS_MAX) {
        return WR_E_FULL;
    }
    at->ds.ds[at->ds.count++] = ds;
    return WR_OK;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next word of the line; size 0 at its end. */
static size_t next_word(const char **at, const char *end)
{
    const char *word;

    while (*at < end && is_space(**at)) {
        (*at)++;
    }
    for (word = *at; word < end && !is_space(*word); word++) {
    }
    return (size_t)(word - *at);
}

int wr_anchors_add_text(struct wr_anchors *a, const char *text, size_t n)
{
    const char *at = text, *comment = memchr(text, ';', n);
    const char *end = comment ? comment : text + n;
    uint8_t rdata[2048];
    struct wr_writer w;
    struct wr_name name;
    uint16_t type = 0, class_;
    uint64_t ttl;
    size_t size = next_word(&at, end);

    if (size == 0 || wr_name_from_text(at, size, &name)) {
        return WR_E_FORMAT;
    }
    at += size;
    while ((size = next_word(&at, end)) > 0 &&
           (wr_str_to_u64(at, size, INT32_MAX, &ttl) == WR_OK ||
            wr_codes_class_from_text(at, size, &class_) == WR_OK)) {
        at += size;
    }
    if (size == 0 || wr_codes_type_from_text(at, size, &type)) {
        return WR_E_FORMAT;
    }
    at += size;
    wr_buf_write_init(&w, rdata, sizeof(rdata));
    if (wr_present_read_rdata(at, (size_t)(end - at), type, NULL, &w, NULL)) {
        return WR_E_FORMAT;
    }
    return wr_anchors_add(a, name.wire, type, rdata, w.pos);
}

int wr_anchors_add_negative(struct wr_anchors *a, const uint8_t *name, int64_t until_s)
{
    struct wr_anchor *at = find_or_make(a, name, true);

    if (!at) {
        return WR_E_FULL;
    }
    at->until_s = until_s;
    return WR_OK;
}

int wr_anchors_close(struct wr_anchors *a, const uint8_t *name)
{
    struct wr_anchor *at = find_or_make(a, name, false);

    if (!at) {
        return WR_E_FULL;
    }
    at->closed = true;
    at->ds.broken = true; /* an empty list is no anchor that nobody relies on */
    return WR_OK;
}

int wr_anchors_add_builtin(struct wr_anchors *a)
{
    int err = WR_OK;

    for (size_t i = 0; i < sizeof(builtin) / sizeof(builtin[0]) && !err; i++) {
        err = wr_anchors_add_text(a, builtin[i], strlen(builtin[i]));
    }
    return err;
}

const struct wr_anchor *wr_anchors_closest(const struct wr_anchors *a, const uint8_t *name,
                                           int64_t moment_s)
{
    const struct wr_anchor *best = NULL;
    unsigned best_labels = 0;

    for (uint16_t i = 0; i < a->count; i++) {
        const struct wr_anchor *at = &a->list[i];
        unsigned labels = wr_name_labels(at->name.wire);

        if (!wr_name_in(name, at->name.wire) ||
            (at->negative && at->until_s != 0 && at->until_s <= moment_s)) {
            continue;
        }
        if (!best || labels > best_labels || (labels == best_labels && at->negative)) {
            best = at;
            best_labels = labels;
        }
    }
    return best;
}
