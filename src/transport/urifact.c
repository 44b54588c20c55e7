/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/urifact.h"

#include <string.h>

#include "base/check.h"
#include "base/enc.h"
#include "base/err.h"
#include "transport/odoh.h"
#include "transport/urihost.h"

/* One fact: its word is read, [at, end) is its value. */
typedef int reader(struct wr_uri_scan *s, struct wr_uri *uri);

static int read_name(struct wr_uri_scan *s, struct wr_uri *uri)
{
    char *room = uri->scheme == WR_URI_ODOH ? uri->proxy : uri->name;

    if (room[0])
        return wr_uri_fail(s, s->at, WR_E_FORMAT,
                           "one name is proven: the host is a name already, or stands here twice");
    return wr_urihost_name(s, room);
}

static int read_addr(struct wr_uri_scan *s, struct wr_uri *uri)
{
    struct wr_addr addr = {.family = WR_AF_NONE};
    size_t from = s->at;
    int err;

    if (uri->addrs == WR_URI_ADDRS_MAX)
        return wr_uri_fail(s, from, WR_E_FORMAT, "more than four addresses of one server");
    err = wr_urihost_read(s, &addr, NULL, NULL);
    if (err)
        return err;
    if (s->at < s->end)
        return wr_uri_fail(s, s->at, WR_E_FORMAT,
                           "only an address; the port stands behind the host and counts for all");
    for (unsigned i = 0; i < uri->addrs; i++)
        if (wr_addr_same_ip(wr_uri_addr(uri, i), &addr))
            return wr_uri_fail(s, from, WR_E_FORMAT, "this address stands here already");
    addr.port = uri->addr.port;
    if (uri->addrs == 0)
        uri->addr = addr;
    else
        uri->more[uri->addrs - 1] = addr;
    uri->addrs++;
    return WR_OK;
}

static int read_pin(struct wr_uri_scan *s, struct wr_uri *uri)
{
    static const char word[] = "sha256/";
    size_t from = s->at, skip = sizeof(word) - 1, size = 0;
    uint8_t pin[WR_URI_PIN_SIZE];

    if (s->end - from <= skip || memcmp(s->text + from, word, skip) != 0 ||
        wr_enc_from_base64(s->text + from + skip, s->end - from - skip, pin, sizeof(pin), &size) !=
            WR_OK ||
        size != sizeof(pin))
        return wr_uri_fail(s, from, WR_E_FORMAT,
                           "a pin is sha256/ and 32 octets in base64 (44 characters): the digest "
                           "of the server's public key");
    for (unsigned i = 0; i < uri->pins; i++)
        if (!memcmp(uri->pin[i], pin, sizeof(pin)))
            return wr_uri_fail(s, from, WR_E_FORMAT, "this pin stands here already");
    if (uri->pins == WR_URI_PINS_MAX)
        return wr_uri_fail(s, from, WR_E_FORMAT, "more than four pins of one server");
    memcpy(uri->pin[uri->pins++], pin, sizeof(pin));
    uri->proof |= WR_URI_PINS;
    return WR_OK;
}

static int read_proxy(struct wr_uri_scan *s, struct wr_uri *uri)
{
    struct wr_uri_scan host = *s;
    size_t slash = wr_uri_find(s, '/');
    int err;

    if (uri->scheme != WR_URI_ODOH)
        return wr_uri_fail(s, s->at, WR_E_FORMAT, "only odoh:// has a proxy");
    if (uri->proxy_path[0])
        return wr_uri_fail(s, s->at, WR_E_FORMAT, "a second proxy");
    if (uri->addrs || uri->proxy[0])
        return wr_uri_fail(s, s->at, WR_E_FORMAT, "proxy=... stands first: the rest is about it");
    host.end = slash;
    err = wr_urihost_read(&host, &uri->addr, NULL, uri->proxy);
    uri->proxy_named = uri->proxy[0] != '\0';
    uri->addrs = uri->addr.family != WR_AF_NONE;
    uri->addr.port = wr_uri_scheme_port(WR_URI_HTTPS);
    if (!err)
        err = wr_urihost_port(&host, &uri->addr.port);
    if (err) {
        s->error = host.error;
        return err;
    }
    s->at = slash;
    if (slash == s->end)
        return wr_uri_fail(s, slash, WR_E_FORMAT,
                           "the proxy's path is missing, as proxy=proxy.example/proxy");
    return wr_urihost_path(s, uri->proxy_path);
}

