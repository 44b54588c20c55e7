/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work: what one client query has cost its validation so far, and the ends of it.
 *
 * Whoever resolves for a client keeps one, zeroed, and hands it to every validation that is done for that client:
 * over CNAMEs, retries and restarts the sums go on, so that a hostile zone gets no fresh budget by failing
 * (KeyTrap, CVE-2023-50387; NSEC3 encloser, CVE-2023-50868). Each call takes what is about to be spent, or says
 * that nothing is left; then the verdict is bogus. The bounds are in base/limits.h.
 */
#ifndef WR_DNSSEC_WORK_H
#define WR_DNSSEC_WORK_H

#include <stdbool.h>
#include <stdint.h>

struct wr_dnssec_work {
    uint32_t cost;     /* of signature checks, in halves of an RSA check */
    uint32_t checks;   /* signature checks, for the record */
    uint32_t failures; /* of them, those that failed */
    uint32_t blocks;   /* of SHA-1, for NSEC3 */
    uint32_t fetches;  /* questions asked */
};

bool wr_work_take_check(struct wr_dnssec_work *w, uint8_t alg);
void wr_work_note_failure(struct wr_dnssec_work *w);
bool wr_work_take_blocks(struct wr_dnssec_work *w, uint32_t blocks);
bool wr_work_take_fetch(struct wr_dnssec_work *w);

#endif
