/* SPDX-License-Identifier: Apache-2.0 */
#include "net/portset.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/err.h"

enum { PORT_MIN = 1024, PORT_MAX = 65535, RESERVED_TEXT = 16384, KEEP_AT_LEAST = 1024 };

/* Bound by programs that may start after weir and have no other choice. */
static const uint16_t known_services[] = {
    1194,  /* OpenVPN */
    1900,  /* SSDP */
    3478,  /* STUN */
    3702,  /* WS-Discovery */
    4500,  /* IPsec */
    5060,  /* SIP */
    5353,  /* mDNS */
    5355,  /* LLMNR */
    5683,  /* CoAP */
    5684,  /* CoAP with DTLS */
    51820, /* WireGuard */
};

struct wr_portset {
    uint32_t count;
    uint16_t port[PORT_MAX - PORT_MIN + 1]; /* the members, in no order */
    uint16_t at[PORT_MAX + 1];              /* where each is, + 1; 0: not a member */
};

static void portset_remove(struct wr_portset *set, unsigned port)
{
    uint16_t hole, last;

    if (port < PORT_MIN || port > PORT_MAX || set->at[port] == 0 || set->count <= KEEP_AT_LEAST) {
        return;
    }
    hole = set->at[port];
    last = set->port[set->count - 1];
    set->port[hole - 1] = last;
    set->at[last] = hole;
    set->at[port] = 0;
    set->count--;
}

void wr_portset_reserve(struct wr_portset *set, const char *text)
{
    const char *at = text;

    while (*at != '\0') {
        char *end;
        unsigned long from = strtoul(at, &end, 10), to = from;

        if (end == at) {
            at++;
            continue;
        }
        if (*end == '-') {
            at = end + 1;
            to = strtoul(at, &end, 10);
        }
        for (unsigned long port = from; port <= to && port <= PORT_MAX; port++) {
            portset_remove(set, (unsigned)port);
        }
        at = end;
    }
}

static void portset_read_reserved(struct wr_portset *set)
{
    static const char path[] = "/proc/sys/net/ipv4/ip_local_reserved_ports";
    FILE *f = fopen(path, "re");
    char *text = f != NULL ? malloc(RESERVED_TEXT) : NULL;

    if (text != NULL) {
        text[fread(text, 1, RESERVED_TEXT - 1, f)] = '\0';
        wr_portset_reserve(set, text);
    }
    free(text);
    if (f != NULL) {
        fclose(f);
    }
}

int wr_portset_create(const uint16_t *avoid, size_t avoids, struct wr_portset **ret_set)
{
    struct wr_portset *set = calloc(1, sizeof(*set));

    if (set == NULL) {
        return WR_E_NOMEM;
    }
    for (unsigned port = PORT_MIN; port <= PORT_MAX; port++) {
        set->port[set->count] = (uint16_t)port;
        set->at[port] = (uint16_t)++set->count;
    }
    for (size_t i = 0; i < WR_ARRAY_LEN(known_services); i++) {
        portset_remove(set, known_services[i]);
    }
    for (size_t i = 0; i < avoids; i++) {
        portset_remove(set, avoid[i]);
    }
    portset_read_reserved(set);
    *ret_set = set;
    return WR_OK;
}

void wr_portset_destroy(struct wr_portset *set)
{
    free(set);
}

uint16_t wr_portset_pick(const struct wr_portset *set, struct wr_rng *rng)
{
    return set->port[wr_rng_below(rng, set->count)];
}

uint32_t wr_portset_count(const struct wr_portset *set)
{
    return set->count;
}
