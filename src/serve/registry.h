/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registry: the devices on disk, so that they are known again after a restart.
 *
 * A text: one line a device, behind a first line that says what it is and which number the next device gets. Each line begins with 16
 * hexadecimal digits, the checksum of the rest, which is JSON; a line that is torn or changed is left out and counted, the others hold.
 * The checksum finds accidents, not a forger: who can write the file can write what he likes into it, and is believed
 * as the owner is. The file is replaced whole, so a power cut leaves the old one or the new one. Groups are written by name.
 *
 * Making the text and reading it touch no file; wr_registry_save may wait for the disk and is for a thread of its own.
 */
#ifndef WR_SERVE_REGISTRY_H
#define WR_SERVE_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

#include "policy/census.h"
#include "serve/labels.h"

/* Octets of a line, and of a file (65536 devices with all that they may have are less). */
#define WR_REGISTRY_LINE_MAX 8192
#define WR_REGISTRY_FILE_MAX ((size_t)256 * 1024 * 1024)

/* Guests are not written. The text is malloc's. WR_E_NOMEM. */
int wr_registry_text(const struct wr_census *m, const struct wr_labels *labels, char **ret_text,
                     size_t *ret_size);
/* One line without its line feed, into *ret_device; of the first line there is only `*ret_next`. WR_E_CHECKSUM, WR_E_FORMAT. */
int wr_registry_line(const char *line, size_t size, struct wr_labels *labels,
                     struct wr_census_device *ret_device, uint32_t *ret_next);

struct wr_registry_read {
    uint32_t devices; /* that are known again */
    uint32_t bad;     /* lines that were left out */
};
/* All lines of a text into `m`. WR_E_FORMAT: the first line is not that of a registry, and nothing was taken. */
int wr_registry_read(struct wr_census *m, const char *text, size_t size, struct wr_labels *labels,
                     struct wr_registry_read *ret_read);

/* Errors of serve/keepfile.h; WR_E_NOTFOUND: there is none yet. What is no registry is put aside (<path>.bad). */
int wr_registry_load(struct wr_census *m, const char *path, struct wr_labels *labels,
                     struct wr_registry_read *ret_read);
int wr_registry_save(const char *path, const char *text, size_t size);

#endif
