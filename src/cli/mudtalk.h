/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD talk: profiles to the daemon and from it (serve/mudcontrol has the verbs).
 *
 *     wr_mudtalk_get(&talk, "camera-3", false, &kept)          the file as it is kept, its signature, and what is known of it
 *     wr_mudtalk_import(&talk, "camera-3", &file, false)       a file in pieces, then the import
 *
 * Both return exit statuses; what is wrong was printed.
 */
#ifndef WR_CLI_MUDTALK_H
#define WR_CLI_MUDTALK_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/talk.h"

struct wr_mudtalk_file {
    char *text; /* malloc's, as the signature */
    size_t n;
    char *sig; /* NULL: none */
    size_t sig_n;
    json_t *about; /* of what is kept: its state, its signer; NULL of a file */
};

int wr_mudtalk_get(const struct wr_talk *talk, const char *device, bool proposed,
                   struct wr_mudtalk_file *ret_file);
void wr_mudtalk_free(struct wr_mudtalk_file *file);
/* Prints what became of it. `is_unsigned_fine`: the owner's word. */
int wr_mudtalk_import(const struct wr_talk *talk, const char *device,
                      const struct wr_mudtalk_file *file, bool is_unsigned_fine);
/* From where the device says that it is, and waits for that. */
int wr_mudtalk_fetch(const struct wr_talk *talk, const char *device, bool is_unsigned_fine);
/* The list, with dates that people can read. */
void wr_mudtalk_dates(json_t *result);

#endif
