/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weir cert new: a local certificate authority and a server's certificate by it, in files of one folder.
 *
 *     struct wr_certnew job = {.dir = ".", .days = 800, .name = words, .names = n};
 *     status = wr_certnew_run(&job);
 *
 * ca.pem and ca.key are the authority: made once, kept, used again. server.pem and server.key are what `encrypted.certificates`
 * names. next.key is the key that comes after server.key; both pins are printed, so that who pins them lives through a change
 * (RFC 7469 section 4.3). A file that is there is never written over without --replace; with it server.key stays (and so the pins) unless
 * --roll lets next.key take its place. Keys are 0600 and are on the disk before the certificate that needs them; server.key is 0640 and of
 * the group `group` when root makes it and there is such a group, so that the daemon, root no longer, can read the next one. What is replaced
 * keeps owner, group and mode.
 */
#ifndef WR_CLI_CERTNEW_H
#define WR_CLI_CERTNEW_H

#include <stdbool.h>
#include <stddef.h>

#include "transport/certmake.h"

struct wr_certnew {
    const char *dir;
    const char *group; /* of the user that the daemon is */
    long days;
    bool replace, roll, qr, json;
    const char *name[WR_CERTMAKE_NAMES_MAX];
    struct wr_addr addr[WR_CERTMAKE_NAMES_MAX];
    size_t names, addrs;
};

/* A name or an address is added; NULL, or what is wrong with it. */
const char *wr_certnew_add(struct wr_certnew *job, const char *word);
/* The URL by which weir reaches such a server (transport/uri), the first address or else the first name; false: no room. */
bool wr_certnew_url(const struct wr_certnew *job, const struct wr_pin *pin, size_t pins, char *ret,
                    size_t cap);
int wr_certnew_run(struct wr_certnew *job);

#endif
