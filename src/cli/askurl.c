/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/askurl.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

static bool is_url(const char *server)
{
    return server && strstr(server, "://");
}

static bool is_odoh(const struct wr_askvia *via)
{
    return via->proxy || via->target_path || via->config;
}

bool wr_askurl_is(const struct wr_askflags *flags)
{
    return is_url(flags->server) || is_odoh(&flags->via);
}

static int wrong(char *why, const char *text)
{
    snprintf(why, WR_ASKFLAGS_WHY_SIZE, "%s", text);
    return WR_E_USAGE;
}

/* Its first address; a name without one is looked up by the system. */
static void put_server(struct wr_askurl *url)
{
    const struct wr_uri *uri = &url->uri;
    struct wr_addr bare = uri->addr;
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_str s;

    wr_str_init(&s, url->server, sizeof(url->server));
    bare.port = 0;
    if (uri->addrs)
        wr_addr_to_text(&bare, text, sizeof(text));
    wr_str_text(&s, uri->addrs ? text : wr_uri_peer_name(uri));
    if (uri->zone[0]) {
        wr_str_char(&s, '%');
        wr_str_text(&s, uri->zone);
    }
    wr_str_char(&s, '#');
    wr_str_u64(&s, uri->addr.port);
}

static void put_via(const struct wr_uri *uri, struct wr_askvia *via)
{
    via->scheme = uri->scheme;
    via->path = uri->path[0] ? uri->path : NULL;
    via->host = wr_uri_peer_name(uri)[0] ? wr_uri_peer_name(uri) : NULL;
    via->ca = uri->proof & WR_URI_PKIX;
    via->any = !(uri->proof & WR_URI_ALL);
    via->pins = uri->proof & WR_URI_PINS ? uri->pins : 0;
    for (unsigned i = 0; i < via->pins; i++)
        memcpy(via->pin[i].digest, uri->pin[i], WR_PIN_SIZE);
}

static int read_url(struct wr_askurl *url, const char *text, char *ret_why)
{
    struct wr_uri_error mistake = {"", 0};

    if (wr_uri_from_text(text, strlen(text), &url->uri, &mistake) == WR_OK)
        return WR_OK;
    snprintf(ret_why, WR_ASKFLAGS_WHY_SIZE, "@%s: %s (at octet %zu)", text, mistake.why,
             mistake.at + 1);
    return WR_E_USAGE;
}

/* "@odoh.example#8443 +odoh=proxy.example" as a URL. */
static int write_odoh(const struct wr_askflags *flags, char *text, size_t cap, char *ret_why)
{
    const struct wr_askvia *via = &flags->via;
    size_t host = flags->server ? strcspn(flags->server, "#") : 0;
    const char *port = host && flags->server[host] ? flags->server + host + 1 : flags->port;
    struct wr_str s;

    if (!via->proxy)
        return wrong(ret_why, "+odoh-path and +odoh-config are of +odoh=PROXY");
    if (!host || strcspn(flags->server, "/?&@:[%") < host)
        return wrong(ret_why, "+odoh wants the target by its name, which the proxy looks up, as "
                              "@odoh.example");
    wr_str_init(&s, text, cap);
    wr_str_text(&s, "odoh://");
    wr_str_bytes(&s, flags->server, host);
    wr_str_text(&s, port ? ":" : "");
    wr_str_text(&s, port ? port : "");
    wr_str_text(&s, via->target_path ? via->target_path : "/dns-query");
    wr_str_text(&s, "#proxy=");
    wr_str_text(&s, via->proxy);
    wr_str_text(&s, strchr(via->proxy, '/') ? "" : "/proxy");
    wr_str_text(&s, via->config ? "&config=" : "");
    wr_str_text(&s, via->config ? via->config : "");
    return WR_OK;
}

/* What the flags say of proofs goes on to be said. */
static int apply_odoh(struct wr_askurl *url, const struct wr_askflags *flags,
                      struct wr_askflags *ret_flags, char *ret_why)
{
    char text[WR_URI_TEXT_SIZE];
    int err = write_odoh(flags, text, sizeof(text), ret_why);

    if (!err)
        err = read_url(url, text, ret_why);
    if (err)
        return err;
    if (flags->via.scheme != WR_URI_ODOH)
        return wrong(ret_why, "+odoh is no other transport's: one of them is enough");
    *ret_flags = *flags;
    ret_flags->via.odoh = &url->uri;
    put_server(url);
    ret_flags->server = url->server;
    return WR_OK;
}

int wr_askurl_apply(struct wr_askurl *url, const struct wr_askflags *flags,
                    struct wr_askflags *ret_flags, char *ret_why)
{
    int err;

    if (!is_url(flags->server))
        return apply_odoh(url, flags, ret_flags, ret_why);
    if (is_odoh(&flags->via))
        return wrong(ret_why, "a URL says by itself whether it is odoh://, by which proxy and with "
                              "which config=");
    err = read_url(url, flags->server, ret_why);
    if (err)
        return err;
    if (url->uri.proof & WR_URI_DANE)
        return wrong(ret_why, "weir ask looks up no TLSA records: leave dane out, and ask for "
                              "them by `weir ask _853._tcp.NAME TLSA +dnssec`");
    *ret_flags = *flags;
    put_server(url);
    ret_flags->server = url->server;
    ret_flags->tcp |= url->uri.scheme == WR_URI_TCP;
    if (wr_uri_is_encrypted(url->uri.scheme))
        put_via(&url->uri, &ret_flags->via);
    if (url->uri.scheme == WR_URI_ODOH)
        ret_flags->via.odoh = &url->uri;
    return WR_OK;
}
