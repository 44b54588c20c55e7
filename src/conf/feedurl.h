/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed URL: where a list is fetched from.
 *
 *     https://lists.example/ads.txt   https://192.0.2.1:8443/list?format=hosts
 *
 * Only as much is read as is needed before somebody is asked: that it is https, host and port. No user, no fragment, visible ASCII.
 * Errors: WR_E_FORMAT and *ret_why, a static sentence.
 */
#ifndef WR_CONF_FEEDURL_H
#define WR_CONF_FEEDURL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"

struct wr_feedurl {
    char host[256];      /* in small letters; of an address without brackets */
    struct wr_addr addr; /* when the host is one, else WR_AF_NONE */
    uint16_t port;
};

/* Whether it begins as one: what does not may be meant as something else, and its reader has a better reason than "this is no https:// URL". */
bool wr_feedurl_has_scheme(const char *text);

int wr_feedurl_read(const char *text, struct wr_feedurl *ret_url, const char **ret_why);

#endif
