/* SPDX-License-Identifier: Apache-2.0 */
/* weir ask: questions to a server, the answers as zone text or JSON. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/askflags.h"
#include "cli/askjson.h"
#include "cli/askmsg.h"
#include "cli/asksecure.h"
#include "cli/asktext.h"
#include "cli/asktrace.h"
#include "cli/askurl.h"
#include "cli/opts.h"
#include "cli/verb.h"
#include "cli/whom.h"
#include "net/ask.h"
#include "net/clock.h"
#include "net/sock.h"
#include "serve/resolvconf.h"

enum {
    SERVER_TEXT_SIZE = WR_ADDR_TEXT_SIZE + 32,
    PADDING_BLOCK = 128 /* RFC 8467 section 4.1 */
};

/* One question on its way: what is sent where, and what came. */
struct asking {
    const struct wr_askflags *flags;
    struct wr_ask ask;
    uint8_t query[WR_ASKMSG_SIZE];
    size_t query_size;
    char server[SERVER_TEXT_SIZE];
    struct wr_ask_reply reply;
    struct wr_asksecure *secure; /* of encrypted questions, from the first on; or NULL */
    struct wr_askurl url;
    struct wr_askflags own; /* what the URL of the server makes of the flags */
};

static void warn(const char *server, const char *what)
{
    fprintf(stderr, ";; WARNING: %s: %s\n", server, what);
}

static void tell_remedy(const char *what)
{
    if (*what)
        fprintf(stderr, ";; %s\n", what);
}

/* --- whom to ask --- */

static int find_servers(const struct wr_askflags *flags, struct wr_addr *servers, size_t *count)
{
    struct wr_whom whom = {.who = "ask", .server = flags->server, .family = flags->family};
    uint64_t port = 0;

    whom.port = wr_uri_scheme_port(flags->via.scheme ? flags->via.scheme : WR_URI_UDP);
    if (flags->port && wr_str_to_u64(flags->port, strlen(flags->port), UINT16_MAX, &port) == WR_OK)
        whom.port = (uint16_t)port;
    return wr_whom_find(&whom, servers, count);
}

static int find_source(const struct wr_askflags *flags, struct wr_addr *ret_from)
{
    char zone[WR_RESOLVCONF_ZONE_SIZE];
    struct wr_addr from;

    memset(&from, 0, sizeof(from));
    if (flags->from && wr_askflags_server(flags->from, 0, &from, zone) != WR_OK) {
        fprintf(stderr, "weir ask: -b wants an address\n");
        return WR_E_USAGE;
    }
    if (flags->from && zone[0])
        from.scope = if_nametoindex(zone);
    *ret_from = from;
    return WR_OK;
}

/* --- one question --- */

static void server_text(const struct wr_addr *addr, char out[SERVER_TEXT_SIZE])
{
    struct wr_addr bare = *addr;
    struct wr_str s;
    char text[WR_ADDR_TEXT_SIZE];

    bare.port = 0;
    wr_addr_to_text(&bare, text, sizeof(text));
    wr_str_init(&s, out, SERVER_TEXT_SIZE);
    wr_str_text(&s, text);
    wr_str_char(&s, '@');
    wr_str_u64(&s, addr->port);
}

static int make_query(struct asking *a, const struct wr_askflags *flags)
{
    uint8_t random[2 + WR_COOKIE_CLIENT_SIZE];

    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        fprintf(stderr, "weir ask: the system gives no randomness: %s\n", strerror(errno));
        return WR_E_IO;
    }
    a->query_size =
        wr_askmsg_build(flags, (uint16_t)(random[0] << 8 | random[1]), random + 2, a->query);
    return WR_OK;
}

static int64_t wall_s(void)
{
    struct wr_now now;

    wr_clock_now(false, &now);
    return now.wall_s;
}

static const char *transport_of(const struct asking *a, bool query)
{
    switch (a->flags->via.scheme) {
    case WR_URI_TLS: return "TLS";
    case WR_URI_HTTPS: return "HTTPS";
    case WR_URI_QUIC: return "QUIC";
    case WR_URI_ODOH: return "ODoH";
    default: return (query ? a->ask.tcp : a->reply.tcp) ? "TCP" : "UDP";
    }
}

