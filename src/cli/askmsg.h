/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of `weir ask`: the query that the flags describe, and a look into the reply.
 *
 * wr_askmsg_build writes the query with exactly the header bits and EDNS options that were asked for. The
 * view gives what both ways of printing (cli/asktext, cli/askjson) need: records with their data as zone text, and the
 * EDNS options one by one, known or not.
 *
 * Memory: a view points into the reply and has one scratch that each record overwrites.
 */
#ifndef WR_CLI_ASKMSG_H
#define WR_CLI_ASKMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/askflags.h"
#include "dns/msg.h"

/* Largest query: every option, a full cookie, padding to 4096. */
#define WR_ASKMSG_SIZE 8192

/* Returns the size. `cookie` is used when the flags ask for a cookie without giving one. */
size_t wr_askmsg_build(const struct wr_askflags *flags, uint16_t id,
                       const uint8_t cookie[WR_COOKIE_CLIENT_SIZE], uint8_t room[WR_ASKMSG_SIZE]);

struct wr_askmsg_record {
    struct wr_msg_rr rr;
    const char *rdata; /* zone text; the generic form where the data breaks its type's format */
};

struct wr_askmsg_view {
    struct wr_msg msg;
    int err;            /* WR_E_FORMAT: malformed; header and question may be good */
    uint8_t *wire_room; /* scratch for expanded data */
    char *text_room;    /* scratch for text */
};

/* WR_E_NOMEM, or WR_OK; then `err` of the view says whether the message is whole. */
int wr_askmsg_view(const uint8_t *reply, size_t size, struct wr_askmsg_view *ret_view);
void wr_askmsg_view_free(struct wr_askmsg_view *view);
/* The next record of a walk (wr_msg_walk), OPT left out. */
bool wr_askmsg_next(struct wr_askmsg_view *view, struct wr_msg_walk *walk,
                    struct wr_askmsg_record *ret_record);
/* The data of the OPT record; false: there is none. */
bool wr_askmsg_opt(const struct wr_askmsg_view *view, struct wr_reader *ret_options);
/* The next option of it; false at the end, or where it is torn. */
bool wr_askmsg_option(struct wr_reader *options, uint16_t *ret_code, const uint8_t **ret_data,
                      uint16_t *ret_size);
/* "10.0.0.0/24/0" of a client subnet option (RFC 7871 section 6); false: malformed. */
bool wr_askmsg_subnet(const uint8_t *data, uint16_t size, char *ret_text, size_t cap);

#endif
