/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dane: the TLSA records of encrypted upstreams that prove themselves by them (RFC 6698, RFC 7671).
 *
 * They stand at `_853._tcp.NAME` (DNS over TLS; `_443._tcp` over HTTPS, `_853._udp` over QUIC; the port is the URL's). That name has a route of its
 * own, as names of servers without an address have (serve/bootstrap): to the servers of `upstream.bootstrap`, or to the root, and the
 * questions are weir's usual ones, asked of the workers. Only what weir itself has validated as secure counts: what is
 * unsigned is no record, what is bogus is no answer, and while nobody knows the time nothing is secure. So names of time servers go the same way (serve/bootstrap).
 *
 * Until there are records, and when it is proven that there are none, a server that dane alone can prove is barred (serve/proofs): nobody asks it, and the
 * log and `weir upstreams` say why. They are looked at again when their TTL has ended, or when the server is well at none of its addresses,
 * for its key may have changed. A look-up that fails, or that nobody can prove because the time was lost, leaves the old ones for a day after their TTL, and no longer, even if the cache still serves them. Other records make a new gate; a roll-over has both keys in the zone for a while.
 *
 * Main thread only.
 */
#ifndef WR_SERVE_DANE_H
#define WR_SERVE_DANE_H

#include "base/str.h"
#include "conf/conf.h"
#include "dns/name.h"
#include "resolve/answer.h"
#include "transport/whom.h"

struct wr_dane;
struct wr_serve;

enum wr_dane_found {
    WR_DANE_NOT_YET = 0, /* nobody has answered yet */
    WR_DANE_FOUND,
    WR_DANE_NONE,     /* it is proven that there are none */
    WR_DANE_UNSIGNED, /* what was said of the name is not proven */
    WR_DANE_UNUSABLE, /* there are some, and none that is understood */
    WR_DANE_TIMELESS, /* the time is not known, so nothing is proven yet */
    WR_DANE_FAILED,   /* nobody could answer, or the answer is bogus */
};

/* What an answer is worth. For FOUND `ret` has the records in an order of their own,
 * WR_TLSA_RECORDS_MAX at the most. */
enum wr_dane_found wr_dane_read(const struct wr_answer *a, struct wr_tlsa *ret, uint8_t *ret_count);
/* The names that have to be looked up, each once; at most `cap` are written behind the `count` that stand in `ret` already, which may be
 * NULL. Returns how many there are then. */
unsigned wr_dane_names(const struct wr_conf *conf, struct wr_name *ret, unsigned count,
                       unsigned cap);
/* Can nothing but TLSA records prove it? */
bool wr_dane_is_needed(uint8_t proof);
/* The records of that server; NULL and 0: none that count. They stay as they are until the next tick. `d` may be NULL. */
const struct wr_tlsa *wr_dane_give(const struct wr_dane *d, const struct wr_uri *uri,
                                   uint8_t *ret_count);
/* Why it has none, for people; nothing where it has. */
void wr_dane_put_reason(const struct wr_dane *d, const struct wr_uri *uri, struct wr_str *s);
/* Each second, and sooner while it says that an answer is awaited: looks for what the configuration in force wants. */
bool wr_dane_tick(struct wr_serve *s);
void wr_dane_free(struct wr_dane *d); /* NULL is fine */

#endif
