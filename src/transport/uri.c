/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/uri.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "transport/uri_scan.h"
#include "transport/urifact.h"
#include "transport/urihost.h"

#ifdef WR_HAVE_QUIC
enum { QUIC_SERVED = true };
#else
enum { QUIC_SERVED = false };
#endif

struct scheme {
    const char *name;
    uint16_t port;
    bool served; /* servers can be asked so already */
};

static const struct scheme schemes[] = {
    [WR_URI_UDP] = {"udp", 53, true},           [WR_URI_TCP] = {"tcp", 53, true},
    [WR_URI_TLS] = {"tls", 853, true},          [WR_URI_HTTPS] = {"https", 443, true},
    [WR_URI_QUIC] = {"quic", 853, QUIC_SERVED}, [WR_URI_ODOH] = {"odoh", 443, true},
};

/* Where the pieces of a URL end: "scheme://" authority path "#" facts. */
struct pieces {
    size_t path, facts, end;
};

static bool same_word(const char *text, size_t n, const char *word)
{
    size_t i = 0;

    for (; i < n && word[i]; i++)
        if ((text[i] | 0x20) != word[i])
            return false;
    return i == n && !word[i];
}

static int read_scheme(struct wr_uri_scan *s, struct wr_uri *uri)
{
    size_t colon = wr_uri_find(s, ':');

    if (colon + 2 >= s->end || s->text[colon + 1] != '/' || s->text[colon + 2] != '/')
        return wr_uri_fail(
            s, s->at, WR_E_FORMAT,
            "no scheme; write tls://, https:// or quic:// before the address, or udp:// "
            "where plain text is meant");
    for (size_t i = WR_URI_UDP; i < WR_ARRAY_LEN(schemes); i++) {
        if (!same_word(s->text + s->at, colon - s->at, schemes[i].name))
            continue;
        uri->scheme = (uint8_t)i;
        uri->addr.port = schemes[i].port;
        s->at = colon + 3;
        return WR_OK;
    }
    return wr_uri_fail(s, s->at, WR_E_FORMAT,
                       "unknown scheme; udp, tcp, tls, https, quic and odoh are known");
}

static bool has_path(const struct wr_uri *uri)
{
    return uri->scheme == WR_URI_HTTPS || uri->scheme == WR_URI_ODOH;
}

/* Finds the pieces; what cannot be of any piece is refused. */
static int cut(struct wr_uri_scan *s, const struct wr_uri *uri, struct pieces *ret)
{
    size_t hash = wr_uri_find(s, '#'), path = s->at;

    while (path < hash && s->text[path] != '/' && s->text[path] != '?')
        path++;
    for (size_t i = s->at; i < path; i++)
        if (s->text[i] == '@')
            return wr_uri_fail(s, i, WR_E_FORMAT, "no user name or password has a meaning here");
    if (hash < s->end && !wr_uri_is_encrypted(uri->scheme))
        return wr_uri_fail(s, hash, WR_E_FORMAT, "a name (#...) belongs to encrypted schemes only");
    if (hash + 1 == s->end)
        return wr_uri_fail(s, hash, WR_E_FORMAT, "nothing behind the #");
    if (path < hash && s->text[path] == '?')
        return wr_uri_fail(s, path, WR_E_FORMAT, "no query (?...) has a meaning here");
    if (path + 1 < hash && !has_path(uri))
        return wr_uri_fail(s, path, WR_E_FORMAT, "no path has a meaning here");
    *ret = (struct pieces){path, hash, s->end};
    return WR_OK;
}

static int read_host(struct wr_uri_scan *s, struct wr_uri *uri)
{
    bool encrypted = wr_uri_is_encrypted(uri->scheme);
    uint16_t port = uri->addr.port;
    size_t from = s->at;
    int err = wr_urihost_read(s, &uri->addr, uri->zone, encrypted ? uri->name : NULL);

    uri->named = !err && uri->addr.family == WR_AF_NONE;
    uri->addrs = !err && !uri->named;
    uri->addr.port = port;
    if (!err)
        err = wr_urihost_port(s, &uri->addr.port);
    if (err || uri->scheme != WR_URI_ODOH)
        return err;
    if (!uri->named)
        return wr_uri_fail(s, from, WR_E_FORMAT,
                           "the target of odoh is a name, which the proxy looks up");
    uri->target_port = uri->addr.port;
    return WR_OK;
}

static int read_path(struct wr_uri_scan *s, struct wr_uri *uri)
{
    static const char usual[] = "/dns-query";

    if (!has_path(uri))
        return WR_OK;
    if (s->at < s->end)
        return wr_urihost_path(s, uri->path);
    memcpy(uri->path, usual, sizeof(usual));
    return WR_OK;
}

