/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets: which addresses and ports a configuration listens on, and what cannot be true of them together.
 *
 *     wr_sockets_check(conf, put, user);        wr_sockets_is_own(conf, &addr, udp, tcp)
 *
 * `listen` takes a port of UDP and the same of TCP, `encrypted.dot` and `encrypted.doh` one of TCP, `encrypted.doq` one of UDP,
 * `metrics.listen` one of TCP. Two of them on one socket are a mistake: one would be served and the other not. All addresses and one of
 * them are two sockets, for the kernel too: the one with the address has its clients. Of an interface only the daemon knows the addresses,
 * so the same interface twice is seen here, an interface and its address is not.
 * Part of conf/rules; the mistakes are put where it says.
 */
#ifndef WR_CONF_SOCKETS_H
#define WR_CONF_SOCKETS_H

#include "conf/conf.h"

/* Called for each mistake: the key it is at, the key of the other one, and words that end where the other's place follows. */
typedef void wr_sockets_wrong(void *user, const char *path, const char *other, const char *text);

void wr_sockets_check(const struct wr_conf *conf, wr_sockets_wrong *wrong, void *user);
/* Is this one of the listeners that clients ask at, as it is written? */
bool wr_sockets_has(const struct wr_conf *conf, const struct wr_conf_listen *listen);
/* Are these written as the same place? */
bool wr_sockets_same(const struct wr_conf_listen *a, const struct wr_conf_listen *b);
/* True when a question sent to `addr` over UDP, TCP or either would come back to one of conf's own listeners (those given by address). */
bool wr_sockets_is_own(const struct wr_conf *conf, const struct wr_addr *addr, bool udp, bool tcp);

#endif
