/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/leasefile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "conf/mistakes.h"

enum {
    FIELDS_MAX = 40, /* of one line; Kea has 18 columns */
    FIRST_ROOM = 64,
    DEPTH_MAX = 8,  /* of blocks; ISC nests three deep */
    TOKENS_MAX = 6, /* of a statement that are looked at */
};

typedef struct wr_lease_word word;

struct reading {
    struct wr_leases *leases;
    const struct wr_lease_hooks *hooks;
    uint8_t part;
    uint32_t line;
    int err;
};

/* --- the table --- */

static uint64_t hash_of(const struct wr_leases *l, const struct wr_addr *addr)
{
    return wr_hash_sip13(&l->key, addr->ip, sizeof(addr->ip));
}

/* Room for twice as many leases: their list and the map over it. */
static int grow(struct wr_leases *l)
{
    uint32_t room = l->room ? l->room * 2 : FIRST_ROOM;
    void *block = malloc(wr_map_size(room));
    struct wr_lease *more = block ? realloc(l->item, room * sizeof(*more)) : NULL;
    if (!more) {
        free(block);
        return WR_E_NOMEM;
    }
    l->item = more;
    free(l->map_block);
    l->map_block = block;
    l->room = room;
    wr_map_init(&l->map, block, room);
    for (uint32_t i = 0; i < l->count; i++) {
        (void)wr_map_put(&l->map, hash_of(l, &l->item[i].addr),
                         i + 1); /* as many fit as there are */
    }
    return WR_OK;
}

int wr_leases_create(const struct wr_hash_key *key, struct wr_leases *ret_leases)
{
    struct wr_leases l = {.key = *key};
    int err = grow(&l);
    if (err) {
        wr_leases_free(&l);
        return err;
    }
    *ret_leases = l;
    return WR_OK;
}

void wr_leases_free(struct wr_leases *leases)
{
    free(leases->item);
    free(leases->map_block);
    memset(leases, 0, sizeof(*leases));
}

static struct wr_lease *find(const struct wr_leases *l, const struct wr_addr *addr, uint64_t hash)
{
    uint32_t cursor;
    for (uint64_t v = wr_map_first(&l->map, hash, &cursor); v;
         v = wr_map_next(&l->map, hash, &cursor)) {
        if (wr_addr_same_ip(&l->item[v - 1].addr, addr)) {
            return &l->item[v - 1];
        }
    }
    return NULL;
}

static bool same_word(const word *a, const word *b)
{
    return a->n == b->n && (a->n == 0 || memcmp(a->at, b->at, a->n) == 0);
}

static void keep(struct reading *r, struct wr_lease *lease)
{
    struct wr_leases *l = r->leases;
    uint64_t hash = hash_of(l, &lease->addr);
    struct wr_lease *old = find(l, &lease->addr, hash);
    bool same = old && !old->gone && same_word(&old->client, &lease->client);
    lease->turn = same ? old->turn : l->turns++;
    if (old) {
        *old = *lease;
        return;
    }
    if (l->count == WR_LEASES_MAX) {
        r->err = WR_E_LIMIT;
    } else if (l->count == l->room) {
        r->err = grow(l);
    }
    if (!r->err) {
        wr_assert(l->item); /* there from the start */
        l->item[l->count++] = *lease;
        r->err = wr_map_put(&l->map, hash, l->count) == WR_OK ? WR_OK : WR_E_LIMIT;
    }
}

/* --- words --- */

static void wrong(struct reading *r, const word *w, const char *what)
{
    char quoted[WR_MISTAKE_QUOTE_SIZE], text[WR_MISTAKE_QUOTE_SIZE + 128];
    if (w) {
        snprintf(text, sizeof(text), "%s %s", wr_mistakes_quote(w->at, w->n, quoted), what);
    } else {
        snprintf(text, sizeof(text), "%s", what);
    }
    r->hooks->wrong(r->hooks->user, r->part, r->line, text);
}

static bool is(const word *w, const char *text)
{
    return strlen(text) == w->n && memcmp(text, w->at, w->n) == 0;
}

static bool read_addr(const word *w, struct wr_addr *ret_addr)
{
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_addr addr;
    if (w->n == 0 || w->n >= sizeof(text) || memchr(w->at, 0, w->n)) {
        return false;
    }
    memcpy(text, w->at, w->n);
    text[w->n] = 0;
    if (wr_addr_from_text(text, &addr) != WR_OK || addr.port != 0 || addr.scope != 0) {
        return false;
    }
    *ret_addr = addr;
    return true;
}

