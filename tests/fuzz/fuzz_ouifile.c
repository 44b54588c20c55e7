/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of vendors from anywhere. Promised: it is sorted, each name lies in the text and is printable, and what was read is found.
 */
#include "fuzz.h"

#include "base/err.h"
#include "conf/ouifile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct wr_ouifile file;
    promise(wr_ouifile_read(text, size, &file) == WR_OK);
    for (size_t i = 0; i < file.count; i++) {
        const struct wr_ouifile_vendor *v = &file.vendor[i];
        const uint8_t mac[6] = {(uint8_t)(v->oui >> 16), (uint8_t)(v->oui >> 8), (uint8_t)v->oui};
        char name[32];
        promise(i == 0 || file.vendor[i - 1].oui <= v->oui);
        promise(v->size > 0 && v->name >= text && v->name + v->size <= text + size);
        size_t n = wr_ouifile_find(&file, mac, name, sizeof(name));
        promise((mac[0] & 2) != 0 ? n == 0 : n > 0);
        for (size_t k = 0; k < n; k++) {
            promise(name[k] >= ' ' && name[k] < 127);
        }
    }
    wr_ouifile_free(&file);
    return 0;
}
