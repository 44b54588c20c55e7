/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text: names, types and rdata between wire form and the words of a story (wire.h declares them).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "wire.h"

static uint8_t fold(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

size_t wire_name_size(const uint8_t *name)
{
    size_t n = 0;
    while (name[n]) {
        n += 1u + name[n];
    }
    return n + 1;
}

bool wire_name_same(const uint8_t *a, const uint8_t *b)
{
    size_t n = wire_name_size(a);
    if (n != wire_name_size(b)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (fold(a[i]) != fold(b[i])) {
            return false;
        }
    }
    return true;
}

bool wire_name_same_octets(const uint8_t *a, const uint8_t *b)
{
    size_t n = wire_name_size(a);
    return n == wire_name_size(b) && memcmp(a, b, n) == 0;
}

bool wire_name_below(const uint8_t *name, const uint8_t *top)
{
    for (;; name += 1 + name[0]) {
        if (wire_name_same(name, top)) {
            return true;
        }
        if (!name[0]) {
            return false;
        }
    }
}

void wire_name_copy(uint8_t *ret, const uint8_t *name)
{
    memcpy(ret, name, wire_name_size(name));
}

void wire_name_lower(uint8_t *name)
{
    size_t n = wire_name_size(name);
    for (size_t i = 0; i < n; i++) {
        name[i] = fold(name[i]);
    }
}

int wire_name_from_text(const char *text, uint8_t *ret)
{
    size_t n = 0, label = 0;
    ret[0] = 0;
    if (strcmp(text, ".") == 0 || !*text) {
        return *text ? 0 : -1;
    }
    for (n = 1; *text; text++) {
        unsigned c = (uint8_t)*text;
        if (c == '.') {
            if (n - label == 1) {
                return -1;
            }
            ret[label] = (uint8_t)(n - label - 1);
            label = n++;
            continue;
        }
        if (c == '\\' && text[1] >= '0' && text[1] <= '9' && text[2] && text[3]) {
            c = (unsigned)((text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0'));
            text += 3;
        } else if (c == '\\' && text[1]) {
            c = (uint8_t) * ++text;
        }
        if (n - label > 63 || n > 253) {
            return -1;
        }
        ret[n++] = (uint8_t)c;
    }
    if (n - label > 1) {
        ret[label] = (uint8_t)(n - label - 1);
        label = n++;
    }
    ret[label] = 0;
    return n <= 255 ? 0 : -1;
}

void wire_name_text(const uint8_t *name, char *ret, size_t cap)
{
    size_t n = 0;
    if (!name[0]) {
        snprintf(ret, cap, ".");
        return;
    }
    for (; name[0]; name += 1 + name[0]) {
        for (unsigned i = 1; i <= name[0] && n + 6 < cap; i++) {
            bool plain = name[i] > 32 && name[i] < 127 && name[i] != '.' && name[i] != '\\';
            n += (size_t)snprintf(ret + n, cap - n, plain ? "%c" : "\\%03d", name[i]);
        }
        if (n + 2 < cap) {
            ret[n++] = '.';
        }
    }
    ret[n] = 0;
}

static bool holds(const uint8_t *bytes, size_t size, const uint8_t *what, size_t n)
{
    for (size_t at = 0; at + n <= size; at++) {
        size_t k = 0;
        while (k < n && fold(bytes[at + k]) == fold(what[k])) {
            k++;
        }
        if (k == n) {
            return true;
        }
    }
    return false;
}

bool wire_name_in(const uint8_t *bytes, size_t size, const uint8_t *name, bool as_text)
{
    char text[4 * WIRE_NAME_SIZE];
    if (name[0] == 0) {
        return false;
    }
    wire_name_text(name, text, sizeof text);
    /* Without the root's octet, and without the dot at the end. */
    return holds(bytes, size, name, wire_name_size(name) - 1) ||
           (as_text && holds(bytes, size, (const uint8_t *)text, strlen(text) - 1));
}

static const struct {
    uint16_t type;
    const char *text;
} types[] = {{TYPE_A, "A"},
             {TYPE_NS, "NS"},
             {TYPE_CNAME, "CNAME"},
             {TYPE_SOA, "SOA"},
             {TYPE_PTR, "PTR"},
             {TYPE_HINFO, "HINFO"},
             {TYPE_MX, "MX"},
             {TYPE_TXT, "TXT"},
             {TYPE_AAAA, "AAAA"},
             {TYPE_DNAME, "DNAME"},
             {TYPE_RRSIG, "RRSIG"},
             {TYPE_ANY, "ANY"},
             {43, "DS"},
             {47, "NSEC"},
             {48, "DNSKEY"},
             {65, "HTTPS"},
             {251, "IXFR"},
             {252, "AXFR"},
             {33, "SRV"}};

int wire_type_from_text(const char *text, uint16_t *ret)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcasecmp(text, types[i].text) == 0) {
            *ret = types[i].type;
            return 0;
        }
    }
    if (strncasecmp(text, "TYPE", 4) != 0) {
        return -1;
    }
    *ret = (uint16_t)atoi(text + 4);
    return 0;
}

