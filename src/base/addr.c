/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/str.h"

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* Four decimal numbers without leading zeros (some read those as octal: refused). */
static int read_v4(const char *text, size_t n, uint8_t ret[4])
{
    size_t i = 0;

    for (unsigned part = 0; part < 4; part++) {
        size_t start = i;
        unsigned v = 0;

        while (i < n && text[i] >= '0' && text[i] <= '9' && i - start < 3) {
            v = v * 10 + (unsigned)(text[i++] - '0');
        }
        if (i == start || v > 255 || (text[start] == '0' && i - start > 1)) {
            return WR_E_FORMAT;
        }
        ret[part] = (uint8_t)v;
        if (part < 3 && (i >= n || text[i++] != '.')) {
            return WR_E_FORMAT;
        }
    }
    return i == n ? WR_OK : WR_E_FORMAT;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* State of reading one IPv6 address: octets so far and where the "::" stood. */
struct v6_read {
    uint8_t ip[16];
    unsigned count;
    int gap; /* octets before "::", or -1 */
};

/* One group at `i`: up to four hexadecimal digits, or a final dotted quad. */
static int read_group(const char *text, size_t n, size_t *i, struct v6_read *v6)
{
    size_t start = *i;
    unsigned v = 0;

    while (*i < n && *i - start < 4 && hex_digit(text[*i]) >= 0) {
        v = v << 4 | (unsigned)hex_digit(text[(*i)++]);
    }
    if (*i == start) {
        return WR_E_FORMAT;
    }
    if (*i < n && text[*i] == '.') {
        if (v6->count > 12 || read_v4(text + start, n - start, v6->ip + v6->count)) {
            return WR_E_FORMAT;
        }
        v6->count += 4;
        *i = n;
        return WR_OK;
    }
    if (v6->count > 14) {
        return WR_E_FORMAT;
    }
    v6->ip[v6->count++] = (uint8_t)(v >> 8);
    v6->ip[v6->count++] = (uint8_t)v;
    return WR_OK;
}

/* Behind a group: ":" and another group, "::" once, or the end. */
static int read_colon(const char *text, size_t n, size_t *i, struct v6_read *v6)
{
    if (*i == n) {
        return WR_OK;
    }
    if (text[*i] != ':' || *i + 1 >= n) {
        return WR_E_FORMAT;
    }
    (*i)++;
    if (text[*i] == ':') {
        if (v6->gap >= 0) {
            return WR_E_FORMAT;
        }
        v6->gap = (int)v6->count;
        (*i)++;
    }
    return WR_OK;
}

static int read_v6(const char *text, size_t n, uint8_t ret[16])
{
    struct v6_read v6 = {.gap = -1};
    size_t i = 0;

    if (n >= 2 && text[0] == ':' && text[1] == ':') {
        v6.gap = 0;
        i = 2;
    }
    while (i < n) {
        if (read_group(text, n, &i, &v6) || read_colon(text, n, &i, &v6)) {
            return WR_E_FORMAT;
        }
    }
    if (v6.gap < 0 ? v6.count != 16 : v6.count > 14) {
        return WR_E_FORMAT;
    }
    if (v6.gap < 0) {
        memcpy(ret, v6.ip, 16);
        return WR_OK;
    }
    memset(ret, 0, 16);
    memcpy(ret, v6.ip, (size_t)v6.gap);
    memcpy(ret + 16 - (v6.count - (unsigned)v6.gap), v6.ip + v6.gap, v6.count - (unsigned)v6.gap);
    return WR_OK;
}

static size_t find(const char *text, size_t n, char c)
{
    size_t i = 0;

    while (i < n && text[i] != c) {
        i++;
    }
    return i;
}

/* An address without brackets and port; v6 perhaps with %scope. */
static int read_ip(const char *text, size_t n, struct wr_addr *ret)
{
    size_t percent = find(text, n, '%');
    uint64_t scope = 0;

    memset(ret, 0, sizeof(*ret));
    if (find(text, n, ':') == n) {
        ret->family = WR_AF_V4;
        return read_v4(text, n, ret->ip);
    }
    if (percent < n && wr_str_to_u64(text + percent + 1, n - percent - 1, UINT32_MAX, &scope)) {
        return WR_E_FORMAT;
    }
    ret->family = WR_AF_V6;
    ret->scope = (uint32_t)scope;
    return read_v6(text, percent, ret->ip);
}

static int read_port(const char *text, size_t n, struct wr_addr *addr)
{
    uint64_t port;
    int err = wr_str_to_u64(text, n, 65535, &port);

    if (err) {
        return err;
    }
    addr->port = (uint16_t)port;
    return WR_OK;
}

int wr_addr_from_text(const char *text, struct wr_addr *ret_addr)
{
    size_t n = strlen(text);
    size_t end = n; /* of the address, where a port follows */
    size_t start = 0;
    struct wr_addr addr;
    int err;

    if (n > 0 && text[0] == '[') {
        start = 1;
        end = find(text, n, ']');
        if (end == n || (end + 1 < n && text[end + 1] != ':')) {
            return WR_E_FORMAT;
        }
    } else if (find(text, n, '.') < find(text, n, ':')) {
        end = find(text, n, ':');
    }
    err = read_ip(text + start, end - start, &addr);
    if (!err && start && addr.family != WR_AF_V6) {
        err = WR_E_FORMAT;
    }
    end += start && end < n; /* behind the bracket */
    if (!err && end < n) {
        err = read_port(text + end + 1, n - end - 1, &addr);
    }
    if (!err) {
        *ret_addr = addr;
    }
    return err;
}

static void write_v4(struct wr_str *s, const uint8_t *ip)
{
    for (unsigned i = 0; i < 4; i++) {
        if (i) {
            wr_str_char(s, '.');
        }
        wr_str_u64(s, ip[i]);
    }
}

static void write_group(struct wr_str *s, unsigned v)
{
    unsigned shift = 12;

    while (shift && v >> shift == 0) {
        shift -= 4;
    }
    for (;; shift -= 4) {
        wr_str_char(s, "0123456789abcdef"[v >> shift & 15]);
        if (shift == 0) {
            break;
        }
    }
}

/* The longest run of two or more zero groups, the first among equals (RFC 5952 section 4.2). */
static unsigned longest_zeros(const uint8_t *ip, unsigned *ret_length)
{
    unsigned best = 0;
    unsigned best_length = 0;

    for (unsigned i = 0; i < 8; i++) {
        unsigned length = 0;

        while (i + length < 8 && !ip[2 * (i + length)] && !ip[2 * (i + length) + 1]) {
            length++;
        }
        if (length > best_length) {
            best = i;
            best_length = length;
        }
        i += length;
    }
    *ret_length = best_length >= 2 ? best_length : 0;
    return best;
}

static void write_v6(struct wr_str *s, const uint8_t *ip)
{
    unsigned length;
    unsigned gap = longest_zeros(ip, &length);

    if (!memcmp(ip, mapped_prefix, sizeof(mapped_prefix))) {
        wr_str_text(s, "::ffff:");
        write_v4(s, ip + 12);
        return;
    }
    for (unsigned i = 0; i < 8; i++) {
        if (length && i == gap) {
            wr_str_text(s, "::");
            i += length - 1;
            continue;
        }
        if (i && !(length && i == gap + length)) {
            wr_str_char(s, ':');
        }
        write_group(s, (unsigned)ip[2 * i] << 8 | ip[2 * i + 1]);
    }
}

size_t wr_addr_to_text(const struct wr_addr *addr, char *ret_text, size_t cap)
{
    struct wr_str s;

    wr_str_init(&s, ret_text, cap);
    if (addr->family == WR_AF_V4) {
        write_v4(&s, addr->ip);
    } else if (addr->family == WR_AF_V6) {
        if (addr->port) {
            wr_str_char(&s, '[');
        }
        write_v6(&s, addr->ip);
        if (addr->scope) {
            wr_str_char(&s, '%');
            wr_str_u64(&s, addr->scope);
        }
        if (addr->port) {
            wr_str_char(&s, ']');
        }
    } else {
        wr_str_text(&s, "none");
    }
    if (addr->port) {
        wr_str_char(&s, ':');
        wr_str_u64(&s, addr->port);
    }
    return s.len;
}

bool wr_addr_same_ip(const struct wr_addr *a, const struct wr_addr *b)
{
    return a->family == b->family && a->scope == b->scope && !memcmp(a->ip, b->ip, 16);
}

bool wr_addr_equal(const struct wr_addr *a, const struct wr_addr *b)
{
    return a->port == b->port && wr_addr_same_ip(a, b);
}

size_t wr_addr_ip_size(const struct wr_addr *addr)
{
    return addr->family == WR_AF_V4 ? 4 : addr->family == WR_AF_V6 ? 16 : 0;
}

bool wr_addr_is_loopback(const struct wr_addr *addr)
{
    static const uint8_t one[16] = {[15] = 1};

    if (addr->family == WR_AF_V4) {
        return addr->ip[0] == 127;
    }
    if (addr->family != WR_AF_V6) {
        return false;
    }
    return !memcmp(addr->ip, one, 16) ||
           (!memcmp(addr->ip, mapped_prefix, sizeof(mapped_prefix)) && addr->ip[12] == 127);
}

bool wr_addr_is_any(const struct wr_addr *addr)
{
    static const uint8_t zero[16];

    return addr->family != WR_AF_NONE && !memcmp(addr->ip, zero, 16);
}

/* The first that fits; what fits none is a machine's. */
static const struct {
    uint8_t family, len, kind, ip[13];
} kinds[] = {
    {WR_AF_V4, 8, WR_ADDR_UNSPECIFIED, {0}},
    {WR_AF_V4, 8, WR_ADDR_PRIVATE, {10}},
    {WR_AF_V4, 8, WR_ADDR_LOOPBACK, {127}},
    {WR_AF_V4, 16, WR_ADDR_LINK_LOCAL, {169, 254}},
    {WR_AF_V4, 12, WR_ADDR_PRIVATE, {172, 16}},
    {WR_AF_V4, 16, WR_ADDR_PRIVATE, {192, 168}},
    {WR_AF_V4, 4, WR_ADDR_MULTICAST, {224}},
    {WR_AF_V4, 32, WR_ADDR_BROADCAST, {255, 255, 255, 255}},
    {WR_AF_V4, 4, WR_ADDR_RESERVED, {240}},
    {WR_AF_V6, 96, WR_ADDR_IN_V6, {0}}, /* but for :: and ::1, which are told apart before */
    {WR_AF_V6, 96, WR_ADDR_IN_V6, {[10] = 0xff, [11] = 0xff}},
    {WR_AF_V6, 10, WR_ADDR_LINK_LOCAL, {0xfe, 0x80}},
    {WR_AF_V6, 7, WR_ADDR_PRIVATE, {0xfc}},
    {WR_AF_V6, 8, WR_ADDR_MULTICAST, {0xff}},
};

enum wr_addr_kind wr_addr_kind(const struct wr_addr *addr)
{
    if (addr->family == WR_AF_NONE || wr_addr_is_any(addr))
        return WR_ADDR_UNSPECIFIED;
    if (addr->family == WR_AF_V6 && addr->ip[15] == 1 && wr_addr_is_loopback(addr) &&
        memcmp(addr->ip, mapped_prefix, sizeof(mapped_prefix)) != 0)
        return WR_ADDR_LOOPBACK;
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct wr_prefix prefix = {.addr.family = kinds[i].family, .len = kinds[i].len};

        memcpy(prefix.addr.ip, kinds[i].ip, sizeof(kinds[i].ip));
        if (wr_addr_in_prefix(addr, &prefix))
            return kinds[i].kind;
    }
    return WR_ADDR_MACHINE;
}

