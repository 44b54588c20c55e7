/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/askurl.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

bool wr_askurl_is(const char *server)
{
    return server && strstr(server, "://");
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
    wr_str_text(&s, uri->addrs ? text : uri->name);
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
    via->host = uri->name[0] ? uri->name : NULL;
    via->ca = uri->proof & WR_URI_PKIX;
    via->any = !(uri->proof & WR_URI_ALL);
    via->pins = uri->proof & WR_URI_PINS ? uri->pins : 0;
    for (unsigned i = 0; i < via->pins; i++)
        memcpy(via->pin[i].digest, uri->pin[i], WR_PIN_SIZE);
}

int wr_askurl_apply(struct wr_askurl *url, const struct wr_askflags *flags,
                    struct wr_askflags *ret_flags, char *ret_why)
{
    struct wr_uri_error mistake = {"", 0};

    if (wr_uri_from_text(flags->server, strlen(flags->server), &url->uri, &mistake) != WR_OK) {
        snprintf(ret_why, WR_ASKFLAGS_WHY_SIZE, "@%s: %s (at octet %zu)", flags->server,
                 mistake.why, mistake.at + 1);
        return WR_E_USAGE;
    }
    if (url->uri.scheme == WR_URI_ODOH)
        return wrong(ret_why, "weir ask has no Oblivious DoH yet");
    if (url->uri.proof & WR_URI_DANE)
        return wrong(ret_why, "weir ask looks up no TLSA records: leave dane out, and ask for "
                              "them by `weir ask _853._tcp.NAME TLSA +dnssec`");
    *ret_flags = *flags;
    put_server(url);
    ret_flags->server = url->server;
    ret_flags->tcp |= url->uri.scheme == WR_URI_TCP;
    if (wr_uri_is_encrypted(url->uri.scheme))
        put_via(&url->uri, &ret_flags->via);
    return WR_OK;
}