static struct wr_asktext_secure secure_facts(const struct asking *a)
{
    const struct wr_asksecure *s = a->secure;

    return (struct wr_asktext_secure){.odoh = a->flags->via.odoh ? &s->odoh : NULL,
                                      .version = s->facts.version,
                                      .cipher = s->facts.cipher,
                                      .http = s->facts.http,
                                      .proof = s->proof.text,
                                      .key = s->proof.seen ? &s->proof.key : NULL,
                                      .proven = s->proof.proven,
                                      .resumed = s->facts.resumed,
                                      .connect_us = s->facts.connect_us,
                                      .handshake_us = s->facts.handshake_us,
                                      .answer_us = s->facts.answer_us};
}

static int print_message(struct asking *a, const uint8_t *bytes, size_t size, bool query)
{
    struct wr_askmsg_view view;
    struct wr_asktext_secure secure;
    struct wr_asktext_facts facts = {.server = a->server,
                                     .transport = transport_of(a, query),
                                     .query = query,
                                     .took_us = a->reply.took_us,
                                     .wrong = query ? 0 : a->reply.wrong,
                                     .size = size,
                                     .wall_s = wall_s()};
    int err = wr_askmsg_view(bytes, size, &view);

    if (err)
        return err;
    if (a->flags->via.scheme && !query) {
        secure = secure_facts(a);
        facts.secure = &secure;
    }
    if (a->flags->json)
        err = wr_askjson_print(&view, &facts, stdout);
    else
        wr_asktext_print(a->flags, &view, &facts, stdout);
    wr_askmsg_view_free(&view);
    return err;
}

/* By whichever transport; once more with another query when the server wants its cookie in it. */
static int exchange(struct asking *a)
{
    if (a->flags->via.scheme)
        return wr_asksecure_run(a->secure, a->flags, &a->ask.server, a->query, a->query_size,
                                &a->reply);
    return wr_ask_run(&a->ask, a->query, a->query_size, &a->reply);
}

/* The server wants its own cookie in the query (RFC 7873 section 5.3): once more with it. */
static int ask_again_with_cookie(struct asking *a)
{
    struct wr_askflags again = *a->flags;
    struct wr_msg msg;

    if (!again.cookie || !again.badcookie ||
        wr_msg_parse(&msg, a->reply.bytes, a->reply.size) != WR_OK ||
        wr_msg_rcode(&msg) != WR_RCODE_BADCOOKIE || msg.edns.cookie_size < 16)
        return WR_OK;
    memcpy(again.cookie_bytes, msg.edns.cookie, msg.edns.cookie_size);
    again.cookie_size = msg.edns.cookie_size;
    if (make_query(a, &again))
        return WR_E_IO;
    return exchange(a);
}

static const char *reason(const struct asking *a, int err)
{
    if (a->flags->via.scheme && a->secure->facts.why[0])
        return a->secure->facts.why;
    switch (err) {
    case WR_E_TIMEOUT:
        return a->reply.wrong ? "no reply in time that answers the question" : "no reply in time";
    case WR_E_CLOSED: return "the server closed the connection without an answer";
    case WR_E_LIMIT: return "too many replies that do not answer the question";
    case WR_E_IO: return a->reply.error;
    default: return wr_err_name(err);
    }
}

static int ask_server(struct asking *a, const struct wr_addr *server, bool last)
{
    int err;

    a->ask.server = *server;
    server_text(server, a->server);
    err = make_query(a, a->flags);
    if (err)
        return err;
    if (a->flags->query && !a->flags->json)
        err = print_message(a, a->query, a->query_size, true);
    if (!err)
        err = exchange(a);
    if (!err)
        err = ask_again_with_cookie(a);
    if (!err)
        return print_message(a, a->reply.bytes, a->reply.size, false);
    warn(a->server, reason(a, err));
    if (a->flags->via.scheme)
        tell_remedy(wr_asksecure_remedy(a->secure, a->flags, err));
    if (last && a->flags->json)
        (void)wr_askjson_failed(a->flags, a->server, reason(a, err), stdout);
    return err;
}

