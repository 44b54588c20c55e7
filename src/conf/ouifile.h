/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OUI file: whose MAC addresses begin how, from the IEEE's list as text (oui.txt).
 *
 *     00-00-0C   (hex)        Cisco Systems, Inc
 *
 * Pure: lines of that form count, all others are passed over. Names point into the text, which must stay; control characters and
 * what is no ASCII end a name. Addresses that a device has made up are nobody's.
 *
 * Memory: malloc's, bounded by WR_OUI_LINES_MAX.
 */
#ifndef WR_CONF_OUIFILE_H
#define WR_CONF_OUIFILE_H

#include <stddef.h>
#include <stdint.h>

struct wr_ouifile_vendor {
    uint32_t oui;
    uint32_t size;
    const char *name;
};

struct wr_ouifile {
    struct wr_ouifile_vendor *vendor; /* sorted */
    size_t count;
};

int wr_ouifile_read(const char *text, size_t n, struct wr_ouifile *ret_file); /* WR_E_NOMEM */
void wr_ouifile_free(struct wr_ouifile *file);
/* The vendor's name, printable; "" where none is known. Returns its length. */
size_t wr_ouifile_find(const struct wr_ouifile *file, const uint8_t mac[6], char *ret_text,
                       size_t cap);

#endif
