/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/recursion.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "policy/prefix.h"

#define DNS_PORT 53

/* The root servers of the Internet, A to M, as of 2026; they name the current ones when they are asked (RFC 9609). */
static const char *const internet[] = {
    "198.41.0.4",        "170.247.170.2",         "192.33.4.12",          "199.7.91.13",
    "192.203.230.10",    "192.5.5.241",           "192.112.36.4",         "198.97.190.53",
    "192.36.148.17",     "192.58.128.30",         "193.0.14.129",         "199.7.83.42",
    "202.12.27.33",      "[2001:503:ba3e::2:30]", "[2801:1b8:10::b]",     "[2001:500:2::c]",
    "[2001:500:2d::d]",  "[2001:500:a8::e]",      "[2001:500:2f::f]",     "[2001:500:12::d0d]",
    "[2001:500:1::53]",  "[2001:7fe::53]",        "[2001:503:c27::2:30]", "[2001:7fd::1]",
    "[2001:500:9f::42]", "[2001:dc3::35]",
};

static void built_in(struct wr_hints *hints)
{
    for (size_t i = 0; i < sizeof(internet) / sizeof(internet[0]); i++) {
        struct wr_addr *addr = &hints->addr[hints->count];
        if (wr_addr_from_text(internet[i], addr) == WR_OK) {
            addr->port = DNS_PORT;
            hints->count++;
        }
    }
}

int wr_recursion_make(const struct wr_conf *conf, struct wr_recursion *ret,
                      struct wr_upstreams *upstreams)
{
    size_t nevers = conf->recursion.never_ask.count;
    memset(ret, 0, sizeof(*ret));
    for (size_t i = 0; i < conf->recursion.hints.count && i < WR_HINTS_MAX; i++) {
        ret->hints.addr[ret->hints.count++] = conf->recursion.hints.items[i].addr;
    }
    if (ret->hints.count == 0) {
        built_in(&ret->hints);
    }
    ret->never = calloc(nevers + 1, sizeof(*ret->never));
    if (ret->never == NULL) {
        return WR_E_NOMEM;
    }
    if (nevers > 0) {
        memcpy(ret->never, conf->recursion.never_ask.items, nevers * sizeof(*ret->never));
    }
    upstreams->hints = &ret->hints;
    upstreams->never = ret->never;
    upstreams->nevers = (uint16_t)wr_prefix_compile(ret->never, (uint32_t)nevers);
    upstreams->minimise = conf->recursion.minimise;
    return WR_OK;
}

void wr_recursion_free(struct wr_recursion *recursion)
{
    free(recursion->never);
    recursion->never = NULL;
}