/* No server is asked for its answer: it is found here. */
static int trace_question(struct asking *a)
{
    char why[WR_ASKFLAGS_WHY_SIZE] = "";
    struct wr_now begun, now;
    int err = make_query(a, a->flags);

    if (err)
        return err;
    memset(&a->reply, 0, sizeof(a->reply));
    snprintf(a->server, sizeof(a->server), "the root");
    wr_clock_now(false, &begun);
    err = wr_asktrace_run(a->flags, a->query, a->query_size, stdout, a->reply.bytes, &a->reply.size,
                          why);
    wr_clock_now(false, &now);
    a->reply.took_us = (uint32_t)(now.mono_us - begun.mono_us);
    if (!err)
        return print_message(a, a->reply.bytes, a->reply.size, false);
    warn(a->server, why[0] ? why : wr_err_name(err));
    if (a->flags->json)
        (void)wr_askjson_failed(a->flags, a->server, why[0] ? why : wr_err_name(err), stdout);
    return err;
}

/* What the server's URL and the transport make of the flags. */
static int choose_flags(struct asking *a, const struct wr_askflags *flags)
{
    char why[WR_ASKFLAGS_WHY_SIZE] = "";

    a->own = *flags;
    if (wr_askurl_is(flags) && wr_askurl_apply(&a->url, flags, &a->own, why) != WR_OK) {
        fprintf(stderr, "weir ask: %s\n", why);
        return WR_E_USAGE;
    }
    /* Of ODoH the envelope is padded (RFC 9230 section 6.2). */
    if (a->own.via.scheme && a->own.via.scheme != WR_URI_ODOH && a->own.edns &&
        !a->own.padding_chosen)
        a->own.padding = PADDING_BLOCK;
    if (a->own.via.scheme && !a->secure)
        a->secure = wr_asksecure_start();
    a->flags = &a->own;
    return a->own.via.scheme && !a->secure ? WR_E_NOMEM : WR_OK;
}

static int ask_question(struct asking *a, const struct wr_askflags *flags)
{
    struct wr_addr servers[WR_WHOM_MAX];
    size_t count = 0;
    int err = choose_flags(a, flags);

    if (err)
        return err;
    flags = a->flags;
    if (flags->trace)
        return trace_question(a);
    a->ask.tcp = flags->tcp;
    a->ask.keep_truncated = flags->ignore;
    a->ask.timeout_ms = flags->timeout_ms;
    a->ask.tries = flags->retry + 1;
    err = find_source(flags, &a->ask.from);
    if (!err)
        err = find_servers(flags, servers, &count);
    if (err)
        return err;
    err = WR_E_TIMEOUT;
    for (size_t i = 0; i < count && err; i++)
        err = ask_server(a, &servers[i], i + 1 == count);
    return err;
}

static int ask_all(const struct wr_asklist *list)
{
    struct asking *a = calloc(1, sizeof(*a));
    int status = WR_EXIT_OK;

    if (!a)
        return WR_EXIT_FAILED;
    for (unsigned i = 0; i < list->count; i++) {
        int err = ask_question(a, &list->item[i]);

        if (err == WR_E_USAGE)
            status = WR_EXIT_USAGE;
        else if (err && status == WR_EXIT_OK)
            status = WR_EXIT_FAILED;
        fflush(stdout);
    }
    wr_asksecure_end(a->secure);
    free(a);
    return status;
}

int wr_cli_ask(int argc, char **argv)
{
    struct wr_asklist *list = calloc(1, sizeof(*list));
    struct wr_opts opts;
    int status = WR_EXIT_OK;

    wr_askflags_opts(&opts);
    if (!list)
        return WR_EXIT_FAILED;
    if (!wr_opts_told(&opts)) {
        if (wr_askflags_read(list, argc, argv) != WR_OK)
            status = wr_opts_misused(&opts, "%s", list->why);
        else if (list->help)
            wr_opts_help(&opts, stdout);
        else
            status = ask_all(list);
    }
    free(list);
    return status;
}
