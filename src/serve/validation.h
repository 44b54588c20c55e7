/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation: what the owner wrote about DNSSEC, as the engine obeys it.
 *
 * The trust anchors of the configuration, or those of the Internet's root; the names below which nothing is checked; the policy
 * of algorithms; how far the clock is believed. Part of a gate: made whole, never changed.
 */
#ifndef WR_SERVE_VALIDATION_H
#define WR_SERVE_VALIDATION_H

#include <stddef.h>

#include "conf/conf.h"
#include "dnssec/trustset.h"
#include "resolve/prove.h"

struct wr_validation {
    struct wr_anchors anchors;
    struct wr_anchor *room;
    struct wr_name spared[WR_TIME_RUNGS_MAX]; /* the names that the time needs */
};

/* Which anchor of the configuration is no anchor, and why. */
struct wr_validation_mistake {
    size_t index;
    const char *text; /* static; NULL: there is none */
};

/* `trust`: what became of the anchors since; NULL: as configured. Fills both; the settings point into `ret`, which lives as long. WR_E_NOMEM; WR_E_FORMAT: the mistake is set. It is also
 * set with WR_OK, for a DS record that can match no key: what it stands for is then bogus, not unprotected. */
int wr_validation_make(const struct wr_conf *conf, const struct wr_trustset *trust,
                       struct wr_validation *ret, struct wr_prove_settings *ret_settings,
                       struct wr_validation_mistake *ret_mistake);
void wr_validation_free(struct wr_validation *validation);

#endif
