/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rpzowner.h"

#include <string.h>

#include "base/err.h"

/* Labels of an IPv6 prefix at most: its length and eight words. */
#define PREFIX_LABELS_MAX 9

static bool is_label(const uint8_t *label, const char *text)
{
    size_t n = strlen(text);
    if (label[0] != n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (wr_name_fold(label[1 + i]) != (uint8_t)text[i]) {
            return false;
        }
    }
    return true;
}

/* Labels that begin so are the format's own (section 3). */
static bool is_reserved(const uint8_t *label)
{
    return label[0] > 4 && wr_name_fold(label[1]) == 'r' && wr_name_fold(label[2]) == 'p' &&
           wr_name_fold(label[3]) == 'z' && label[4] == '-';
}

/* The label as a number in this base; -1: it is none, or larger than `most`. */
static int32_t number(const uint8_t *label, unsigned base, uint32_t most)
{
    uint32_t v = 0;
    if (label[0] == 0 || label[0] > 4) {
        return -1;
    }
    for (unsigned i = 1; i <= label[0]; i++) {
        uint8_t c = wr_name_fold(label[i]);
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10u
                                                : 16u;
        if (digit >= base) {
            return -1;
        }
        v = v * base + digit;
    }
    return v > most ? -1 : (int32_t)v;
}

static const char *read_v4(const uint8_t *const *label, struct wr_prefix *p)
{
    p->addr.family = WR_AF_V4;
    for (unsigned i = 0; i < 4; i++) {
        int32_t v = number(label[4 - i], 10, 255);
        if (v < 0) {
            return "it has a part that is no number from 0 to 255";
        }
        p->addr.ip[i] = (uint8_t)v;
    }
    return NULL;
}

/* The words stand backwards; "zz" once, for as many zeros as are missing. */
static const char *read_v6(const uint8_t *const *label, unsigned labels, struct wr_prefix *p)
{
    unsigned words = labels - 1, at = 0, gaps = 0;
    p->addr.family = WR_AF_V6;
    for (unsigned i = 0; i < words; i++) {
        gaps += is_label(label[1 + i], "zz");
    }
    if (gaps > 1 || (gaps == 0 && words != 8)) {
        return "it has not eight words, with one zz for those that are zero";
    }
    for (unsigned i = words; i > 0; i--) {
        int32_t v = number(label[i], 16, 0xffff);
        if (v < 0 && !is_label(label[i], "zz")) {
            return "it has a part that is no hexadecimal number of four digits";
        }
        if (v < 0) {
            at += 8u - (words - 1);
        } else {
            p->addr.ip[2 * at] = (uint8_t)(v >> 8);
            p->addr.ip[2 * at + 1] = (uint8_t)v;
            at++;
        }
    }
    return NULL;
}

static const char *read_prefix(const uint8_t *name, unsigned labels, struct wr_prefix *ret)
{
    const uint8_t *label[PREFIX_LABELS_MAX];
    bool gap = false;
    if (labels < 3 || labels > PREFIX_LABELS_MAX) {
        return "it has not the length of a prefix";
    }
    for (unsigned i = 0; i < labels; i++) {
        label[i] = name;
        gap = gap || (i > 0 && is_label(name, "zz"));
        name += 1u + name[0];
    }
    struct wr_prefix p = {0};
    bool v4 = labels == 5 && !gap;
    const char *wrong = v4 ? read_v4(label, &p) : read_v6(label, labels, &p);
    int32_t len = number(label[0], 10, v4 ? 32 : 128);
    if (wrong) {
        return wrong;
    }
    if (len < 1) {
        return "it does not begin with the length of its prefix";
    }
    p.len = (uint8_t)len;
    struct wr_addr masked = wr_addr_mask(&p.addr, p.len);
    if (!wr_addr_same_ip(&masked, &p.addr)) {
        return "its address has bits behind the length of its prefix";
    }
    *ret = p;
    return NULL;
}

static void read_name(const uint8_t *owner, unsigned labels, struct wr_rpzowner *o)
{
    o->star = labels > 0 && is_label(owner, "*");
    if (o->star) {
        owner += 2;
        labels--;
    }
    o->name = owner;
    o->name_size = (uint8_t)(wr_name_skip_labels(owner, labels) - owner);
}

const char *wr_rpzowner_read(const uint8_t *owner, const uint8_t *zone,
                             struct wr_rpzowner *ret_owner)
{
    static const struct {
        const char *label;
        uint8_t kind;
    } kinds[] = {{"rpz-client-ip", WR_RPZ_CLIENT_IP},
                 {"rpz-ip", WR_RPZ_IP},
                 {"rpz-nsip", WR_RPZ_NSIP},
                 {"rpz-nsdname", WR_RPZ_NSDNAME}};
    struct wr_rpzowner o = {.kind = WR_RPZ_QNAME};
    const char *wrong = NULL;
    if (!wr_name_in(owner, zone)) {
        return "it is outside of the zone";
    }
    unsigned labels = wr_name_labels(owner) - wr_name_labels(zone);
    o.apex = labels == 0;
    const uint8_t *last = labels > 0 ? wr_name_skip_labels(owner, labels - 1) : owner;
    for (unsigned i = 0; labels > 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (is_label(last, kinds[i].label)) {
            o.kind = kinds[i].kind;
            labels--;
            break;
        }
    }
    if (o.kind == WR_RPZ_QNAME || o.kind == WR_RPZ_NSDNAME) {
        if (o.kind == WR_RPZ_QNAME && labels > 0 && is_reserved(last)) {
            wrong = "it ends in a trigger that is not known";
        } else if (o.kind == WR_RPZ_NSDNAME && labels == 0) {
            wrong = "it has no name";
        } else {
            read_name(owner, labels, &o);
        }
    } else {
        wrong = read_prefix(owner, labels, &o.prefix);
    }
    if (!wrong) {
        *ret_owner = o;
    }
    return wrong;
}

/* "rpz-passthru." and its kin: one label. */
static bool is_word(const uint8_t *target, const char *text)
{
    return is_label(target, text) && target[1 + target[0]] == 0;
}

/* The old way to say PASSTHRU: the trigger's own name. */
static bool is_self(const struct wr_rpzowner *o, const uint8_t *target)
{
    if (o->kind != WR_RPZ_QNAME || o->star || wr_name_size(target) != o->name_size + 1u) {
        return false;
    }
    for (unsigned i = 0; i < o->name_size; i++) {
        if (wr_name_fold(target[i]) != wr_name_fold(o->name[i])) {
            return false;
        }
    }
    return true;
}

uint8_t wr_rpzowner_action(const struct wr_rpzowner *owner, const uint8_t *target)
{
    const uint8_t *last = target;
    if (target[0] == 0) {
        return WR_RPZ_NXDOMAIN;
    }
    if (is_label(target, "*")) {
        return target[2] == 0 ? WR_RPZ_NODATA : WR_RPZ_STAR;
    }
    if (is_word(target, "rpz-passthru") || is_self(owner, target)) {
        return WR_RPZ_PASSTHRU;
    }
    if (is_word(target, "rpz-drop")) {
        return WR_RPZ_DROP;
    }
    if (is_word(target, "rpz-tcp-only")) {
        return WR_RPZ_TCP_ONLY;
    }
    while (last[1 + last[0]] != 0) {
        last += 1u + last[0];
    }
    return is_reserved(last) ? 0 : WR_RPZ_DATA;
}
