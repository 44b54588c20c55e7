/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Service: an encrypted DNS service as clients are told of it: the parameters of SVCB records and of DHCP options (RFC 9461).
 *
 *     struct wr_service s = {.kinds = WR_SERVICE_DOH, .port = 443, .path = "/dns-query"};
 *     wr_service_put_params(&s, addresses, n, &w);      alpn=h2 ipv4hint=... dohpath=/dns-query{?dns}
 *
 * A port is told only where it is not the transport's own, so one set of parameters can stand for several transports at their own
 * ports. DoH is told as HTTP/2: that is what every client of it has.
 * Pure; no memory.
 */
#ifndef WR_TRANSPORT_SERVICE_H
#define WR_TRANSPORT_SERVICE_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "transport/uri.h"

/* Room that is enough for the parameters of one service: a path, and WR_SERVICE_HINTS_MAX addresses. */
#define WR_SERVICE_PARAMS_SIZE 512
/* Addresses told with one service; more would not help a client. */
#define WR_SERVICE_HINTS_MAX 8

/* Best first. */
enum wr_service_kind { WR_SERVICE_DOQ = 1, WR_SERVICE_DOT = 2, WR_SERVICE_DOH = 4 };

struct wr_service {
    uint8_t kinds;    /* enum wr_service_kind, or-ed; not 0 */
    uint16_t port;    /* 0: each transport's own */
    const char *path; /* of DoH: "/dns-query"; at most WR_URI_PATH_SIZE octets with the NUL */
};

/* "dot", "h2", "doq". */
const char *wr_service_alpn(enum wr_service_kind kind);
/* 853, 443. */
uint16_t wr_service_port(enum wr_service_kind kind);
/* 1, 2, 3, as a priority of SVCB (RFC 9460 section 2.4.1): DoQ, else DoT, else DoH. */
uint16_t wr_service_priority(enum wr_service_kind kind);
/* The parameters, ascending, with the addresses as hints; of those at most WR_SERVICE_HINTS_MAX. The error sticks to the writer. */
void wr_service_put_params(const struct wr_service *service, const struct wr_addr *hint,
                           size_t hints, struct wr_writer *w);

#endif