void wire_type_text(uint16_t type, char *ret, size_t cap)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].type == type) {
            snprintf(ret, cap, "%s", types[i].text);
            return;
        }
    }
    snprintf(ret, cap, "TYPE%u", type);
}

int wire_rcode_from_text(const char *text, uint16_t *ret)
{
    static const char *const names[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                        "NXDOMAIN", "NOTIMP",  "REFUSED"};
    for (uint16_t i = 0; i < 6; i++) {
        if (strcasecmp(text, names[i]) == 0) {
            *ret = i;
            return 0;
        }
    }
    if (strcasecmp(text, "BADVERS") == 0 || strcasecmp(text, "BADCOOKIE") == 0) {
        *ret = strcasecmp(text, "BADVERS") == 0 ? RCODE_BADVERS : RCODE_BADCOOKIE;
        return 0;
    }
    return -1;
}

static int soa_from_text(const char *text, uint8_t *ret, size_t *ret_size)
{
    char mname[256], rname[256];
    unsigned v[5];
    if (sscanf(text, "%255s %255s %u %u %u %u %u", mname, rname, &v[0], &v[1], &v[2], &v[3],
               &v[4]) != 7 ||
        wire_name_from_text(mname, ret)) {
        return -1;
    }
    size_t n = wire_name_size(ret);
    if (wire_name_from_text(rname, ret + n)) {
        return -1;
    }
    n += wire_name_size(ret + n);
    for (unsigned i = 0; i < 5; i++, n += 4) {
        wire_set_u32(ret + n, v[i]);
    }
    *ret_size = n;
    return 0;
}

/* "text" "more", or bare words. */
static int txt_from_text(const char *text, uint8_t *ret, size_t cap, size_t *ret_size)
{
    size_t n = 0;
    while (*text) {
        char end = *text == '"' ? '"' : ' ';
        text += end == '"';
        size_t len = strcspn(text, end == '"' ? "\"" : " ");
        if (len > 255 || n + 1 + len > cap) {
            return -1;
        }
        ret[n] = (uint8_t)len;
        memcpy(ret + n + 1, text, len);
        n += 1 + len;
        text += len;
        text += *text == '"';
        text += strspn(text, " ");
    }
    *ret_size = n;
    return n ? 0 : -1;
}

static int generic_from_text(const char *text, uint8_t *ret, size_t cap, size_t *ret_size)
{
    unsigned len = 0, n = 0, skip = 0, byte;
    if (sscanf(text, "\\# %u%n", &len, (int *)&skip) < 1 || len > cap) {
        return -1;
    }
    for (text += skip; n < len; n++, text += 2) {
        text += strspn(text, " ");
        if (sscanf(text, "%2x", &byte) != 1) {
            return -1;
        }
        ret[n] = (uint8_t)byte;
    }
    *ret_size = len;
    return 0;
}

int wire_rdata_from_text(uint16_t type, const char *text, uint8_t *ret, size_t cap,
                         size_t *ret_size)
{
    struct wr_addr a;
    unsigned pref = 0;
    char word[256];
    if (strncmp(text, "\\#", 2) == 0) {
        return generic_from_text(text, ret, cap, ret_size);
    }
    switch (type) {
    case TYPE_A:
    case TYPE_AAAA:
        if (wr_addr_from_text(text, &a) || wr_addr_ip_size(&a) != (type == TYPE_A ? 4u : 16u)) {
            return -1;
        }
        memcpy(ret, a.ip, *ret_size = wr_addr_ip_size(&a));
        return 0;
    case TYPE_MX:
        if (sscanf(text, "%u %255s", &pref, word) != 2 || wire_name_from_text(word, ret + 2)) {
            return -1;
        }
        wire_set_u16(ret, pref);
        *ret_size = 2 + wire_name_size(ret + 2);
        return 0;
    case TYPE_SOA: return soa_from_text(text, ret, ret_size);
    case TYPE_TXT: return txt_from_text(text, ret, cap, ret_size);
    case TYPE_NS:
    case TYPE_CNAME:
    case TYPE_PTR:
    case TYPE_DNAME:
        if (wire_name_from_text(text, ret)) {
            return -1;
        }
        *ret_size = wire_name_size(ret);
        return 0;
    default: return -1;
    }
}

void wire_rdata_text(uint16_t type, const uint8_t *rdata, size_t size, char *ret, size_t cap)
{
    struct wr_addr a = {.family = type == TYPE_A ? WR_AF_V4 : WR_AF_V6};
    if ((type == TYPE_A && size == 4) || (type == TYPE_AAAA && size == 16)) {
        memcpy(a.ip, rdata, size);
        char text[WR_ADDR_TEXT_SIZE];
        wr_addr_to_text(&a, text, sizeof text);
        snprintf(ret, cap, "%s", text);
    } else if (type == TYPE_CNAME || type == TYPE_NS || type == TYPE_PTR) {
        wire_name_text(rdata, ret, cap);
    } else {
        size_t n = (size_t)snprintf(ret, cap, "\\# %zu ", size);
        for (size_t i = 0; i < size && n + 3 < cap && i < 40; i++) {
            n += (size_t)snprintf(ret + n, cap - n, "%02x", rdata[i]);
        }
    }
}
