/* SPDX-License-Identifier: Apache-2.0 */
/* The file of anchors' states: refused, or a set that is saved as text which loads to the same text. */
#include "fuzz.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "dnssec/trustset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wr_trustset first, second;
    static char one[WR_TRUSTSET_TEXT_SIZE], two[WR_TRUSTSET_TEXT_SIZE];
    struct wr_str a, b;
    wr_trustset_init(&first);
    if (wr_trustset_load(&first, (const char *)data, size) != WR_OK) {
        return 0;
    }
    wr_str_init(&a, one, sizeof(one));
    wr_trustset_save(&first, &a);
    wr_assert(!a.cut && wr_trustset_load(&second, one, a.len) == WR_OK);
    wr_str_init(&b, two, sizeof(two));
    wr_trustset_save(&second, &b);
    wr_assert(a.len == b.len && memcmp(one, two, a.len) == 0);
    return 0;
}
