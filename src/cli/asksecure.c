/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/asksecure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/readfile.h"

/* The system's authorities, where Debian, OpenWrt, Fedora and Alpine have them. */
static const char *const bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                      "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};
enum { BUNDLE_MAX = 4 * 1024 * 1024 };

struct wr_asksecure *wr_asksecure_start(void)
{
    return calloc(1, sizeof(struct wr_asksecure));
}

void wr_asksecure_end(struct wr_asksecure *s)
{
    if (s)
        wr_creds_drop(s->creds);
    free(s);
}

static int fail(struct wr_asksecure *s, int err, const char *what, const char *more)
{
    snprintf(s->facts.why, sizeof(s->facts.why), "%.120s: %.160s", what, more);
    return err;
}

/* Those of the file, or of the system; without a condition it does not matter when there are none. */
static int load_authorities(struct wr_asksecure *s, const struct wr_askvia *via)
{
    struct wr_creds_setup setup = {0};
    struct wr_verdict_text why = {""};
    size_t size = 0;
    const char *path = via->ca_file, *problem = "";
    char *bytes = path ? wr_readfile(path, BUNDLE_MAX, &size, &problem) : NULL;
    int err;

    if (path && !bytes)
        return fail(s, WR_E_USAGE, path, problem);
    for (size_t i = 0; i < sizeof(bundles) / sizeof(bundles[0]) && !via->ca_file && !bytes; i++) {
        path = bundles[i];
        bytes = wr_readfile(path, BUNDLE_MAX, &size, &problem);
    }
    if (s->creds && !strcmp(s->ca_file, bytes ? path : "")) {
        free(bytes);
        return WR_OK;
    }
    wr_creds_drop(s->creds);
    s->creds = NULL;
    setup.anchors = (const uint8_t *)bytes;
    setup.anchors_size = size;
    err = wr_creds_make(&setup, &why, &s->creds);
    snprintf(s->ca_file, sizeof(s->ca_file), "%s", bytes ? path : "");
    free(bytes);
    return err ? fail(s, WR_E_USAGE, s->ca_file, why.text) : WR_OK;
}

/* What is to stand in the certificate: +tls-host, else @SERVER, else the address. True: it is a name. */
static bool find_host(struct wr_asksecure *s, const struct wr_askflags *flags,
                      const struct wr_addr *server)
{
    const char *from = flags->via.host ? flags->via.host : flags->server;
    struct wr_addr addr = *server, written;
    char zone[16];

    addr.port = 0;
    addr.scope = 0;
    if (!from || wr_askflags_server(from, 0, &written, zone) == WR_OK) {
        wr_addr_to_text(from && flags->via.host ? &written : &addr, s->host, sizeof(s->host));
        return false;
    }
    snprintf(s->host, sizeof(s->host), "%.*s", (int)strcspn(from, "#"), from);
    return true;
}

static void put_authority(struct wr_asksecure *s, uint16_t port)
{
    bool v6 = strchr(s->host, ':');
    struct wr_str text;

    wr_str_init(&text, s->authority, sizeof(s->authority));
    wr_str_text(&text, v6 ? "[" : "");
    wr_str_text(&text, s->host);
    wr_str_text(&text, v6 ? "]" : "");
    if (port != wr_uri_scheme_port(WR_URI_HTTPS)) {
        wr_str_char(&text, ':');
        wr_str_u64(&text, port);
    }
}

static void put_text(char *room, size_t cap, const char *text)
{
    struct wr_str s;

    wr_str_init(&s, room, cap);
    wr_str_text(&s, text ? text : "");
}

/* `s->host` is known. By what the texts say, not by where they stand: two URLs of one call are read into one place. */
static void put_terms(const struct wr_asksecure *s, const struct wr_addr *server,
                      const struct wr_askvia *via, struct wr_asksecure_terms *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->server = *server;
    put_text(ret->host, sizeof(ret->host), s->host);
    put_text(ret->sni, sizeof(ret->sni), via->sni);
    put_text(ret->ca_file, sizeof(ret->ca_file), via->ca_file);
    if (via->odoh)
        wr_askodoh_target(via->odoh, ret->target, sizeof(ret->target));
    memcpy(ret->pin, via->pin, sizeof(via->pin[0]) * via->pins);
    ret->scheme = via->scheme;
    ret->pins = via->pins;
    ret->ca = via->ca;
    ret->any = via->any;
}

