/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labels: numbers for the names that the owner gives to segments, groups, rules, feeds, policy zones and upstreams (their URLs).
 *
 * A record of a query carries numbers, and is read when the configuration may have changed already. So a text has the same number
 * as long as the program runs, in every configuration, and no number is used again. Compared as octets. 0 is no text.
 *
 * Numbers are given by the main thread, one at a time; any thread reads, without a lock.
 */
#ifndef WR_SERVE_LABELS_H
#define WR_SERVE_LABELS_H

#include <stdint.h>

struct wr_labels;

/* Texts that can be remembered: what a program that runs for years is reloaded with. */
#define WR_LABELS_MAX 16384
/* Places of what is kept by number: they begin at 1. */
#define WR_LABELS_NUMBERS (WR_LABELS_MAX + 1)
/* Octets of one, with the NUL. */
#define WR_LABEL_TEXT_SIZE 96

int wr_labels_create(struct wr_labels **ret_labels); /* WR_E_NOMEM */
void wr_labels_destroy(struct wr_labels *l);         /* NULL is fine */
/* The number of a text, the old one or a new one. 0: the text is empty or too long, or there is no number left. */
uint16_t wr_labels_number(struct wr_labels *l, const char *text);
/* The number that a text has already; 0: it has none. */
uint16_t wr_labels_find(const struct wr_labels *l, const char *text);
/* How many numbers are given, and how often there was none left. */
uint32_t wr_labels_count(const struct wr_labels *l);
uint64_t wr_labels_refused(const struct wr_labels *l);
/* The text of a number; "" for 0 and for those that were never given. Stays as long as `l`. */
const char *wr_labels_text(const struct wr_labels *l, uint16_t number);

#endif
