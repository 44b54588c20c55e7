/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ask secure: the questions of `weir ask` that go over an encrypted transport.
 *
 * Each question has a connection of its own; the ticket that one gave is used by the next one to the same server, so that of several
 * questions the second shows whether sessions are resumed.
 *
 *     struct wr_asksecure *s = wr_asksecure_start();            NULL: no memory
 *     err = wr_asksecure_run(s, flags, &addr, query, size, &reply);      then s->facts, s->proof and s->odoh tell how it was
 *     wr_asksecure_end(s);
 */
#ifndef WR_CLI_ASKSECURE_H
#define WR_CLI_ASKSECURE_H

#include "cli/askflags.h"
#include "cli/askodoh.h"
#include "cli/askproof.h"
#include "net/askflow.h"

/* What a ticket holds for: another connection under the same terms, to the same address, may resume. Filled with zeros first, so that it
 * can be compared as octets. */
struct wr_asksecure_terms {
    struct wr_addr server;
    char host[WR_URI_NAME_SIZE], sni[WR_URI_NAME_SIZE]; /* what it proves, what it is told */
    char target[WR_URI_NAME_SIZE + 8];                  /* of ODoH */
    char ca_file[512];
    struct wr_pin pin[WR_URI_PINS_MAX];
    uint8_t scheme, pins;
    bool ca, any;
};

struct wr_asksecure {
    struct wr_askflow_facts facts;
    struct wr_askproof proof;
    struct wr_askodoh odoh; /* of a question that went so */
    /* inside */
    struct wr_askflow_room room;
    char host[WR_URI_NAME_SIZE];
    char authority[WR_URI_NAME_SIZE + 8]; /* of HTTP: the host, with a port that is not 443 */
    char ca_file[512];                    /* whose authorities are in `creds` */
    struct wr_creds *creds;
    uint8_t ticket[WR_ASKFLOW_TICKET_SIZE];
    size_t ticket_size;
    struct wr_asksecure_terms ticket_terms;
};

struct wr_asksecure *wr_asksecure_start(void);
void wr_asksecure_end(struct wr_asksecure *s);
/* Errors as wr_askflow_run has them; also WR_E_USAGE, when the authorities cannot be read. facts.why has a sentence. */
int wr_asksecure_run(struct wr_asksecure *s, const struct wr_askflags *flags,
                     const struct wr_addr *server, const uint8_t *query, size_t size,
                     struct wr_ask_reply *ret_reply);
/* What to do about the failure, or "". */
const char *wr_asksecure_remedy(const struct wr_asksecure *s, const struct wr_askflags *flags,
                                int err);

#endif
