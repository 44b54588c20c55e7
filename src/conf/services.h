/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services: typed entries of the configuration, expanded into the records that clients look for.
 *
 * DNS-SD (RFC 6763), for "Printer" of _ipp._tcp in home.arpa:
 *
 *   _ipp._tcp.home.arpa                PTR  Printer._ipp._tcp.home.arpa     (4.1), and for each subtype below _sub (7.1)
 *   Printer._ipp._tcp.home.arpa        SRV  priority weight port host       (5)
 *   Printer._ipp._tcp.home.arpa        TXT  key=value ...                   (6), one empty string when there is nothing
 *   _services._dns-sd._udp.home.arpa   PTR  _ipp._tcp.home.arpa             (9)
 *   b, db, lb ._dns-sd._udp.home.arpa  PTR  home.arpa                       (11); r, dr: the registration domains
 *
 * STUN and TURN: _stun._udp, _stun._tcp, _stuns._tcp (RFC 8489 section 8.1), _stuns._udp for DTLS (RFC 7350 section 3), the same
 * with turn (RFC 8656), and for turn one terminal NAPTR "S" a transport with RELAY:turn.udp, .tcp, .tls, .dtls (RFC 5928 section 3,
 * RFC 7350 section 4.2), in the order of `transports`.
 *
 * Pure. Records go to a `struct wr_names`; what is said twice (a type of two services) is one record when it is compiled.
 */
#ifndef WR_CONF_SERVICES_H
#define WR_CONF_SERVICES_H

#include <stdbool.h>

#include "conf/conf.h"
#include "resolve/localbuild.h"

struct wr_names;

void wr_services_expand(struct wr_names *names, const struct wr_conf *conf);

/* "_ipp._tcp": RFC 6763 section 7, RFC 6335 section 5.1. */
bool wr_services_is_type(const char *text);
/* "key=value" or "key": RFC 6763 section 6.4. */
bool wr_services_is_txt(const char *text);
/* Equal instance, type, zone and host. */
bool wr_services_is_same(const struct wr_conf_service *a, const struct wr_conf_service *b);

/* What a client would stumble over: a host that is an alias (RFC 2782), or has no address. Calls each(user, key, host, static text), key as
 * "local.services[2].host"; hosts that are not local are not judged. */
void wr_services_judge(const struct wr_conf *conf, const struct wr_local *local,
                       void (*each)(void *user, const char *key, const uint8_t *host,
                                    const char *what),
                       void *user);

#endif
