/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/ouifile.h"

#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

#define MARK "(hex)"

static int compare(const void *a, const void *b)
{
    const struct wr_ouifile_vendor *x = a, *y = b;
    return x->oui < y->oui ? -1 : x->oui > y->oui;
}

static void skip_blanks(struct wr_str_part *line)
{
    while (line->n > 0 && (*line->at == ' ' || *line->at == '\t')) {
        line->at++;
        line->n--;
    }
}

static bool read_line(struct wr_str_part line, struct wr_ouifile_vendor *ret)
{
    uint8_t oui[3];
    size_t n;
    if (line.n < 8 || line.at[2] != '-' || line.at[5] != '-' ||
        wr_enc_from_hex(line.at, 2, &oui[0], 1, &n) != WR_OK ||
        wr_enc_from_hex(line.at + 3, 2, &oui[1], 1, &n) != WR_OK ||
        wr_enc_from_hex(line.at + 6, 2, &oui[2], 1, &n) != WR_OK) {
        return false;
    }
    line.at += 8;
    line.n -= 8;
    skip_blanks(&line);
    if (line.n < strlen(MARK) || memcmp(line.at, MARK, strlen(MARK)) != 0) {
        return false;
    }
    line.at += strlen(MARK);
    line.n -= strlen(MARK);
    skip_blanks(&line);
    size_t size = 0;
    while (size < line.n && line.at[size] >= ' ' && line.at[size] < 127) {
        size++;
    }
    ret->oui = (uint32_t)oui[0] << 16 | (uint32_t)oui[1] << 8 | oui[2];
    ret->name = line.at;
    ret->size = (uint32_t)size;
    return size > 0;
}

int wr_ouifile_read(const char *text, size_t n, struct wr_ouifile *ret_file)
{
    struct wr_ouifile file = {NULL, 0};
    size_t room = 0;
    for (size_t at = 0; at < n && file.count < WR_OUI_LINES_MAX;) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t size = end != NULL ? (size_t)(end - text) - at : n - at;
        struct wr_ouifile_vendor one;
        if (read_line((struct wr_str_part){text + at, size}, &one)) {
            if (file.count == room) {
                room = room * 2 + 1024;
                struct wr_ouifile_vendor *more = realloc(file.vendor, room * sizeof(*more));
                if (more == NULL) {
                    free(file.vendor);
                    return WR_E_NOMEM;
                }
                file.vendor = more;
            }
            file.vendor[file.count++] = one;
        }
        at += size + 1;
    }
    if (file.count > 0) {
        qsort(file.vendor, file.count, sizeof(file.vendor[0]), compare);
    }
    *ret_file = file;
    return WR_OK;
}

void wr_ouifile_free(struct wr_ouifile *file)
{
    free(file->vendor);
    *file = (struct wr_ouifile){NULL, 0};
}

size_t wr_ouifile_find(const struct wr_ouifile *file, const uint8_t mac[6], char *ret_text,
                       size_t cap)
{
    const struct wr_ouifile_vendor want = {.oui = (uint32_t)mac[0] << 16 | (uint32_t)mac[1] << 8 |
                                                  mac[2]};
    const struct wr_ouifile_vendor *found = NULL;
    struct wr_str s;
    if (file->count > 0 && (mac[0] & 2) == 0) {
        found = bsearch(&want, file->vendor, file->count, sizeof(want), compare);
    }
    wr_str_init(&s, ret_text, cap);
    if (found != NULL) {
        wr_str_bytes(&s, found->name, found->size);
    }
    return s.len;
}
