/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ruleset part: what one feature adds to the table, at the places that are there for it; and the words that all of them write with.
 *
 * ruleset.c has the frame (items, sets by item, quarantine, who is sent to which segment's chain) and a list of parts; each part is a file of
 * its own with one function, called for each place in the order below. It writes whole lines, tab and newline included, or nothing.
 */
#ifndef WR_POLICY_RULESETPART_H
#define WR_POLICY_RULESETPART_H

#include "policy/ruleset.h"

struct wr_ruleset_facts {
    const struct wr_ruleset_item *item;
    size_t count;
};

enum wr_ruleset_place {
    WR_RULESET_DECLARE = 0, /* sets and counters of the table: "\tset x { }\n" */
    WR_RULESET_OWN_DECLARE, /* likewise, for a segment */
    WR_RULESET_CHAINS,      /* chains of the table: "\tchain x {\n\t}\n" */
    WR_RULESET_OWN_CHAINS,  /* likewise, for a segment */
    WR_RULESET_BEGIN, /* in a segment's chain, before DNS of others is rejected: "\t\trule\n" */
    WR_RULESET_END,   /* in a segment's chain, behind that */
    WR_RULESET_PERMITTED, /* where a segment reaches what was answered, behind what is open: what is let through besides */
    WR_RULESET_UNLEASED, /* in the chain of what a segment may not reach, before it is rejected */
    WR_RULESET_FORWARD,  /* in the chain forward: behind quarantine, before the segments */
};

/* `segment`: whose (SEGMENT: its item, with the flags); NULL at places of the table. */
typedef void wr_ruleset_part(struct wr_str *t, const struct wr_ruleset_facts *f,
                             enum wr_ruleset_place place, const struct wr_ruleset_item *segment);

/* All of them, in the order of their lines. */
void wr_ruleset_parts(struct wr_str *t, const struct wr_ruleset_facts *f,
                      enum wr_ruleset_place place, const struct wr_ruleset_item *segment);

wr_ruleset_part wr_rulesetbypass;    /* rulesetbypass.c */
wr_ruleset_part wr_rulesetdiscovery; /* rulesetdiscovery.c */
wr_ruleset_part wr_rulesethairpin;   /* rulesethairpin.c */
wr_ruleset_part wr_rulesetlease;     /* rulesetlease.c */
wr_ruleset_part wr_rulesetmud;       /* rulesetmud.c */
wr_ruleset_part wr_rulesetuntracked; /* rulesetuntracked.c */

/* --- words --- */

void wr_rulesetword_prefix(struct wr_str *t, const struct wr_prefix *p);
void wr_rulesetword_mac(struct wr_str *t, const uint8_t mac[6]);
/* "segment_7" and what is behind it. */
void wr_rulesetword_segment(struct wr_str *t, uint16_t segment, const char *behind);
/* Who is of which segment goes to the chain of that name, as policy/segment.h finds it: the longest subnet first, then, of segments with one of
 * these flags (0: of all), by the interface. */
void wr_rulesetword_places(struct wr_str *t, const struct wr_ruleset_facts *f, unsigned flags,
                           const char *behind);
/* Who is in quarantine goes there: three rules. */
void wr_rulesetword_quarantined(struct wr_str *t, const char *chain);
/* "ip", "ip6". */
const char *wr_rulesetword_ip(unsigned family);
/* "\tcounter segment_7_dns { }\n" */
void wr_rulesetword_counter(struct wr_str *t, uint16_t segment, enum wr_ruleset_counter counter);
/* Rejected fast: what matches is counted, TCP learns it by a reset and all else by an error of ICMP or ICMPv6 of this type: two rules. */
void wr_rulesetword_reject(struct wr_str *t, uint16_t segment, const char *tcp, const char *other,
                           enum wr_ruleset_counter counter, const char *icmpx);

#endif
