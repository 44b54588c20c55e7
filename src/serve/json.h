/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON writer: values go out as they are said, nothing is built first (RFC 8259).
 *
 *     struct wr_json j;
 *     wr_json_init(&j, room, sizeof(room), spill, user);
 *     wr_json_object(&j, NULL);
 *     wr_json_text(&j, "name", "weir");
 *     wr_json_array(&j, "workers");
 *     wr_json_u64(&j, NULL, 7);
 *     wr_json_end(&j);
 *     wr_json_end(&j);
 *     wr_json_finish(&j);
 *
 * gives {"name":"weir","workers":[7]}. Inside an object every value has a key, inside an array none: anything else is the
 * programmer's mistake. Octets that are no UTF-8 come out as U+FFFD; control characters, quotes, U+2028 and
 * U+2029 are escaped, so a line of output is always one line.
 *
 * Memory: the caller's room. When it is full its content is handed to `spill`; without one the text is cut
 * and wr_json_finish says WR_E_FULL.
 */
#ifndef WR_SERVE_JSON_H
#define WR_SERVE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WR_JSON_DEPTH_MAX 16

typedef void wr_json_spill(void *user, const char *bytes, size_t n);

struct wr_json {
    char *room;
    size_t cap, len;
    wr_json_spill *spill;
    void *user;
    bool cut;
    uint8_t depth;
    bool object[WR_JSON_DEPTH_MAX]; /* what is open at each depth */
    bool some[WR_JSON_DEPTH_MAX];   /* it has a value already */
};

void wr_json_init(struct wr_json *j, char *room, size_t cap, wr_json_spill *spill, void *user);
void wr_json_object(struct wr_json *j, const char *key); /* opens; key NULL inside an array */
void wr_json_array(struct wr_json *j, const char *key);
void wr_json_end(struct wr_json *j); /* closes what was opened last */
void wr_json_text(struct wr_json *j, const char *key, const char *text); /* NULL: null */
void wr_json_bytes(struct wr_json *j, const char *key, const char *bytes, size_t n);
void wr_json_u64(struct wr_json *j, const char *key, uint64_t v);
void wr_json_i64(struct wr_json *j, const char *key, int64_t v);
void wr_json_bool(struct wr_json *j, const char *key, bool v);
void wr_json_null(struct wr_json *j, const char *key);
/* A value that is JSON already. */
void wr_json_raw(struct wr_json *j, const char *key, const char *text, size_t n);
/* Gives what is in the room to `spill`: the writer can be left alone for a while, and the room used by another. */
void wr_json_flush(struct wr_json *j);
/* Ends the text with a newline and gives the rest to `spill` (without one: room is NUL-ended). Everything must be closed.
 * WR_E_FULL: something was cut. */
int wr_json_finish(struct wr_json *j);

#endif
