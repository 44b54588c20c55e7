/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of kinds from anywhere, with a list of two vendors. Promised: what was read has a kind and a condition, its texts end, its
 * places of vendors exist; and what it says of some marks is one of its kinds, by less than all certainty.
 */
#include "fuzz.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "conf/kindsfile.h"

static void look(const struct wr_kindsfile *f, const struct wr_kinds_line *l)
{
    promise(l->kind[0] != 0 && strlen(l->kind) <= WR_MARK_SIZE);
    promise(memchr(l->class, 0, sizeof(l->class)) != NULL);
    promise(memchr(l->host, 0, sizeof(l->host)) != NULL);
    promise(l->wishes_size <= WR_MARK_SIZE && l->wishes6_size <= WR_MARK_SIZE);
    promise(l->mac_size <= 6 && (size_t)l->oui + l->ouis <= f->ouis);
    promise(l->class[0] != 0 || l->host[0] != 0 || l->wishes_size > 0 || l->wishes6_size > 0 ||
            l->mac_size > 0 || l->vendor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char text[] = "00-17-88   (hex)\t\tPhilips\n00-11-22   (hex)\t\tLens & Sons\n";
    struct wr_mark mark[WR_CENSUS_MARKS_MAX];
    struct wr_ouifile oui;
    struct wr_kindsfile f;
    promise(wr_ouifile_read(text, sizeof(text) - 1, &oui) == WR_OK);
    promise(wr_kindsfile_read((const char *)data, size, &oui, &f) == WR_OK);
    promise(f.kinds.lines <= WR_KINDS_LINES_MAX && (f.bad == 0) == (f.why == NULL));
    for (size_t i = 0; i < f.kinds.lines; i++) {
        look(&f, &f.kinds.line[i]);
    }
    memset(mark, 0, sizeof(mark));
    for (uint8_t i = 0; i < WR_MARK_KINDS; i++) { /* one of each, of what is in the text itself */
        mark[i].kind = i;
        mark[i].size = (uint8_t)(size < 6 ? size : 6);
        memcpy(mark[i].octets, data, mark[i].size);
    }
    struct wr_kinds_found found = wr_kinds_of(&f.kinds, mark);
    promise(found.kind == NULL ? found.sure == 0 : found.sure > 0 && found.sure < 100);
    wr_kindsfile_free(&f);
    wr_ouifile_free(&oui);
    return 0;
}
