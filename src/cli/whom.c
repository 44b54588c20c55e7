/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/whom.h"

#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/askflags.h"
#include "cli/readfile.h"
#include "net/sock.h"
#include "serve/resolvconf.h"

enum { RESOLV_CONF_SIZE = 64 * 1024 /* beyond this it is no resolv.conf */ };
#define RESOLV_CONF "/etc/resolv.conf"

static int add_server(const struct wr_whom *whom, const struct wr_addr *addr, const char *zone,
                      struct wr_addr *servers, size_t *count)
{
    struct wr_addr one = *addr;

    if (zone[0]) {
        one.scope = if_nametoindex(zone);
        if (!one.scope) {
            fprintf(stderr, "weir %s: there is no interface %s\n", whom->who, zone);
            return WR_E_NOTFOUND;
        }
    }
    if (*count < WR_WHOM_MAX && (!whom->family || whom->family == one.family))
        servers[(*count)++] = one;
    return WR_OK;
}

/* The addresses of a host name, by the system. */
static int look_up(const struct wr_whom *whom, struct wr_addr *servers, size_t *count)
{
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *found = NULL;
    const char *hash = strchr(whom->server, '#');
    uint64_t number = whom->port;
    char host[256];
    int failed;

    snprintf(host, sizeof(host), "%.*s", (int)(hash ? hash - whom->server : 255), whom->server);
    if (hash)
        (void)wr_str_to_u64(hash + 1, strlen(hash + 1), UINT16_MAX, &number);
    failed = getaddrinfo(host, NULL, &hints, &found);
    if (failed) {
        fprintf(stderr, "weir %s: the server's name has no address (%s)\n", whom->who,
                gai_strerror(failed));
        return WR_E_NOTFOUND;
    }
    for (struct addrinfo *at = found; at; at = at->ai_next) {
        union wr_sockaddr sa;
        struct wr_addr addr;

        memset(&sa, 0, sizeof(sa));
        memcpy(&sa, at->ai_addr, at->ai_addrlen < sizeof(sa) ? at->ai_addrlen : sizeof(sa));
        if (wr_sock_to_addr(&sa, &addr) != WR_OK)
            continue;
        addr.port = (uint16_t)number;
        (void)add_server(whom, &addr, "", servers, count);
    }
    freeaddrinfo(found);
    return WR_OK;
}

static int system_servers(const struct wr_whom *whom, struct wr_addr *servers, size_t *count)
{
    struct wr_resolvconf_server found[WR_WHOM_MAX];
    const char *why;
    size_t size;
    char *text = wr_readfile(RESOLV_CONF, RESOLV_CONF_SIZE, &size, &why);
    uint32_t n = text ? wr_resolvconf_read(text, size, found, WR_WHOM_MAX, NULL) : 0;

    free(text);
    for (uint32_t i = 0; i < n; i++) {
        found[i].addr.port = whom->port;
        (void)add_server(whom, &found[i].addr, found[i].zone, servers, count);
    }
    return WR_OK;
}

int wr_whom_find(const struct wr_whom *whom, struct wr_addr ret_servers[WR_WHOM_MAX],
                 size_t *ret_count)
{
    char zone[WR_RESOLVCONF_ZONE_SIZE];
    struct wr_addr addr;
    int err;

    *ret_count = 0;
    if (!whom->server)
        err = system_servers(whom, ret_servers, ret_count);
    else if (wr_askflags_server(whom->server, whom->port, &addr, zone) == WR_OK)
        err = add_server(whom, &addr, zone, ret_servers, ret_count);
    else
        err = look_up(whom, ret_servers, ret_count);
    if (!err && *ret_count == 0) {
        fprintf(stderr, "weir %s: no server to ask; name one with @ADDRESS%s\n", whom->who,
                whom->family ? " of the family that is wanted" : "");
        err = WR_E_NOTFOUND;
    }
    return err;
}
