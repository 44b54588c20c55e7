/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed proof: is the text of a list what its author signed (crypto/minisig)?
 *
 *     wr_feedproof_open(keys, count, sig, n, &proof, &why)     the signature is there first
 *     wr_feedproof_feed(proof, bytes, n) ...                   the text as it comes
 *     wr_feedproof_end(proof, &why)                            WR_OK: it is
 *
 * A signature over the digest (minisign since 0.11) needs no memory for the text; one over the text itself (signify, `minisign -l`) keeps all of it
 * until the end, which is bounded by what the feed may have (`max_size`).
 *
 * Errors, with a static sentence in *ret_why: those of crypto/minisig, WR_E_UNSUPPORTED (a digest that the library does not have), WR_E_NOMEM.
 */
#ifndef WR_SERVE_FEEDPROOF_H
#define WR_SERVE_FEEDPROOF_H

#include "crypto/minisig.h"

struct wr_feedproof;

/* The keys stay the caller's, and where they are; the signature is copied. */
int wr_feedproof_open(const struct wr_minisig_key *keys, unsigned count, const char *sig, size_t n,
                      struct wr_feedproof **ret_proof, const char **ret_why);
void wr_feedproof_feed(struct wr_feedproof *p, const void *bytes, size_t n);
int wr_feedproof_end(struct wr_feedproof *p, const char **ret_why);
/* Of one that is good: whose it is, and when it was made (0: it does not say). */
void wr_feedproof_facts(const struct wr_feedproof *p, uint8_t ret_id[WR_MINISIG_ID],
                        int64_t *ret_made_s);
void wr_feedproof_close(struct wr_feedproof *p); /* NULL is fine */

#endif
