/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/uri.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

struct scheme {
    const char *name;
    uint16_t port;
    bool built;
};

static const struct scheme schemes[] = {
    [WR_URI_UDP] = {"udp", 53, true},     [WR_URI_TCP] = {"tcp", 53, true},
    [WR_URI_TLS] = {"tls", 853, false},   [WR_URI_HTTPS] = {"https", 443, false},
    [WR_URI_QUIC] = {"quic", 853, false}, [WR_URI_ODOH] = {"odoh", 443, false},
};

/* The text while it is read: a piece [at, end) of it. */
struct scan {
    const char *text;
    size_t at, end;
    struct wr_uri_error error;
};

static int fail(struct scan *s, size_t at, int err, const char *why)
{
    s->error.why = why;
    s->error.at = at;
    return err;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t find(const struct scan *s, char c)
{
    size_t at = s->at;

    while (at < s->end && s->text[at] != c)
        at++;
    return at;
}

static bool same_word(const char *text, size_t n, const char *word)
{
    size_t i = 0;

    for (; i < n && word[i]; i++)
        if ((text[i] | 0x20) != word[i])
            return false;
    return i == n && !word[i];
}

static int read_scheme(struct scan *s, struct wr_uri *uri)
{
    size_t colon = find(s, ':');

    if (colon + 2 >= s->end || s->text[colon + 1] != '/' || s->text[colon + 2] != '/')
        return fail(s, s->at, WR_E_FORMAT, "no scheme; write udp:// or tcp:// before the address");
    for (size_t i = WR_URI_UDP; i < WR_ARRAY_LEN(schemes); i++) {
        if (!same_word(s->text + s->at, colon - s->at, schemes[i].name))
            continue;
        if (!schemes[i].built)
            return fail(s, s->at, WR_E_UNSUPPORTED,
                        "this scheme is not supported yet; udp:// and tcp:// are");
        uri->scheme = (uint8_t)i;
        uri->addr.port = schemes[i].port;
        s->at = colon + 3;
        return WR_OK;
    }
    return fail(s, s->at, WR_E_FORMAT, "unknown scheme; udp:// and tcp:// are known");
}

/* What may follow the authority: later a path and a fragment, now nothing but one lone slash. */
static int cut_tail(struct scan *s)
{
    for (size_t i = s->at; i < s->end; i++) {
        char c = s->text[i];

        if (c == '@')
            return fail(s, i, WR_E_FORMAT, "no user name or password has a meaning here");
        if (c == '#')
            return fail(s, i, WR_E_FORMAT, "a name (#...) belongs to encrypted schemes only");
        if (c == '?')
            return fail(s, i, WR_E_FORMAT, "no query (?...) has a meaning here");
        if (c != '/')
            continue;
        if (i + 1 < s->end)
            return fail(s, i, WR_E_FORMAT, "no path has a meaning here");
        s->end = i;
    }
    return WR_OK;
}

static int read_port(struct scan *s, struct wr_uri *uri)
{
    uint64_t port = 0;

    if (s->at == s->end)
        return WR_OK;
    if (s->text[s->at] != ':')
        return fail(s, s->at, WR_E_FORMAT, "something behind the address that is no :port");
    s->at++;
    if (wr_str_to_u64(s->text + s->at, s->end - s->at, UINT16_MAX, &port) != WR_OK || port == 0)
        return fail(s, s->at, WR_E_RANGE, "the port is no number from 1 to 65535");
    uri->addr.port = (uint16_t)port;
    return WR_OK;
}

static bool is_link_local(const struct wr_addr *addr)
{
    return addr->family == WR_AF_V6 && addr->ip[0] == 0xfe && (addr->ip[1] & 0xc0) == 0x80;
}

/* Takes "%zone" off the piece [at, end) and keeps it. "%25" is how RFC 6874 writes the "%". */
static int take_zone(struct scan *s, size_t *end, struct wr_uri *uri)
{
    size_t percent = find(s, '%'), at, n;

    if (percent >= *end)
        return WR_OK;
    at = percent + 1;
    if (*end - at > 2 && s->text[at] == '2' && s->text[at + 1] == '5')
        at += 2;
    n = *end - at;
    if (n == 0 || n >= sizeof(uri->zone))
        return fail(s, percent, WR_E_FORMAT, "no interface name (1 to 15 characters) behind the %");
    for (size_t i = 0; i < n; i++) {
        char c = s->text[at + i];

        if (!is_alnum(c) && c != '-' && c != '_' && c != '.' && c != '@')
            return fail(s, at + i, WR_E_FORMAT, "a character that no interface name has");
    }
    memcpy(uri->zone, s->text + at, n);
    uri->zone[n] = '\0';
    *end = percent;
    return WR_OK;
}

/* A name where an address must be gets its own words: it is the commonest mistake. */
static int not_an_address(struct scan *s, size_t end)
{
    for (size_t i = s->at; i < end; i++) {
        char c = s->text[i] | 0x20;

        if ((c >= 'g' && c <= 'z') || s->text[i] == '-')
            return fail(s, s->at, WR_E_FORMAT,
                        "a name; an upstream is given by its address, or nobody could look it up");
    }
    return fail(s, s->at, WR_E_FORMAT, "no IPv4 or IPv6 address");
}

static int read_address(struct scan *s, size_t end, uint8_t family, struct wr_uri *uri)
{
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_addr addr;
    uint16_t port = uri->addr.port;
    size_t from = s->at, stop = end;
    int err = take_zone(s, &stop, uri);

    if (err)
        return err;
    if (stop == from || stop - from >= sizeof(text))
        return not_an_address(s, stop);
    memcpy(text, s->text + from, stop - from);
    text[stop - from] = '\0';
    if (wr_addr_from_text(text, &addr) != WR_OK || addr.port != 0 || addr.scope != 0)
        return not_an_address(s, stop);
    if (addr.family != family)
        return fail(s, from, WR_E_FORMAT,
                    family == WR_AF_V4 ? "an IPv6 address stands in brackets: [2001:db8::1]"
                                       : "only an IPv6 address stands in brackets");
    if (wr_addr_is_any(&addr) || (family == WR_AF_V4 ? addr.ip[0] >= 224 : addr.ip[0] == 0xff))
        return fail(s, from, WR_E_FORMAT,
                    "this address is nobody's: unspecified, multicast or "
                    "reserved");
    if (uri->zone[0] && !is_link_local(&addr))
        return fail(s, from, WR_E_FORMAT, "only a link-local address (fe80::) has an interface");
    if (!uri->zone[0] && is_link_local(&addr))
        return fail(s, from, WR_E_FORMAT,
                    "a link-local address needs its interface: [fe80::1%br-wan]");
    uri->addr = addr;
    uri->addr.port = port;
    s->at = end;
    return WR_OK;
}

static bool has_two_colons(const struct scan *s)
{
    size_t colons = 0;

    for (size_t i = s->at; i < s->end; i++)
        colons += s->text[i] == ':';
    return colons > 1;
}

static int read_host(struct scan *s, struct wr_uri *uri)
{
    size_t close;
    int err;

    if (s->at < s->end && s->text[s->at] == '[') {
        close = find(s, ']');
        if (close == s->end)
            return fail(s, s->at, WR_E_FORMAT, "no closing bracket");
        s->at++;
        err = read_address(s, close, WR_AF_V6, uri);
        s->at = close + 1;
        return err;
    }
    if (has_two_colons(s))
        return fail(s, s->at, WR_E_FORMAT, "an IPv6 address stands in brackets: [2001:db8::1]");
    return read_address(s, find(s, ':'), WR_AF_V4, uri);
}

/* Only visible ASCII: a NUL in the middle would hide the rest. */
static int check_octets(struct scan *s)
{
    for (size_t i = 0; i < s->end; i++)
        if (s->text[i] <= 0x20 || s->text[i] >= 0x7f)
            return fail(s, i, WR_E_FORMAT, "a character that no URL has");
    return WR_OK;
}

int wr_uri_from_text(const char *text, size_t n, struct wr_uri *ret_uri,
                     struct wr_uri_error *ret_error)
{
    struct scan s = {.text = text, .end = n};
    struct wr_uri uri;
    int err;

    memset(&uri, 0, sizeof(uri));
    if (n == 0)
        err = fail(&s, 0, WR_E_FORMAT, "empty; write an address as udp://192.0.2.1");
    else if (n >= WR_URI_TEXT_SIZE)
        err = fail(&s, 0, WR_E_FORMAT, "longer than any URL of an upstream");
    else
        err = check_octets(&s);
    if (!err)
        err = read_scheme(&s, &uri);
    if (!err)
        err = cut_tail(&s);
    if (!err)
        err = read_host(&s, &uri);
    if (!err)
        err = read_port(&s, &uri);
    if (!err)
        *ret_uri = uri;
    else if (ret_error)
        *ret_error = s.error;
    return err;
}

size_t wr_uri_to_text(const struct wr_uri *uri, char *ret_text, size_t cap)
{
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_addr bare = uri->addr;
    bool v6 = bare.family == WR_AF_V6;
    struct wr_str s;

    bare.port = 0;
    bare.scope = 0;
    wr_addr_to_text(&bare, text, sizeof(text));
    wr_str_init(&s, ret_text, cap);
    wr_str_text(&s, wr_uri_scheme_name(uri->scheme));
    wr_str_text(&s, v6 ? "://[" : "://");
    wr_str_text(&s, text);
    if (uri->zone[0]) {
        /* a name that begins with 25 would be read as the other way to write the "%" */
        wr_str_text(&s, strncmp(uri->zone, "25", 2) != 0 ? "%" : "%25");
        wr_str_text(&s, uri->zone);
    }
    if (v6)
        wr_str_char(&s, ']');
    if (uri->addr.port != wr_uri_scheme_port(uri->scheme)) {
        wr_str_char(&s, ':');
        wr_str_u64(&s, uri->addr.port);
    }
    return s.len;
}

const char *wr_uri_scheme_name(uint8_t scheme)
{
    return scheme < WR_ARRAY_LEN(schemes) ? schemes[scheme].name : NULL;
}

uint16_t wr_uri_scheme_port(uint8_t scheme)
{
    return scheme < WR_ARRAY_LEN(schemes) ? schemes[scheme].port : 0;
}