static bool read_number(const word *w, int64_t *ret_v)
{
    uint64_t v;
    if (wr_str_to_u64(w->at, w->n, (uint64_t)1 << 48, &v) != WR_OK) {
        return false;
    }
    *ret_v = (int64_t)v;
    return true;
}

/* Splits at `by` (' ': white space of any length). Returns how many fields there are, at most FIELDS_MAX. */
static unsigned split(word line, char by, word *fields)
{
    unsigned count = 0;
    size_t at = 0;
    while (at <= line.n && count < FIELDS_MAX) {
        size_t end = at;
        while (end < line.n && line.at[end] != by && !(by == ' ' && line.at[end] == '\t')) {
            end++;
        }
        if (by != ' ' || end > at) {
            fields[count++] = (word){line.at + at, end - at};
        }
        at = end + 1;
    }
    return count;
}

/* The next whole line; false at the end. */
static bool next_line(struct reading *r, const char **text, size_t *n, word *ret_line)
{
    while (*n > 0 && !r->err) {
        const char *end = memchr(*text, '\n', *n);
        r->line++;
        if (!end) {
            wrong(r, NULL, "the last line is not complete; it is left out until it is");
            return false;
        }
        *ret_line = (word){*text, (size_t)(end - *text)};
        *n -= ret_line->n + 1;
        *text = end + 1;
        if (ret_line->n > 0 && ret_line->at[ret_line->n - 1] == '\r') {
            ret_line->n--;
        }
        if (ret_line->n <= WR_LEASE_LINE_MAX) {
            return true;
        }
        wrong(r, NULL, "the line is too long");
    }
    return false;
}

/* --- dnsmasq --- */

static void read_dnsmasq(struct reading *r, const char *text, size_t n)
{
    word line, f[FIELDS_MAX];
    bool v6 = false;
    while (next_line(r, &text, &n, &line)) {
        struct wr_lease lease = {.part = r->part, .line = r->line};
        unsigned count = split(line, ' ', f);
        if (count == 0) {
            continue;
        }
        if (count == 2 && is(&f[0], "duid")) {
            v6 = true; /* the server's own; DHCPv6 leases follow */
            continue;
        }
        if (count < 4 || !read_number(&f[0], &lease.until_s) || !read_addr(&f[2], &lease.addr)) {
            wrong(r, &line, "is no lease: expected expiry, MAC, address, name");
            continue;
        }
        lease.until_s = lease.until_s == 0 ? INT64_MAX : lease.until_s;
        lease.host = f[3];
        lease.client = v6 && count > 4 ? f[4] : f[1];
        lease.mac = v6 ? (word){"", 0} : f[1]; /* of DHCPv6 it is the IAID */
        lease.id = count > 4 ? f[4] : (word){"", 0};
        lease.id_kind = v6 ? WR_LEASE_ID_DUID : WR_LEASE_ID_CLIENT;
        keep(r, &lease);
    }
}

/* --- odhcpd --- */

static void read_odhcpd(struct reading *r, const char *text, size_t n)
{
    word line, f[FIELDS_MAX];
    while (next_line(r, &text, &n, &line)) {
        unsigned count = split(line, ' ', f);
        if (count == 0 || f[0].at[0] != '#') {
            continue;
        }
        int64_t until = INT64_MAX;
        if (count < 8 || !is(&f[0], "#") || (!is(&f[5], "-1") && !read_number(&f[5], &until))) {
            wrong(r, &line, "is no client: expected # link, id, iaid, name, expiry, ...");
            continue;
        }
        for (unsigned i = 8; i < count; i++) {
            struct wr_lease lease = {.part = r->part, .line = r->line, .until_s = until};
            word addr = f[i];
            const char *slash = memchr(addr.at, '/', addr.n);
            word bits = {slash ? slash + 1 : addr.at + addr.n,
                         slash ? addr.n - (size_t)(slash - addr.at) - 1 : 0};
            addr.n = slash ? (size_t)(slash - addr.at) : addr.n;
            if (!read_addr(&addr, &lease.addr)) {
                wrong(r, &f[i], "is no address");
            } else if (bits.n == 0 || is(&bits, lease.addr.family == WR_AF_V4 ? "32" : "128")) {
                lease.host = f[4]; /* a prefix is no host */
                lease.client = f[2];
                bool v4 = is(&f[3], "ipv4");
                *(v4 ? &lease.mac : &lease.id) = f[2];
                lease.id_kind = WR_LEASE_ID_DUID;
                keep(r, &lease);
            }
        }
    }
}

