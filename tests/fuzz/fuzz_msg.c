/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message that parses can be walked and expanded; built again and parsed again it has the same records.
 */
#include "fuzz.h"

#include "base/err.h"
#include "dns/build.h"
#include "dns/msg.h"
#include "dns/rdata.h"

static uint8_t built[WR_MSG_MAX];
static uint8_t expanded[2][WR_MSG_MAX];

/* The rdata in stored form, or an error. */
static int stored(const struct wr_msg *m, const struct wr_msg_rr *rr, uint8_t *room, size_t *ret_n)
{
    struct wr_reader r = wr_msg_reader(m, rr->rdata);
    struct wr_writer w;
    int err;

    wr_buf_write_init(&w, room, WR_MSG_MAX);
    err = wr_rdata_expand(&r, rr->type, rr->rdlength, &w);
    *ret_n = w.pos;
    if (!err) {
        promise(r.pos == rr->rdata + rr->rdlength);
        promise(wr_rdata_check(rr->type, room, w.pos) == WR_OK);
    }
    return err;
}

/* Builds every record that expands; gives the size, 0 when something did not fit 64 KiB. */
static size_t build(const struct wr_msg *m)
{
    struct wr_build b;

    wr_build_start(&b, built, sizeof(built), m->id, m->flags);
    if (m->qdcount) {
        wr_build_question(&b, m->qname.wire, m->qtype, m->qclass);
    }
    for (unsigned section = 0; section < 3; section++) {
        struct wr_msg_walk walk = wr_msg_walk(m, section);
        struct wr_msg_rr rr;
        unsigned count = 0;

        for (; wr_msg_next(&walk, &rr); count++) {
            struct wr_build_mark mark = wr_build_mark(&b);
            size_t n;

            if (stored(m, &rr, expanded[0], &n)) {
                continue;
            }
            for (unsigned twice = 0; twice < 2; twice++) { /* taking back leaves no trace */
                wr_build_rewind(&b, &mark);
                if (wr_build_rr(&b, section, rr.owner.wire, rr.type, rr.class_, rr.ttl, expanded[0],
                                n)) {
                    return 0;
                }
            }
        }
        promise(count == m->counts[section]);
    }
    return wr_build_finish(&b, m->flags & 15);
}

/* The next record of the first message that expands. */
static int next_good(const struct wr_msg *m, struct wr_msg_walk *walk, struct wr_msg_rr *rr,
                     size_t *ret_n)
{
    while (wr_msg_next(walk, rr)) {
        if (stored(m, rr, expanded[0], ret_n) == WR_OK) {
            return 1;
        }
    }
    return 0;
}

static void compare(const struct wr_msg *a, const struct wr_msg *b)
{
    promise(a->id == b->id && a->flags == b->flags && a->qdcount == b->qdcount);
    promise(a->qtype == b->qtype && a->qclass == b->qclass);
    promise(a->tsig || !b->tsig); /* a malformed TSIG is left out */
    promise(a->qname.size == b->qname.size && !memcmp(a->qname.wire, b->qname.wire, a->qname.size));
    promise(a->edns.present == b->edns.present && a->edns.cookie_size == b->edns.cookie_size);
    for (unsigned section = 0; section < 3; section++) {
        struct wr_msg_walk walk_a = wr_msg_walk(a, section), walk_b = wr_msg_walk(b, section);
        struct wr_msg_rr x, y;
        size_t nx, ny;

        while (next_good(a, &walk_a, &x, &nx)) {
            promise(wr_msg_next(&walk_b, &y));
            promise(x.type == y.type && x.class_ == y.class_ && x.ttl == y.ttl);
            promise(x.owner.size == y.owner.size &&
                    !memcmp(x.owner.wire, y.owner.wire, x.owner.size));
            promise(stored(b, &y, expanded[1], &ny) == WR_OK);
            promise(nx == ny && !memcmp(expanded[0], expanded[1], nx));
        }
        promise(!wr_msg_next(&walk_b, &y));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_msg m, again;
    size_t n;

    if (wr_msg_parse(&m, data, size) != WR_OK) {
        return 0;
    }
    n = build(&m);
    if (n > 0) {
        promise(wr_msg_parse(&again, built, n) == WR_OK);
        compare(&m, &again);
    }
    return 0;
}