static int read_config(struct wr_uri_scan *s, struct wr_uri *uri)
{
    struct wr_odoh_config config;
    size_t size = 0;

    if (uri->scheme != WR_URI_ODOH)
        return wr_uri_fail(s, s->at, WR_E_FORMAT, "only odoh:// has a target's configuration");
    if (uri->config_size)
        return wr_uri_fail(s, s->at, WR_E_FORMAT, "the configurations stand here already");
    if (wr_enc_from_base64(s->text + s->at, s->end - s->at, uri->config, sizeof(uri->config),
                           &size) != WR_OK ||
        wr_odoh_configs_read(uri->config, size, &config) != WR_OK)
        return wr_uri_fail(s, s->at, WR_E_FORMAT,
                           "config is what the target publishes at " WR_ODOH_CONFIGS_PATH
                           ", in base64, with a suite that is known here");
    uri->config_size = (uint8_t)size;
    return WR_OK;
}

struct word {
    const char *text; /* with "=" when it has a value */
    uint8_t proof;    /* what it sets, without a value */
    reader *read;
};

static const struct word words[] = {
    {"name=", 0, read_name},
    {"addr=", 0, read_addr},
    {"pin=", 0, read_pin},
    {"proxy=", 0, read_proxy},
    {"config=", 0, read_config},
    {"pkix", WR_URI_PKIX, NULL},
    {"dane", WR_URI_DANE, NULL},
    {"all", WR_URI_ALL, NULL},
    {"opportunistic", WR_URI_OPPORTUNISTIC, NULL},
};

static int read_fact(struct wr_uri_scan *s, struct wr_uri *uri)
{
    size_t n = s->end - s->at;

    for (size_t i = 0; i < WR_ARRAY_LEN(words); i++) {
        size_t size = strlen(words[i].text);

        if (words[i].read && n > size && !memcmp(s->text + s->at, words[i].text, size)) {
            s->at += size;
            return words[i].read(s, uri);
        }
        if (words[i].read || n != size || memcmp(s->text + s->at, words[i].text, size) != 0)
            continue;
        if (uri->proof & words[i].proof)
            return wr_uri_fail(s, s->at, WR_E_FORMAT, "this word stands here already");
        uri->proof |= words[i].proof;
        return WR_OK;
    }
    return wr_uri_fail(s, s->at, WR_E_FORMAT,
                       "no fact that is known; name=, addr=, pin=, pkix, dane, all, opportunistic "
                       "and (of odoh) proxy= and config= are, with & between them");
}

static bool is_one(uint8_t bits)
{
    return (bits & (bits - 1)) == 0;
}