/* --- Kea --- */

enum column { ADDRESS, HOSTNAME, STATE, EXPIRE, LIFETIME, TYPE, HWADDR, DUID, CLIENT_ID, COLUMNS };

static bool read_header(const word *f, unsigned count, int *column)
{
    static const char *const names[COLUMNS] = {"address", "hostname",       "state",
                                               "expire",  "valid_lifetime", "lease_type",
                                               "hwaddr",  "duid",           "client_id"};
    for (unsigned c = 0; c < COLUMNS; c++) {
        column[c] = -1;
        for (unsigned i = 0; i < count; i++) {
            if (is(&f[i], names[c])) {
                column[c] = (int)i;
            }
        }
    }
    return column[ADDRESS] >= 0 && column[HOSTNAME] >= 0 && column[EXPIRE] >= 0 &&
           column[LIFETIME] >= 0;
}

/* The field of a column; empty when the line or the format does not have it. */
static word field(const word *f, unsigned count, const int *column, enum column c)
{
    int i = column[c];
    return i >= 0 && (unsigned)i < count ? f[i] : (word){"", 0};
}

/* State 0 is an assigned lease, 4 a registered one; lease type 2 is a prefix (Kea's memfile). */
static void read_kea_line(struct reading *r, const word *f, unsigned count, const int *column)
{
    struct wr_lease lease = {.part = r->part, .line = r->line};
    word address = field(f, count, column, ADDRESS), state = field(f, count, column, STATE);
    word expire = field(f, count, column, EXPIRE), lifetime = field(f, count, column, LIFETIME);
    word type = field(f, count, column, TYPE), duid = field(f, count, column, DUID);
    int64_t life;
    if (!read_addr(&address, &lease.addr)) {
        wrong(r, &address, "is no address");
        return;
    }
    if (is(&type, "2")) {
        return;
    }
    if (!read_number(&expire, &lease.until_s) || !read_number(&lifetime, &life)) {
        wrong(r, &expire, "is no time at which the lease ends");
        return;
    }
    bool assigned = state.n == 0 || is(&state, "0") || is(&state, "4");
    lease.gone = life == 0 || !assigned;
    lease.until_s = life == UINT32_MAX ? INT64_MAX : lease.until_s;
    lease.host = field(f, count, column, HOSTNAME);
    lease.mac = field(f, count, column, HWADDR);
    lease.client = duid.n > 0 ? duid : lease.mac;
    lease.id = duid.n > 0 ? duid : field(f, count, column, CLIENT_ID);
    lease.id_kind = duid.n > 0 ? WR_LEASE_ID_DUID : WR_LEASE_ID_CLIENT;
    keep(r, &lease);
}

static void read_kea(struct reading *r, const char *text, size_t n)
{
    word line, f[FIELDS_MAX];
    int column[COLUMNS];
    bool header = false;
    while (next_line(r, &text, &n, &line)) {
        unsigned count = split(line, ',', f);
        if (line.n == 0) {
            continue;
        }
        if (!header || is(&f[0], "address")) {
            header = read_header(f, count, column);
            if (!header) {
                wrong(r, &line, "is no header of a Kea lease file (memfile, CSV)");
                return;
            }
            continue;
        }
        read_kea_line(r, f, count, column);
    }
}

/* --- ISC dhcpd --- */

struct isc {
    struct reading *r;
    const char *text;
    size_t n, pos;
    word token[TOKENS_MAX];
    unsigned tokens;
    struct wr_lease lease; /* of the block that is open */
    word duid;             /* of the ia block that is open */
    bool has_addr;
};

