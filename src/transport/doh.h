/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DoH: what an HTTP message means to DNS (RFC 8484). Pure functions, for servers and clients.
 *
 * A server's resources are rows of a table: a path, what is served there, by which methods, in which media type. Several rows
 * may have one path (DNS messages and oblivious ones stand beside each other); what a row serves is known to its owner by `kind`.
 * A row may also serve one segment below its path: it names who asks (/dns-query/kitchen-cam), as the owner of the network
 * wrote it into that device.
 */
#ifndef WR_TRANSPORT_DOH_H
#define WR_TRANSPORT_DOH_H

#include "transport/http.h"

/* Kinds that weir serves; others may be added by who owns the table. */
enum wr_doh_kind {
    WR_DOH_DNS = 1,      /* a DNS message, in the body of POST or in ?dns= of GET */
    WR_DOH_OBLIVIOUS,    /* an oblivious one (RFC 9230) */
    WR_DOH_ODOH_CONFIGS, /* /.well-known/odohconfigs */
};

#define WR_DOH_GET  1u
#define WR_DOH_POST 2u

#define WR_DOH_RESOURCES_MAX 8
#define WR_DOH_CLAIM_MAX     31

struct wr_doh_resource {
    const char *path; /* begins with a slash; the owner's */
    uint8_t kind;
    uint8_t type;    /* enum wr_http_type of a request's body and of the response */
    uint8_t methods; /* WR_DOH_GET (with it HEAD), WR_DOH_POST */
    bool below;      /* one segment below the path is served too: a claim */
};

struct wr_doh_site {
    struct wr_doh_resource resource[WR_DOH_RESOURCES_MAX];
    uint8_t count;
    size_t message_max; /* octets of a query */
};

/* A request that may be answered. Pointers live as long as the message's and the room's. */
struct wr_doh_query {
    uint64_t stream;
    uint8_t kind;
    uint8_t method;
    bool early;           /* in early data, or a proxy says so (RFC 8470) */
    const uint8_t *bytes; /* the DNS message, or the body as it came */
    size_t size;
    struct wr_str_part claim;      /* the segment below the path, or empty */
    struct wr_str_part path;       /* without it, as in the table */
    struct wr_str_part parameters; /* behind the question mark */
};

/* 0 and the query; else the status that says what is wrong, and for 405 what is allowed (static). `room` is for a message of
 * GET; site->message_max octets. */
uint16_t wr_doh_judge(const struct wr_doh_site *site, const struct wr_http_message *message,
                      bool early, uint8_t *room, struct wr_doh_query *ret_query,
                      const char **ret_allow);
/* The value of a parameter, as it stands (no percent-decoding); NULL `at` when it is not there or there twice. */
struct wr_str_part wr_doh_parameter(struct wr_str_part parameters, const char *name);
/* How long the response may be kept by HTTP (RFC 8484 section 5.1): the smallest TTL of the answer section, or what its SOA
 * says of a denial; 0 for everything else. */
uint32_t wr_doh_max_age(const uint8_t *response, size_t size);

/* Is `response` a response to `query`: a message, the same opcode and question? The id is not looked at. */
int wr_doh_check(const uint8_t *query, size_t query_size, const uint8_t *response, size_t size);
/* Takes the time that the response spent in a cache of HTTP off its TTLs. */
void wr_doh_age(uint8_t *response, size_t size, uint32_t age_s);
/* The target of a GET: the path, ?dns= and the message; room for wr_doh_target_size. */
size_t wr_doh_target_size(size_t path_size, size_t message_size);
struct wr_str_part wr_doh_target(const char *path, const uint8_t *message, size_t size, char *room,
                                 size_t cap);

#endif