/* Do the facts fit together? `from`: where they begin. */
static int check(struct wr_uri_scan *s, size_t from, struct wr_uri *uri)
{
    uint8_t ways = uri->proof & (WR_URI_PKIX | WR_URI_PINS | WR_URI_DANE);

    if (uri->scheme == WR_URI_ODOH && !uri->proxy_path[0])
        return wr_uri_fail(s, from, WR_E_FORMAT,
                           "odoh:// needs who passes the questions on: #proxy=proxy.example/proxy");
    if (uri->scheme == WR_URI_ODOH && !strcmp(uri->proxy, uri->name))
        return wr_uri_fail(s, from, WR_E_FORMAT,
                           "proxy and target are the same host: it would know who asks what");
    if ((uri->proof & WR_URI_OPPORTUNISTIC) && uri->proof != WR_URI_OPPORTUNISTIC)
        return wr_uri_fail(s, from, WR_E_FORMAT,
                           "opportunistic means that nothing is proven; it stands alone");
    if ((uri->proof & WR_URI_ALL) && (ways == 0 || is_one(ways)))
        return wr_uri_fail(s, from, WR_E_FORMAT,
                           wr_uri_peer_name(uri)[0] && ways == WR_URI_PINS
                               ? "all is of two ways or more; the name is proven by the word pkix "
                                 "(or dane): write pkix beside pin=... and all"
                               : "all is of two ways or more: pkix, dane, pin=...");
    if ((uri->proof & WR_URI_DANE) && !wr_uri_peer_name(uri)[0])
        return wr_uri_fail(s, from, WR_E_FORMAT,
                           "dane needs a name, at which the records are: name=dns.example");
    if (uri->proof == 0)
        uri->proof = WR_URI_PKIX;
    return WR_OK;
}

int wr_urifact_read(struct wr_uri_scan *s, struct wr_uri *uri)
{
    size_t from = s->at, end = s->end;
    int err = WR_OK;

    while (!err && s->at < end) {
        s->end = wr_uri_find(s, '&');
        err = read_fact(s, uri);
        if (!err && s->end + 1 == end)
            err = wr_uri_fail(s, s->end, WR_E_FORMAT, "nothing behind the &");
        s->at = err ? s->at : s->end + 1;
        s->end = end;
    }
    return err ? err : check(s, from, uri);
}

static void put_host(struct wr_str *out, const struct wr_addr *addr)
{
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_addr bare = *addr;

    bare.port = 0;
    bare.scope = 0;
    wr_addr_to_text(&bare, text, sizeof(text));
    wr_str_text(out, addr->family == WR_AF_V6 ? "[" : "");
    wr_str_text(out, text);
    wr_str_text(out, addr->family == WR_AF_V6 ? "]" : "");
}

/* The start of a fact: "#" before the first, "&" before the others. */
static void put_word(struct wr_str *out, char *mark, const char *word)
{
    wr_str_char(out, *mark);
    wr_str_text(out, word);
    *mark = '&';
}

static void put_proxy(const struct wr_uri *uri, struct wr_str *out, char *mark)
{
    put_word(out, mark, "proxy=");
    if (uri->proxy_named)
        wr_str_text(out, uri->proxy);
    else
        put_host(out, &uri->addr);
    if (uri->addr.port != wr_uri_scheme_port(WR_URI_HTTPS)) {
        wr_str_char(out, ':');
        wr_str_u64(out, uri->addr.port);
    }
    wr_str_text(out, uri->proxy_path);
}

static void put_ways(const struct wr_uri *uri, struct wr_str *out, char *mark)
{
    for (unsigned i = 0; i < uri->pins; i++) {
        put_word(out, mark, "pin=sha256/");
        wr_enc_base64(out, uri->pin[i], sizeof(uri->pin[i]));
    }
    for (size_t i = 0; i < WR_ARRAY_LEN(words); i++)
        if ((uri->proof & words[i].proof) && uri->proof != WR_URI_PKIX)
            put_word(out, mark, words[i].text);
}

void wr_urifact_write(const struct wr_uri *uri, struct wr_str *out)
{
    bool odoh = uri->scheme == WR_URI_ODOH;
    bool named = odoh ? uri->proxy_named : uri->named;
    char mark = '#';

    if (odoh)
        put_proxy(uri, out, &mark);
    if (!named && wr_uri_peer_name(uri)[0]) {
        put_word(out, &mark, "name=");
        wr_str_text(out, wr_uri_peer_name(uri));
    }
    for (unsigned i = named ? 0 : 1; i < uri->addrs; i++) {
        put_word(out, &mark, "addr=");
        put_host(out, wr_uri_addr(uri, i));
    }
    put_ways(uri, out, &mark);
    if (uri->config_size) {
        put_word(out, &mark, "config=");
        wr_enc_base64(out, uri->config, uri->config_size);
    }
}
