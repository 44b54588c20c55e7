/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/hairpin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net/sock.h"
#include "policy/hairpin.h"
#include "serve/caps.h"
#include "serve/serve.h"

/* A host that has no IPv6 has nobody who could ask by it. */
static bool has_family(uint8_t family)
{
    int fd = socket(family == WR_AF_V4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0 || errno != EAFNOSUPPORT;
}

static void give_up(struct wr_listeners_change *change, uint32_t before)
{
    while (change->opens > before) {
        struct wr_crew_listen *open = &change->open[--change->opens];
        for (unsigned i = 0; i < WR_WORKERS_MAX; i++) {
            if (open->fd[i] >= 0) {
                close(open->fd[i]);
            }
        }
    }
}

static int open_one(struct wr_serve *s, bool door, uint8_t family, uint8_t transport,
                    struct wr_sock_error *error)
{
    struct wr_sock_options options = {.transparent = true, .brief = true};
    const struct wr_addr addr = door ? wr_hairpin_door_at(family) : wr_hairpin_at(family);
    struct wr_addr at = addr;
    if (door) {
        memset(at.ip, 0, sizeof(at.ip));
        options.only_mark = s->conf->firewall.mark;
    }
    struct wr_crew_listen *open =
        wr_listeners_place(&s->listeners, &addr, transport, &s->reload.change);
    if (open == NULL) {
        snprintf(error->text, sizeof(error->text), "there are too many listeners");
        return WR_E_FULL;
    }
    int err = WR_OK;
    for (uint16_t i = 0; i < s->workers && err == WR_OK; i++) {
        options.probe = door && i == 0; /* of the owner's there the kernel would give us a part */
        err = transport == WR_CLIENT_TCP ? wr_sock_listen_tcp(&at, &options, &open->fd[i], error)
                                         : wr_sock_listen_udp(&at, &options, &open->fd[i], error);
    }
    return err;
}

/* Of all families and transports, or none. */
static int open_all(struct wr_serve *s, bool door, struct wr_sock_error *error)
{
    static const uint8_t families[] = {WR_AF_V4, WR_AF_V6};
    static const uint8_t transports[] = {WR_CLIENT_UDP, WR_CLIENT_TCP};
    uint32_t before = s->reload.change.opens;
    int err = WR_OK;
    for (unsigned i = 0; i < 4 && err == WR_OK; i++) {
        if (has_family(families[i / 2])) {
            err = open_one(s, door, families[i / 2], transports[i % 2], error);
        }
    }
    if (err != WR_OK) {
        give_up(&s->reload.change, before);
    }
    return err;
}

void wr_hairpin_open(struct wr_serve *s)
{
    struct wr_sock_error error = {0};
    int err = s->conf->firewall.enabled && wr_caps_can_admin() ? WR_OK : WR_E_DENIED;
    if (err != WR_OK) {
        snprintf(error.text, sizeof(error.text), "CAP_NET_ADMIN is missing");
    } else {
        err = open_all(s, false, &error);
    }
    s->hairpin.open = err == WR_OK;
    if (err == WR_E_BUSY) {
        snprintf(error.text, sizeof(error.text),
                 "port 53 of all addresses is another program's, or of a socket unit without "
                 "ReusePort=yes: give it addresses of its own, and restart weir");
    }
    if (err != WR_OK) {
        snprintf(s->hairpin.why, sizeof(s->hairpin.why), "%s", error.text);
    }
    s->hairpin.door = err == WR_OK && open_all(s, true, &error) == WR_OK;
}
