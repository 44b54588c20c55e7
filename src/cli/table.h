/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table: JSON of the daemon as text for people.
 *
 * The client knows no field names, so both sides cannot drift: an object becomes "key: value" lines with the
 * values in one column, an object in it an indented block, a list of objects a table with one column a key,
 * a list of anything else one line with commas. A table with more columns than a screen has is turned: a row a
 * key. Underscores of keys stay, so that what is read is what JSON calls it. Text is made safe for a terminal.
 */
#ifndef WR_CLI_TABLE_H
#define WR_CLI_TABLE_H

#include <jansson.h>
#include <stdio.h>

void wr_table_print(const json_t *value, FILE *out);
/* The same, and a table that is wider than `room` columns becomes a block a row. */
void wr_table_print_in(const json_t *value, size_t room, FILE *out);
/* Columns of the terminal at `fd`; 100 when it is none. */
size_t wr_table_room(int fd);
/* Of each object of a list these keys alone, in this order (ended by NULL), and all rows have all of them: for people, where programs get more. */
void wr_table_pick(json_t *list, const char *const *keys);
/* One value in one line: "good", "3", "a, b", "-" for null and for nothing. */
void wr_table_cell(const json_t *value, char *ret_text, size_t cap);

#endif