bool wr_addr_is_private(const struct wr_addr *addr)
{
    enum wr_addr_kind kind = wr_addr_kind(addr);
    bool shared = addr->family == WR_AF_V4 && addr->ip[0] == 100 && (addr->ip[1] & 0xc0) == 64;

    return shared || kind == WR_ADDR_PRIVATE || kind == WR_ADDR_LOOPBACK ||
           kind == WR_ADDR_LINK_LOCAL;
}

struct wr_addr wr_addr_mask(const struct wr_addr *addr, unsigned len)
{
    struct wr_addr masked = *addr;
    size_t size = wr_addr_ip_size(addr), whole = len / 8;

    masked.port = 0;
    if (whole < size) {
        masked.ip[whole] &= (uint8_t)(0xff00u >> len % 8);
        memset(masked.ip + whole + 1, 0, size - whole - 1);
    }
    return masked;
}

int wr_addr_prefix_from_text(const char *text, struct wr_prefix *ret_prefix)
{
    size_t n = strlen(text);
    size_t slash = find(text, n, '/');
    struct wr_addr addr;
    struct wr_addr masked;
    uint64_t len;
    int err = read_ip(text, slash, &addr);

    if (err) {
        return err;
    }
    len = 8 * wr_addr_ip_size(&addr);
    if (slash < n) {
        err = wr_str_to_u64(text + slash + 1, n - slash - 1, len, &len);
        if (err) {
            return err;
        }
    }
    masked = wr_addr_mask(&addr, (unsigned)len);
    if (!wr_addr_equal(&masked, &addr)) {
        return WR_E_FORMAT;
    }
    *ret_prefix = (struct wr_prefix){.addr = addr, .len = (uint8_t)len};
    return WR_OK;
}

bool wr_addr_in_prefix(const struct wr_addr *addr, const struct wr_prefix *prefix)
{
    unsigned whole = prefix->len / 8;
    unsigned bits = prefix->len % 8;

    if (addr->family != prefix->addr.family || memcmp(addr->ip, prefix->addr.ip, whole) != 0) {
        return false;
    }
    if (prefix->addr.scope && addr->scope != prefix->addr.scope) {
        return false;
    }
    return bits == 0 ||
           ((addr->ip[whole] ^ prefix->addr.ip[whole]) & (0xff00u >> bits) & 0xff) == 0;
}
