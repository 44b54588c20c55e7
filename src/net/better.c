/* SPDX-License-Identifier: Apache-2.0 */
#include "net/better.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "dns/build.h"
#include "transport/whom.h"

/* One look. */
struct looking {
    const struct wr_better *look;
    const uint8_t *query;
    size_t size;
    struct wr_better_room *room;
    struct wr_better_found *found;
    struct wr_whom whom;
    bool proven; /* of the service that was tried last */
};

/* In the order of resolve/select: QUIC, TLS, HTTPS, and then what the server likes best. */
static const uint8_t schemes[WR_BETTER_WAYS] = {WR_URI_QUIC, WR_URI_TLS, WR_URI_HTTPS};

size_t wr_better_query(uint16_t id, uint8_t room[64])
{
    struct wr_build_opt opt = {.udp_size = WR_EDNS_UDP_SIZE, .ede = WR_EDE_NONE};
    struct wr_build b;

    wr_build_start(&b, room, 64, id, WR_FLAG_RD);
    wr_build_question(&b, wr_upgrade_name, WR_TYPE_SVCB, WR_CLASS_IN);
    (void)!wr_build_opt(&b, &opt, WR_RCODE_NOERROR);
    return wr_build_finish(&b, WR_RCODE_NOERROR);
}

/* Nobody can have a public certificate for it; 100.64/10 is RFC 6598. */
static bool is_private(const struct wr_addr *addr)
{
    enum wr_addr_kind kind = wr_addr_kind(addr);
    bool shared = addr->family == WR_AF_V4 && addr->ip[0] == 100 && (addr->ip[1] & 0xc0) == 64;

    return shared || kind == WR_ADDR_PRIVATE || kind == WR_ADDR_LOOPBACK ||
           kind == WR_ADDR_LINK_LOCAL;
}

static int judge(void *user, const struct wr_certs *chain, struct wr_verdict_text *ret_why)
{
    struct looking *l = user;
    int err = wr_whom_verify(&l->whom, chain, ret_why);

    l->proven = err == WR_OK;
    if (l->proven)
        l->found->early = l->found->early || wr_whom_is_unproven(&l->whom, &chain->now);
    return l->look->unproven && is_private(&l->look->server) ? WR_OK : err;
}

/* What HTTP calls the server: its address, and a port that is not the usual one. */
static void write_authority(const struct wr_addr *addr, uint16_t port, char *room, size_t cap)
{
    struct wr_addr bare = *addr;
    char text[WR_ADDR_TEXT_SIZE];

    bare.port = 0;
    bare.scope = 0;
    wr_addr_to_text(&bare, text, sizeof(text));
    snprintf(room, cap, addr->family == WR_AF_V6 ? "[%s]" : "%s", text);
    if (port != wr_uri_scheme_port(WR_URI_HTTPS))
        snprintf(room + strlen(room), cap - strlen(room), ":%u", port);
}

/* Does it prove itself, and answer? The reply is in the room then. */
static int try_way(struct looking *l, const struct wr_upgrade *way)
{
    char authority[WR_ADDR_TEXT_SIZE + 8];
    struct wr_askflow flow = {.server = l->look->server,
                              .timeout_ms = l->look->timeout_ms,
                              .cancel = l->look->cancel,
                              .clock = l->look->clock,
                              .kind = wr_askflow_kind(way->scheme),
                              .secure = {.creds = l->look->creds,
                                         .verify = judge,
                                         .user = l,
                                         .host = authority,
                                         .path = way->path}};

    if (!flow.kind)
        return WR_E_UNSUPPORTED;
    flow.server.port = way->port;
    write_authority(&flow.server, way->port, authority, sizeof(authority));
    l->proven = false;
    return wr_askflow_run(&flow, l->query, l->size, &l->room->flow, &l->room->reply,
                          &l->room->facts);
}

static size_t read_names(struct looking *l, struct wr_upgrade names[WR_UPGRADES_MAX])
{
    return wr_upgrade_read(l->room->reply.bytes, l->room->reply.size, &l->look->server, names,
                           &l->found->ttl_s);
}

/* What the server names over a way that is known: nobody else can have said it. 0: nothing, or none is there. */
static size_t ask_known(struct looking *l, struct wr_upgrade names[WR_UPGRADES_MAX])
{
    for (size_t i = 0; i < l->look->knowns; i++) {
        int err = try_way(l, &l->look->known[i]);

        if (err == WR_OK && l->proven)
            return read_names(l, names);
        l->found->refused = l->found->refused || err == WR_E_DENIED || err == WR_OK;
    }
    return 0;
}

static int ask_plain(struct looking *l, struct wr_upgrade names[WR_UPGRADES_MAX], size_t *ret_count)
{
    struct wr_ask ask = {.server = l->look->server,
                         .timeout_ms = l->look->timeout_ms,
                         .tries = 2,
                         .cancel = l->look->cancel};
    int err = wr_ask_run(&ask, l->query, l->size, &l->room->reply);

    if (err) {
        snprintf(l->found->why, sizeof(l->found->why), "it does not answer: %s",
                 err == WR_E_IO ? l->room->reply.error : "no reply in time");
        return err == WR_E_IO ? WR_E_IO : WR_E_TIMEOUT;
    }
    *ret_count = read_names(l, names);
    return WR_OK;
}

/* The service of this transport that is liked best and is good; WR_E_NOTFOUND: there is none of it. */
static int take_best(struct looking *l, uint8_t scheme, const struct wr_upgrade *names,
                     size_t count)
{
    int err = WR_E_NOTFOUND;

    for (size_t i = 0; i < count; i++) {
        int one = names[i].scheme == scheme ? try_way(l, &names[i]) : WR_E_UNSUPPORTED;

        if (one == WR_OK) {
            l->found->way[l->found->ways++] = (struct wr_better_way){names[i], l->proven};
            return WR_OK;
        }
        if (one == WR_E_UNSUPPORTED)
            continue;
        snprintf(l->found->why, sizeof(l->found->why), "%s", l->room->facts.why);
        err = WR_E_DENIED;
    }
    return err;
}

int wr_better_find(const struct wr_better *look, const uint8_t *query, size_t size,
                   struct wr_better_room *room, struct wr_better_found *ret_found)
{
    struct looking l = {.look = look, .query = query, .size = size, .room = room};
    struct wr_uri self = {.proof = WR_URI_PKIX, .addr = look->server};
    struct wr_upgrade names[WR_UPGRADES_MAX];
    size_t count;
    int err;

    memset(ret_found, 0, sizeof(*ret_found));
    l.found = ret_found;
    l.whom = wr_whom_of(&self, look->creds);
    l.whom.system_clock = look->system_clock;
    l.whom.floor_s = look->floor_s;
    count = ask_known(&l, names);
    err = count > 0 ? WR_OK : ask_plain(&l, names, &count);
    if (err)
        return err;
    err = WR_E_NOTFOUND;
    for (size_t i = 0; i < WR_BETTER_WAYS; i++) {
        int one = take_best(&l, schemes[i], names, count);

        err = err == WR_OK || one == WR_E_NOTFOUND ? err : one;
    }
    if (err == WR_OK)
        ret_found->why[0] = 0;
    return err;
}
