/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QNAME minimisation (RFC 9156): how much of a name the servers of a zone are told.
 *
 * Pure arithmetic on labels. The first questions show one label more each, so that a zone cut right below is found with
 * the least said; from then on the steps grow so that the whole name is reached within WR_QMIN_STEPS_MAX questions
 * (section 2.3: a name of a hundred labels must not cost a hundred queries).
 */
#ifndef WR_RESOLVE_QMIN_H
#define WR_RESOLVE_QMIN_H

/* Labels to show after `shown` labels were, of a name that has `all`; `step` questions were asked before. */
unsigned wr_qmin_next(unsigned shown, unsigned all, unsigned step);

#endif