/* '{', '}', ';', 'w' for a word or string, 0 at the end. */
static char isc_next(struct isc *p, word *ret_word)
{
    bool comment = false;
    for (; p->pos < p->n; p->pos++) {
        char c = p->text[p->pos];
        comment = c == '\n' ? false : comment || c == '#';
        p->r->line += c == '\n';
        if (!comment && c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            break;
        }
    }
    if (p->pos == p->n) {
        return 0;
    }
    char c = p->text[p->pos];
    size_t from = p->pos++;
    if (c == '{' || c == '}' || c == ';') {
        return c;
    }
    if (c == '"') {
        while (p->pos < p->n && p->text[p->pos] != '"' && p->text[p->pos] != '\n') {
            p->pos += p->text[p->pos] == '\\' && p->pos + 1 < p->n ? 2 : 1;
        }
        *ret_word = (word){p->text + from + 1, p->pos - from - 1};
        p->pos += p->pos < p->n && p->text[p->pos] == '"';
        return 'w';
    }
    while (p->pos < p->n && !strchr(" \t\r\n{};\"", p->text[p->pos])) {
        p->pos++;
    }
    *ret_word = (word){p->text + from, p->pos - from};
    return 'w';
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Numbers of exactly these widths with a character between them. */
static bool read_triple(const word *w, const unsigned *widths, char by, int64_t *ret)
{
    size_t at = 0;
    for (unsigned i = 0; i < 3; i++) {
        ret[i] = 0;
        if (at + widths[i] > w->n) {
            return false;
        }
        for (unsigned k = 0; k < widths[i]; k++, at++) {
            if (w->at[at] < '0' || w->at[at] > '9') {
                return false;
            }
            ret[i] = ret[i] * 10 + (w->at[at] - '0');
        }
        if (i < 2 && (at == w->n || w->at[at++] != by)) {
            return false;
        }
    }
    return at == w->n;
}

/* "ends never", "ends epoch N", "ends W YYYY/MM/DD HH:MM:SS" (UTC). */
static bool isc_time(const struct isc *p, int64_t *ret_s)
{
    static const unsigned date_widths[] = {4, 2, 2}, clock_widths[] = {2, 2, 2};
    int64_t d[3], c[3];
    if (p->tokens >= 2 && is(&p->token[1], "never")) {
        *ret_s = INT64_MAX;
        return true;
    }
    if (p->tokens >= 3 && is(&p->token[1], "epoch")) {
        return read_number(&p->token[2], ret_s);
    }
    if (p->tokens < 4 || !read_triple(&p->token[2], date_widths, '/', d) ||
        !read_triple(&p->token[3], clock_widths, ':', c) || d[1] < 1 || d[1] > 12) {
        return false;
    }
    *ret_s = days_of(d[0], d[1], d[2]) * 86400 + c[0] * 3600 + c[1] * 60 + c[2];
    return true;
}

static void isc_statement(struct isc *p)
{
    const word *t = p->token;
    if (p->tokens < 2 || !p->has_addr) {
        return;
    }
    if (is(&t[0], "ends")) {
        if (!isc_time(p, &p->lease.until_s)) {
            wrong(p->r, &t[1], "is no time at which the lease ends");
        }
    } else if (is(&t[0], "binding") && p->tokens >= 3) {
        p->lease.gone = !is(&t[2], "active");
    } else if (is(&t[0], "client-hostname")) {
        p->lease.host = t[1];
    } else if (is(&t[0], "hardware") && p->tokens >= 3) {
        p->lease.client = t[2];
        p->lease.mac = t[2];
    } else if (is(&t[0], "uid")) {
        p->lease.id = t[1];
    } else if (is(&t[0], "set") && p->tokens >= 4 && is(&t[1], "ddns-fwd-name") &&
               p->lease.host.n == 0) {
        p->lease.host = t[3];
    }
}

static void isc_open(struct isc *p)
{
    const word *t = p->token;
    bool v4 = p->tokens >= 2 && is(&t[0], "lease");
    bool v6 = p->tokens >= 2 && is(&t[0], "iaaddr");
    if (p->tokens >= 2 && (is(&t[0], "ia-na") || is(&t[0], "ia-ta"))) {
        p->duid = t[1];
    }
    if (!v4 && !v6) {
        return;
    }
    p->lease = (struct wr_lease){.until_s = INT64_MAX, .part = p->r->part, .line = p->r->line};
    p->lease.client = v6 ? p->duid : (word){"", 0};
    p->lease.id = p->lease.client;
    p->lease.id_kind = v6 ? WR_LEASE_ID_IA : WR_LEASE_ID_CLIENT;
    p->lease.id_quoted = true;
    p->has_addr = read_addr(&t[1], &p->lease.addr);
    if (!p->has_addr) {
        wrong(p->r, &t[1], "is no address");
    }
}

static void read_isc(struct reading *r, const char *text, size_t n)
{
    struct isc p = {.r = r, .text = text, .n = n};
    unsigned depth = 0;
    word w;
    char kind;
    r->line = 1;
    while (!r->err && (kind = isc_next(&p, &w)) != 0) {
        if (kind == 'w') {
            if (p.tokens < TOKENS_MAX) {
                p.token[p.tokens++] = w;
            }
            continue;
        }
        if (kind == '{') {
            if (++depth > DEPTH_MAX) {
                wrong(r, NULL, "blocks are nested too deep; the rest is left out");
                return;
            }
            isc_open(&p);
        } else if (kind == ';') {
            isc_statement(&p);
        } else {
            if (p.has_addr) {
                keep(r, &p.lease);
            }
            p.has_addr = false;
            depth -= depth > 0;
        }
        p.tokens = 0;
    }
    if (depth > 0 || p.tokens > 0) {
        wrong(r, NULL, "the last block is not complete; it is left out until it is");
    }
}

static int by_turn(const void *a, const void *b)
{
    const struct wr_lease *x = a, *y = b;
    return x->turn < y->turn ? -1 : x->turn > y->turn;
}

void wr_leases_sort(struct wr_leases *leases)
{
    if (leases->count > 0) {
        qsort(leases->item, leases->count, sizeof(*leases->item), by_turn);
    }
}

int wr_leases_read(struct wr_leases *leases, enum wr_lease_format format, uint8_t part,
                   const char *text, size_t n, const struct wr_lease_hooks *hooks)
{
    static void (*const readers[])(struct reading *, const char *, size_t) = {
        [WR_LEASE_DNSMASQ] = read_dnsmasq,
        [WR_LEASE_KEA] = read_kea,
        [WR_LEASE_ISC] = read_isc,
        [WR_LEASE_ODHCPD] = read_odhcpd,
    };
    struct reading r = {.leases = leases, .hooks = hooks, .part = part};
    readers[format](&r, text, n);
    if (r.err == WR_E_LIMIT) {
        wrong(&r, NULL, "more leases than are taken; the rest is left out");
    }
    return r.err;
}

/* --- names --- */

static bool is_label_octet(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* Names that programs ask for to be told whom to trust: no client gives itself one. */
static bool is_reserved(const char *label, size_t n)
{
    static const char *const names[] = {"localhost", "wpad", "isatap", "local", "gateway"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (wr_str_same_n(label, n, names[i])) {
            return true;
        }
    }
    return false;
}

static const char *look_at_label(const char *label, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_label_octet(label[i])) {
            return "is no host name: letters, digits and hyphens make one";
        }
    }
    if (n == 0) {
        return "has an empty label";
    }
    if (n > WR_LABEL_MAX) {
        return "is longer than a label may be (63 octets)";
    }
    if (label[0] == '-' || label[n - 1] == '-' || label[0] == '_' || label[n - 1] == '_') {
        return "begins or ends with a sign; a host name does not";
    }
    if (n >= 4 && label[2] == '-' && label[3] == '-') {
        return "looks like an encoded international name, which may look like another one; give it "
               "in a "
               "hosts file if it is meant";
    }
    return is_reserved(label, n) ? "is a name that programs trust; no client may take it" : NULL;
}

