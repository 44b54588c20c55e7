/* SPDX-License-Identifier: Apache-2.0 */
/* DoQ server: which connection makes room when places, memory, streams or chunks have run out. */
#include "base/time.h"
#include "transport/doqserver_state.h"

static struct doq_conn *longest_idle(const struct wr_doqserver *s)
{
    struct doq_conn *oldest = NULL;

    for (const struct wr_list *n = s->idle.next; n != &s->idle; n = n->next) {
        struct doq_conn *c = WR_CONTAINER(n, struct doq_conn, seat);

        oldest = oldest == NULL || c->lively_us < oldest->lively_us ? c : oldest;
    }
    return oldest;
}

/* It took enough of its answers lately. */
static bool is_taking(const struct doq_conn *c)
{
    return c->server->now_us < c->taken_us + WR_UNREAD_MS * WR_MS;
}

/* What it holds that others could have. Before the handshake is done it has asked in early data, and takes nothing. */
static uint64_t held(const struct doq_conn *c, bool slow)
{
    bool may = c->quic.state == WR_QUIC_OPEN || (slow && c->quic.state == WR_QUIC_OPENING);

    return may && (slow || !is_taking(c)) ? wr_doqserver_unread(c, slow) : 0;
}

/* Who holds most of what it does not read, but for this one; `slow`: also of those that take of it now and then, and what
 * streams hold whose questions do not become whole. */
static struct doq_conn *heaviest_unread(struct wr_doqserver *s, const struct doq_conn *but,
                                        bool slow)
{
    struct doq_conn *most = NULL;
    uint64_t octets = 0;
    wr_id id;

    for (uint32_t i = 0; i < s->conns.count; i++) {
        struct doq_conn *c = wr_pool_at(&s->conns, i, &id);
        uint64_t has = c == NULL || c == but ? 0 : held(c, slow);

        if (has > octets) {
            octets = has;
            most = c;
        }
    }
    return most;
}

uint64_t wr_doqserver_yield(struct wr_doqserver *s)
{
    uint64_t before = wr_doqserver_memory(s);
    struct doq_conn *c = heaviest_unread(s, NULL, false);

    c = c != NULL ? c : longest_idle(s);
    if (c == NULL) {
        return 0;
    }
    wr_doqserver_evict(c);
    return before - wr_doqserver_memory(s);
}

/* All streams of all connections are looked at, and whoever holds them could make that happen with each of its packets: a search that found
 * nobody holds for a while. When it is the one who asks that holds all, it is his alone. */
bool wr_doqserver_find_room(struct doq_conn *c)
{
    struct wr_doqserver *s = c->server;
    struct doq_conn *other;

    if (s->now_us < s->barren_us || s->now_us < c->barren_us) {
        return false;
    }
    other = heaviest_unread(s, c, false);
    /* An octet a second costs nothing, and this room is of all clients: nobody keeps it by that. */
    other = other != NULL ? other : heaviest_unread(s, c, true);
    s->stats.searches++;
    if (other == NULL) {
        *(held(c, true) > 0 ? &c->barren_us : &s->barren_us) = s->now_us + WR_DOQ_BARREN_MS * WR_MS;
        return false;
    }
    wr_doqserver_evict(other);
    return true;
}
