/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/feedline.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "conf/feedname.h"
#include "policy/nametree.h"

enum {
    SELF = WR_NAMETREE_SELF,
    BELOW = WR_NAMETREE_BELOW,
    BOTH = SELF | BELOW,
};

/* Narrower prefixes than these are somebody's network; wider ones are a mistake that stops everything. */
enum { V4_LEN_MIN = 8, V6_LEN_MIN = 16 };

struct reading {
    const struct wr_feedline_rules *rules;
    const struct wr_feedline_hooks *hooks;
};

/* --- words --- */

static bool begins(struct wr_str_part p, const char *with)
{
    size_t n = strlen(with);
    return p.n >= n && memcmp(p.at, with, n) == 0;
}

static bool ends(struct wr_str_part p, const char *with)
{
    size_t n = strlen(with);
    return p.n >= n && memcmp(p.at + p.n - n, with, n) == 0;
}

static bool has(struct wr_str_part p, const char *what)
{
    return memmem(p.at, p.n, what, strlen(what)) != NULL;
}

static struct wr_str_part behind(struct wr_str_part p, size_t n)
{
    return (struct wr_str_part){p.at + n, p.n - n};
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct wr_str_part trim(struct wr_str_part p)
{
    while (p.n > 0 && is_blank(p.at[0])) {
        p = behind(p, 1);
    }
    while (p.n > 0 && is_blank(p.at[p.n - 1])) {
        p.n--;
    }
    return p;
}

/* Takes what stands before the next `c` off the front, and `c` with it; all of it when there is none. */
static struct wr_str_part take_to(struct wr_str_part *p, char c)
{
    const char *at = p->n > 0 ? memchr(p->at, c, p->n) : NULL;
    struct wr_str_part taken = {p->at, at != NULL ? (size_t)(at - p->at) : p->n};
    *p = behind(*p, taken.n + (at != NULL));
    return taken;
}

static void aside(const struct reading *r, enum wr_feed_aside kind, struct wr_str_part part,
                  const char *what)
{
    r->hooks->aside(r->hooks->user, kind, part, what);
}

/* --- names and addresses --- */

static void give_name(const struct reading *r, struct wr_str_part part, uint8_t flags)
{
    struct wr_name name;
    const char *why;
    if (wr_feedname_read(part.at, part.n, &name, &why) != WR_OK) {
        aside(r, WR_FEED_BAD, part, why);
        return;
    }
    flags |= r->rules->below && (flags & SELF) ? BELOW : 0;
    bool block = (flags & WR_NAMETREE_EXCEPT) == 0;
    if (block && !r->rules->wide && wr_name_labels(name.wire) == 1) {
        aside(r, WR_FEED_OTHER, part, "is a name of one label");
    } else if (block && !r->rules->wide && (flags & BELOW) &&
               wr_suffixes_has(r->rules->suffixes, name.wire)) {
        aside(r, WR_FEED_OTHER, part, "is a public suffix: strangers have their names below it");
    } else {
        r->hooks->name(r->hooks->user, name.wire, flags);
    }
}

static int to_prefix(struct wr_str_part part, struct wr_prefix *ret_prefix)
{
    char text[WR_ADDR_TEXT_SIZE + 4];
    if (part.n == 0 || part.n >= sizeof(text) || memchr(part.at, 0, part.n) != NULL) {
        return WR_E_FORMAT;
    }
    memcpy(text, part.at, part.n);
    text[part.n] = 0;
    return wr_addr_prefix_from_text(text, ret_prefix);
}

/* May it be an address at all? Names are a million, and this is what tells most of them. */
static bool seems_address(struct wr_str_part part)
{
    char c = part.n > 0 ? part.at[0] : 0;
    return (c >= '0' && c <= '9') || c == ':' ||
           (part.n > 0 && memchr(part.at, ':', part.n) != NULL);
}

static bool to_address(struct wr_str_part part, struct wr_addr *ret_addr)
{
    struct wr_prefix prefix;
    if (!seems_address(part) || memchr(part.at, '/', part.n) != NULL ||
        to_prefix(part, &prefix) != WR_OK) {
        return false;
    }
    *ret_addr = prefix.addr;
    return true;
}

static void give_prefix(const struct reading *r, struct wr_str_part part)
{
    struct wr_prefix prefix;
    if (to_prefix(part, &prefix) != WR_OK || prefix.addr.scope != 0) {
        aside(r, WR_FEED_BAD, part, "is no address and no prefix");
    } else if (prefix.len < (prefix.addr.family == WR_AF_V4 ? V4_LEN_MIN : V6_LEN_MIN)) {
        aside(r, WR_FEED_OTHER, part, "is wider than anybody's network");
    } else {
        r->hooks->prefix(r->hooks->user, &prefix);
    }
}

/* An address that leads nowhere: what lists of hosts write before the names that they block. */
static bool is_sink(const struct wr_addr *addr)
{
    enum wr_addr_kind kind = wr_addr_kind(addr);
    return kind == WR_ADDR_LOOPBACK || kind == WR_ADDR_UNSPECIFIED;
}

/* --- formats --- */

static void read_hosts(const struct reading *r, struct wr_str_part line)
{
    struct wr_addr addr;
    struct wr_str_part w = wr_str_word(&line), name = wr_str_word(&line);
    if (!to_address(w, &addr) && !(w.n == 1 && w.at[0] == '0')) {
        aside(r, WR_FEED_BAD, w, "is no address; a line is an address and its names");
        return;
    }
    if (w.n > 1 && !is_sink(&addr)) {
        aside(r, WR_FEED_OTHER, w, "is the address of a machine: its names are not blocked");
        return;
    }
    if (name.n == 0) {
        aside(r, WR_FEED_BAD, w, "has no name behind it");
    }
    for (unsigned i = 0; name.n > 0; i++, name = wr_str_word(&line)) {
        if (i >= WR_HOSTS_NAMES_MAX) {
            aside(r, WR_FEED_BAD, name, "and the rest: too many names in one line");
            return;
        }
        struct wr_addr again;
        if (to_address(name, &again)) {
            aside(r, WR_FEED_OTHER, name, "is an address, not a name");
        } else {
            give_name(r, name, SELF);
        }
    }
}

static void read_domain(const struct reading *r, struct wr_str_part line)
{
    struct wr_str_part w = wr_str_word(&line);
    if (trim(line).n > 0) {
        aside(r, WR_FEED_BAD, trim(line), "stands behind a name; a line is one name");
        return;
    }
    give_name(r, w, SELF);
}

static void read_wildcard(const struct reading *r, struct wr_str_part line)
{
    if (begins(line, "*.")) {
        line = behind(line, 2);
    } else if (begins(line, ".")) {
        line = behind(line, 1);
    }
    if (line.n == 0 || has(line, "*")) {
        aside(r, WR_FEED_OTHER, line, "has * elsewhere than as its first label");
        return;
    }
    give_name(r, line, BOTH);
}

/* "/a/b/what": each name, and what stands behind the last "/". */
static void read_dnsmasq_names(const struct reading *r, struct wr_str_part names, uint8_t flags)
{
    while (names.n > 0) {
        struct wr_str_part name = take_to(&names, '/');
        if (begins(name, "*")) {
            aside(r, WR_FEED_OTHER, name, "is a pattern");
        } else if (name.n > 0) {
            give_name(r, name, flags);
        } else {
            aside(r, WR_FEED_OTHER, name, "is nothing: all names without a dot");
        }
    }
}

static void read_dnsmasq(const struct reading *r, struct wr_str_part line)
{
    struct wr_str_part rest = line, key = take_to(&rest, '=');
    bool address = begins(key, "address") && key.n == 7;
    bool server = (begins(key, "server") && key.n == 6) || (begins(key, "local") && key.n == 5);
    size_t last = rest.n;
    while (last > 0 && rest.at[last - 1] != '/') {
        last--;
    }
    if ((!address && !server) || rest.n == 0) {
        aside(r, key.n < line.n ? WR_FEED_OTHER : WR_FEED_BAD, key,
              "is no address=, local= or server=");
        return;
    }
    if (rest.at[0] != '/' || last < 3) {
        aside(r, WR_FEED_OTHER, rest, "names no domain between two /");
        return;
    }
    struct wr_str_part names = {rest.at + 1, last - 2}, to = trim(behind(rest, last));
    struct wr_addr addr;
    bool standard = to.n == 1 && to.at[0] == '#';
    if (server && to.n > 0 && !standard) {
        aside(r, WR_FEED_OTHER, to, "is another server: no block");
    } else if (address && to.n > 0 && !standard && (!to_address(to, &addr) || !is_sink(&addr))) {
        aside(r, WR_FEED_OTHER, to, "is the address of a machine: no block");
    } else {
        read_dnsmasq_names(r, names, server && standard ? BOTH | WR_NAMETREE_EXCEPT : BOTH);
    }
}

static void read_table(const struct reading *r, struct wr_str_part line)
{
    size_t n = 0;
    while (n < line.n && line.at[n] != ',' && line.at[n] != ';' && line.at[n] != '\t') {
        n++;
    }
    struct wr_str_part cell = trim((struct wr_str_part){line.at, n});
    struct wr_prefix prefix;
    if (cell.n >= 2 && cell.at[0] == '"' && cell.at[cell.n - 1] == '"') {
        cell = (struct wr_str_part){cell.at + 1, cell.n - 2};
    }
    const char *scheme = memmem(cell.at, cell.n, "://", 3);
    if (scheme != NULL) {
        cell = behind(cell, (size_t)(scheme + 3 - cell.at));
        cell = take_to(&cell, '/');
        cell = begins(cell, "[") ? cell : take_to(&cell, ':');
    }
    if (seems_address(cell) && to_prefix(cell, &prefix) == WR_OK) {
        give_prefix(r, cell);
    } else {
        give_name(r, cell, SELF);
    }
}

/* --- adblock --- */

/* What stands behind "$": "important" and what says no more than that all of a site is meant. */
static bool read_options(struct wr_str_part options, uint8_t *flags)
{
    while (options.n > 0) {
        struct wr_str_part one = trim(take_to(&options, ','));
        if (one.n == 9 && begins(one, "important")) {
            *flags |= WR_NAMETREE_STRONG;
        } else if (!(one.n == 3 && (begins(one, "all") || begins(one, "doc"))) &&
                   !(one.n == 8 && begins(one, "document"))) {
            return false;
        }
    }
    return true;
}

/* What a rule is about, with its marks: who it stands for is known then. */
static bool read_marks(struct wr_str_part *body, uint8_t *flags)
{
    if (begins(*body, "||")) {
        *body = behind(*body, 2);
        *flags |= BOTH;
        if (begins(*body, "*.")) {
            *body = behind(*body, 2);
            *flags &= (uint8_t)~SELF;
        }
        if (ends(*body, "^|")) {
            body->n -= 2;
        } else if (ends(*body, "^")) {
            body->n--;
        } else {
            return false; /* all that begins so: example.com and example.company */
        }
        return true;
    }
    *flags |= SELF;
    if (begins(*body, "|")) {
        *body = behind(*body, 1);
        if (!ends(*body, "^") && !ends(*body, "|")) {
            return false;
        }
        body->n--;
    }
    return true;
}

static bool is_cosmetic(struct wr_str_part line)
{
    return has(line, "##") || has(line, "#@#") || has(line, "#?#") || has(line, "#$#") ||
           has(line, "#%#") || has(line, "$$");
}

static void read_adblock(const struct reading *r, struct wr_str_part line)
{
    struct wr_str_part body = line;
    struct wr_addr addr;
    uint8_t flags = 0;
    if (is_cosmetic(line)) {
        aside(r, WR_FEED_OTHER, line, "changes pages, not names");
        return;
    }
    if (begins(body, "@@")) {
        body = behind(body, 2);
        flags |= WR_NAMETREE_EXCEPT;
    }
    if (begins(body, "/") || has(body, "://")) {
        aside(r, WR_FEED_OTHER, line, "is about addresses of pages");
        return;
    }
    struct wr_str_part options = body;
    body = take_to(&options, '$');
    if (!read_options(options, &flags)) {
        aside(r, WR_FEED_OTHER, line, "has conditions that DNS does not know");
    } else if (!read_marks(&body, &flags) || body.n == 0 ||
               (!begins(body, "/") && (has(body, "*") || has(body, "/") || has(body, "^") ||
                                       has(body, "|") || has(body, "?") || has(body, "=")))) {
        aside(r, WR_FEED_OTHER, line, "is a pattern and no name");
    } else if (!to_address(body, &addr)) {
        give_name(r, body, flags);
    } else if (flags & WR_NAMETREE_EXCEPT) {
        aside(r, WR_FEED_OTHER, line, "is an exception of an address");
    } else {
        give_prefix(r, body);
    }
}

/* --- which --- */

static bool is_comment(struct wr_str_part line, uint8_t format)
{
    if (format == WR_FEED_ADBLOCK || format == WR_FEED_AUTO) {
        if (begins(line, "##") || begins(line, "#@#") || begins(line, "#?#") ||
            begins(line, "#$#") || begins(line, "#%#")) {
            return format == WR_FEED_AUTO && begins(line, "##") &&
                   (line.n == 2 || line.at[2] == '#' || is_blank(line.at[2]));
        }
        if (begins(line, "[") && ends(line, "]")) {
            return true; /* "[Adblock Plus 2.0]" */
        }
    }
    return line.n == 0 || line.at[0] == '#' || line.at[0] == '!' || line.at[0] == ';' ||
           begins(line, "//");
}

/* Without the comment at its end: a blank, then #, or ; behind addresses. */
static struct wr_str_part without_comment(struct wr_str_part line, bool semicolon)
{
    for (size_t i = 1; i < line.n; i++) {
        if (is_blank(line.at[i - 1]) && (line.at[i] == '#' || (semicolon && line.at[i] == ';'))) {
            line.n = i;
            return trim(line);
        }
    }
    return line;
}

static bool is_setting(struct wr_str_part line)
{
    size_t i = 0;
    while (i < line.n && ((line.at[i] >= 'a' && line.at[i] <= 'z') || line.at[i] == '-')) {
        i++;
    }
    return i > 0 && i < line.n && line.at[i] == '=';
}

static uint8_t guess(struct wr_str_part line)
{
    struct wr_str_part rest = line, w = wr_str_word(&rest);
    struct wr_prefix prefix;
    if (begins(line, "|") || begins(line, "@@") || is_cosmetic(line)) {
        return WR_FEED_ADBLOCK;
    }
    if (seems_address(w) && to_prefix(w, &prefix) == WR_OK) {
        return trim(rest).n > 0 && trim(rest).at[0] != ';' && !has(w, "/") ? WR_FEED_HOSTS
                                                                           : WR_FEED_ADDRESSES;
    }
    if (has(w, ",")) {
        return WR_FEED_TABLE;
    }
    if (is_setting(line)) {
        return WR_FEED_DNSMASQ;
    }
    if (begins(line, "*.") || begins(line, ".")) {
        return has(line, "^") || has(line, "/") ? WR_FEED_ADBLOCK : WR_FEED_WILDCARDS;
    }
    return has(w, "^") || has(w, "$") || has(w, "*") || begins(w, "/") ? WR_FEED_ADBLOCK
                                                                       : WR_FEED_DOMAINS;
}

void wr_feedline_read(const struct wr_feedline_rules *rules, struct wr_str_part line,
                      const struct wr_feedline_hooks *hooks)
{
    const struct reading r = {rules, hooks};
    uint8_t format = rules->format;
    line = trim(line);
    if (is_comment(line, format)) {
        return;
    }
    if (format == WR_FEED_AUTO) {
        format = guess(without_comment(line, false));
    }
    if (format != WR_FEED_ADBLOCK) {
        line = without_comment(line, format == WR_FEED_ADDRESSES);
    }
    switch (format) {
    case WR_FEED_HOSTS: read_hosts(&r, line); break;
    case WR_FEED_DOMAINS: read_domain(&r, line); break;
    case WR_FEED_WILDCARDS: read_wildcard(&r, line); break;
    case WR_FEED_DNSMASQ: read_dnsmasq(&r, line); break;
    case WR_FEED_ADBLOCK: read_adblock(&r, line); break;
    case WR_FEED_TABLE: read_table(&r, line); break;
    default: give_prefix(&r, wr_str_word(&line)); break;
    }
}
