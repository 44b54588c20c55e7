/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD offers: where devices say that their profiles are (RFC 8520 sections 1.6, 10): nothing is fetched from there before the owner says so.
 *
 *     configuration   devices[].mud, the owner's own word
 *     file            mud.offers: lines "MAC-address URL", as a helper writes them that hears them from DHCP (dnsmasq's dhcp-script), LLDP or certificates
 *     dhcp            heard as a device asked for an address (option 161, and 112 of DHCPv6; registry.hear_dhcp)
 *
 * The first of these that has one counts. What was heard is kept in memory, of WR_MUD_OFFERS_MAX devices, the oldest leaves; the file is read when somebody asks.
 *
 * Main thread. A URL is https, in visible ASCII, of less than WR_MUD_URL_SIZE octets (conf/feedurl).
 */
#ifndef WR_SERVE_MUDOFFERS_H
#define WR_SERVE_MUDOFFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "policy/census.h"

struct wr_conf;

struct wr_mudoffers_heard {
    uint8_t mac[6];
    int64_t heard_s; /* 0: the place is free */
    char url[WR_DHCP_FIELD_MAX + 1];
};

struct wr_mudoffers_line {
    uint8_t mac[6];
    char url[WR_MUD_URL_SIZE];
};

struct wr_mudoffers {
    struct wr_mudoffers_heard heard[WR_MUD_OFFERS_MAX];
    struct wr_mudoffers_line *line; /* of the file, when it was read last */
    size_t lines;
};

/* What stands in the option: a URL, and perhaps more behind a blank. False: it is none. */
bool wr_mudoffers_url(const uint8_t *octets, size_t n, char *ret_url, size_t cap);
void wr_mudoffers_note(struct wr_mudoffers *o, const uint8_t mac[6], const uint8_t *octets,
                       size_t n, int64_t now_s);
/* Reads the file ("": none): before somebody asks. NULL, or a sentence of what is wrong with it; that it is not there yet is well. */
const char *wr_mudoffers_read(struct wr_mudoffers *o, const char *path);
void wr_mudoffers_free(struct wr_mudoffers *o); /* what was read */
/* *ret_from: "configuration", "file" or "dhcp". False: there is none. */
bool wr_mudoffers_find(const struct wr_mudoffers *o, const struct wr_conf *conf,
                       const struct wr_census_device *d, char ret_url[WR_MUD_URL_SIZE],
                       const char **ret_from);

#endif