bool wr_lease_is_named(const struct wr_lease_word *host)
{
    return host->n > 1 || (host->n == 1 && host->at[0] != '*' && host->at[0] != '-');
}

int wr_lease_name(const struct wr_lease_word *host, const uint8_t *zone, struct wr_name *ret_name,
                  const char **ret_why)
{
    uint8_t label[WR_LABEL_MAX + 1];
    size_t n = host->n;
    if (!wr_lease_is_named(host)) {
        return WR_E_NOTFOUND;
    }
    n -= host->at[n - 1] == '.';
    const char *dot = memchr(host->at, '.', n);
    size_t label_n = dot ? (size_t)(dot - host->at) : n;
    *ret_why = look_at_label(host->at, label_n);
    if (!*ret_why && dot) { /* a whole name: only the zone's own, one label below it */
        struct wr_name rest;
        bool same = wr_name_from_text(dot + 1, n - label_n - 1, &rest) == WR_OK &&
                    wr_name_equal(rest.wire, zone);
        *ret_why = same ? NULL : "is a name outside of the leases' zone";
    }
    if (*ret_why) {
        return WR_E_DENIED;
    }
    label[0] = (uint8_t)label_n;
    for (size_t i = 0; i < label_n; i++) {
        label[i + 1] = wr_name_fold((uint8_t)host->at[i]);
    }
    if (wr_name_prepend(label, zone, ret_name) != WR_OK) {
        *ret_why = "is longer than a name may be with its zone";
        return WR_E_DENIED;
    }
    return WR_OK;
}
