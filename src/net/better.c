/* SPDX-License-Identifier: Apache-2.0 */
#include "net/better.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "dns/build.h"

/* Who judges one service. */
struct judging {
    const struct wr_better *look;
    char host[WR_ADDR_TEXT_SIZE];
    bool proven;
};

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
    struct judging *j = user;
    int err = wr_creds_verify(j->look->creds, chain, j->host, ret_why);

    j->proven = err == WR_OK;
    return j->look->unproven && is_private(&j->look->server) ? WR_OK : err;
}

/* Does it prove itself, and answer? */
static int try_way(const struct wr_better *look, const struct wr_upgrade *way, const uint8_t *query,
                   size_t size, struct wr_better_room *room, bool *ret_proven)
{
    struct judging j = {.look = look};
    struct wr_addr bare = look->server;
    struct wr_askflow flow = {.server = look->server,
                              .timeout_ms = look->timeout_ms,
                              .cancel = look->cancel,
                              .kind = way->scheme == WR_URI_TLS ? WR_UPCONN_DOT : 0,
                              .secure = {.creds = look->creds, .verify = judge, .user = &j}};
    int err;

    if (!flow.kind)
        return WR_E_UNSUPPORTED;
    bare.port = 0;
    bare.scope = 0;
    wr_addr_to_text(&bare, j.host, sizeof(j.host));
    flow.server.port = way->port;
    err = wr_askflow_run(&flow, query, size, &room->flow, &room->reply, &room->facts);
    *ret_proven = j.proven;
    return err;
}

int wr_better_find(const struct wr_better *look, const uint8_t *query, size_t size,
                   struct wr_better_room *room, struct wr_better_found *ret_found)
{
    struct wr_ask ask = {
        .server = look->server, .timeout_ms = look->timeout_ms, .tries = 2, .cancel = look->cancel};
    struct wr_upgrade ways[WR_UPGRADES_MAX];
    size_t count;
    int err;

    memset(ret_found, 0, sizeof(*ret_found));
    err = wr_ask_run(&ask, query, size, &room->reply);
    if (err) {
        snprintf(ret_found->why, sizeof(ret_found->why), "it does not answer: %s",
                 err == WR_E_IO ? room->reply.error : "no reply in time");
        return err == WR_E_IO ? WR_E_IO : WR_E_TIMEOUT;
    }
    count = wr_upgrade_read(room->reply.bytes, room->reply.size, &look->server, ways,
                            &ret_found->ttl_s);
    err = WR_E_NOTFOUND;
    for (size_t i = 0; i < count; i++) {
        int one = try_way(look, &ways[i], query, size, room, &ret_found->proven);

        if (one == WR_OK) {
            ret_found->way = ways[i];
            ret_found->why[0] = 0;
            return WR_OK;
        }
        if (one == WR_E_UNSUPPORTED)
            continue;
        snprintf(ret_found->why, sizeof(ret_found->why), "%s", room->facts.why);
        err = WR_E_DENIED;
    }
    ret_found->proven = false;
    return err;
}