/* Whether the ticket that is kept is of these terms; they are those of the next one. */
static bool is_again(struct wr_asksecure *s, const struct wr_addr *server,
                     const struct wr_askvia *via)
{
    struct wr_asksecure_terms terms;
    bool same;

    put_terms(s, server, via, &terms);
    same = !memcmp(&terms, &s->ticket_terms, sizeof(terms));
    s->ticket_terms = terms;
    s->ticket_size = same ? s->ticket_size : 0;
    return same;
}

static void keep_ticket(struct wr_asksecure *s)
{
    s->ticket_size = s->facts.ticket_size;
    memcpy(s->ticket, s->facts.ticket, s->ticket_size);
}

/* What the connection is to be like; `named`: s->host is a name. */
static void set_secure(struct wr_asksecure *s, const struct wr_askvia *via, bool named,
                       struct wr_upconn_secure *ret)
{
    s->proof.creds = s->creds;
    s->proof.host = s->host;
    s->proof.pin = via->pin;
    s->proof.pins = via->pins;
    s->proof.authority = via->ca;
    s->proof.any = via->any;
    *ret = (struct wr_upconn_secure){.creds = s->creds,
                                     .verify = wr_askproof_judge,
                                     .user = &s->proof,
                                     .host = s->authority,
                                     .path = via->path ? via->path : "/dns-query",
                                     .get = via->get,
                                     .name = via->sni ? via->sni
                                             : named  ? s->host
                                                      : NULL};
}

/* What cannot be asked; the source's address to `ret_from`. */
static int check(struct wr_asksecure *s, const struct wr_askflags *flags, uint8_t kind,
                 struct wr_addr *ret_from)
{
    const struct wr_uri *odoh = flags->via.odoh;
    char zone[16];

    if (!kind)
        return fail(s, WR_E_USAGE, wr_uri_scheme_name(flags->via.scheme),
                    "this weir was built without it");
    if (odoh && !strcasecmp(s->host, odoh->name))
        return fail(s, WR_E_USAGE, odoh->name,
                    "proxy and target are the same host: it would know who asks what");
    if (flags->from && wr_askflags_server(flags->from, 0, ret_from, zone) != WR_OK)
        return fail(s, WR_E_USAGE, "-b", "wants an address");
    return WR_OK;
}

int wr_asksecure_run(struct wr_asksecure *s, const struct wr_askflags *flags,
                     const struct wr_addr *server, const uint8_t *query, size_t size,
                     struct wr_ask_reply *ret_reply)
{
    struct wr_askflow flow = {.server = *server,
                              .timeout_ms = flags->timeout_ms,
                              .kind = wr_askflow_kind(flags->via.scheme)};
    bool named = find_host(s, flags, server), again;
    int err = load_authorities(s, &flags->via);

    if (!err)
        err = check(s, flags, flow.kind, &flow.from);
    if (err)
        return err;
    again = is_again(s, server, &flags->via);
    if (!again) /* what one session proved holds for its tickets */
        s->proof = (struct wr_askproof){0};
    put_authority(s, server->port);
    set_secure(s, &flags->via, named, &flow.secure);
    if (flags->via.odoh)
        wr_askodoh_begin(&s->odoh, flags->via.odoh, again, wr_asksock_now_us(), &flow.secure);
    flow.ticket = s->ticket_size ? s->ticket : NULL;
    flow.ticket_size = s->ticket_size;
    err = wr_askflow_run(&flow, query, size, &s->room, ret_reply, &s->facts);
    keep_ticket(s);
    if (flags->via.odoh)
        wr_askodoh_end(&s->odoh);
    return err;
}

const char *wr_asksecure_remedy(const struct wr_asksecure *s, const struct wr_askflags *flags,
                                int err)
{
    if (err == WR_E_DENIED && flags->via.pins && !flags->via.ca)
        return "look at its key without +pin, and take the new pin only when you know why it "
               "changed";
    if (err == WR_E_DENIED)
        return "name its authority with +tls-ca=FILE, the name in its certificate with "
               "+tls-host=NAME, or ask without them to see what it shows";
    if (err == WR_E_IO && !s->facts.ready)
        return flags->via.odoh ? "is that the proxy, and its port? +odoh=HOST:PORT/PATH"
                               : "is there a listener of this transport? the port follows the "
                                 "server behind a #";
    if (err == WR_E_CLOSED && flags->via.odoh && flags->via.odoh->config_size)
        return "without +odoh-config (config= in a URL) the one that the target publishes now is "
               "fetched, and printed";
    if (err == WR_E_CLOSED && flags->via.odoh && s->facts.connect_us)
        return "are the proxy's path (+odoh=HOST/PATH) and the target's (@HOST +odoh-path) right, "
               "and does this proxy carry to that target?";
    return "";
}