/* Behind the scheme. */
static int read_rest(struct wr_uri_scan *s, struct wr_uri *uri)
{
    struct pieces p;
    int err = cut(s, uri, &p);

    if (err)
        return err;
    s->end = p.path;
    err = read_host(s, uri);
    s->at = p.path;
    s->end = p.facts;
    if (!err)
        err = read_path(s, uri);
    s->at = p.facts < p.end ? p.facts + 1 : p.end;
    s->end = p.end;
    return err || !wr_uri_is_encrypted(uri->scheme) ? err : wr_urifact_read(s, uri);
}

/* Only visible ASCII: a NUL in the middle would hide the rest. */
static int check_octets(struct wr_uri_scan *s)
{
    for (size_t i = 0; i < s->end; i++)
        if (s->text[i] <= 0x20 || s->text[i] >= 0x7f)
            return wr_uri_fail(s, i, WR_E_FORMAT, "a character that no URL has");
    return WR_OK;
}

int wr_uri_from_text(const char *text, size_t n, struct wr_uri *ret_uri,
                     struct wr_uri_error *ret_error)
{
    struct wr_uri_scan s = {.text = text, .end = n};
    struct wr_uri uri;
    int err;

    memset(&uri, 0, sizeof(uri));
    if (n == 0)
        err = wr_uri_fail(&s, 0, WR_E_FORMAT, "empty; write an address as udp://192.0.2.1");
    else if (n > WR_URI_TEXT_MAX)
        err = wr_uri_fail(&s, 0, WR_E_FORMAT, "longer than any URL of an upstream");
    else
        err = check_octets(&s);
    if (!err)
        err = read_scheme(&s, &uri);
    if (!err)
        err = read_rest(&s, &uri);
    if (!err)
        *ret_uri = uri;
    else if (ret_error)
        *ret_error = s.error;
    return err;
}

static void put_address(const struct wr_uri *uri, struct wr_str *s)
{
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_addr bare = uri->addr;
    bool v6 = bare.family == WR_AF_V6;

    bare.port = 0;
    bare.scope = 0;
    wr_addr_to_text(&bare, text, sizeof(text));
    wr_str_text(s, v6 ? "[" : "");
    wr_str_text(s, text);
    if (uri->zone[0]) {
        /* a name that begins with 25 would be read as the other way to write the "%" */
        wr_str_text(s, strncmp(uri->zone, "25", 2) != 0 ? "%" : "%25");
        wr_str_text(s, uri->zone);
    }
    wr_str_text(s, v6 ? "]" : "");
}

static void put_front(const struct wr_uri *uri, struct wr_str *s)
{
    uint16_t port = uri->scheme == WR_URI_ODOH ? uri->target_port : uri->addr.port;

    wr_str_text(s, wr_uri_scheme_name(uri->scheme));
    wr_str_text(s, "://");
    if (uri->named)
        wr_str_text(s, uri->name);
    else
        put_address(uri, s);
    if (port != wr_uri_scheme_port(uri->scheme)) {
        wr_str_char(s, ':');
        wr_str_u64(s, port);
    }
    wr_str_text(s, uri->path);
}

size_t wr_uri_to_short(const struct wr_uri *uri, char *ret_text, size_t cap)
{
    struct wr_str s;

    wr_str_init(&s, ret_text, cap);
    put_front(uri, &s);
    return s.len;
}

size_t wr_uri_to_text(const struct wr_uri *uri, char *ret_text, size_t cap)
{
    struct wr_str s;

    wr_str_init(&s, ret_text, cap);
    put_front(uri, &s);
    if (wr_uri_is_encrypted(uri->scheme))
        wr_urifact_write(uri, &s);
    return s.len;
}

const char *wr_uri_peer_name(const struct wr_uri *uri)
{
    return uri->scheme == WR_URI_ODOH ? uri->proxy : uri->name;
}

const struct wr_addr *wr_uri_addr(const struct wr_uri *uri, unsigned i)
{
    wr_assert(i < uri->addrs);
    return i == 0 ? &uri->addr : &uri->more[i - 1];
}

const char *wr_uri_scheme_name(uint8_t scheme)
{
    return scheme < WR_ARRAY_LEN(schemes) ? schemes[scheme].name : NULL;
}

uint16_t wr_uri_scheme_port(uint8_t scheme)
{
    return scheme < WR_ARRAY_LEN(schemes) ? schemes[scheme].port : 0;
}

bool wr_uri_is_encrypted(uint8_t scheme)
{
    return scheme >= WR_URI_TLS && scheme <= WR_URI_ODOH;
}

bool wr_uri_is_served(uint8_t scheme)
{
    return scheme < WR_ARRAY_LEN(schemes) && schemes[scheme].served;
}
