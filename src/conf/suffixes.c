/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/suffixes.h"

#include <libpsl.h>
#include <stdlib.h>

#include "dns/name.h"

struct wr_suffixes {
    psl_ctx_t *list;
};

enum { LABELS_MAX = 5 }; /* of a public suffix; the longest have four */

struct wr_suffixes *wr_suffixes_open(void)
{
    struct wr_suffixes *s = calloc(1, sizeof(*s));
    if (s != NULL) {
        s->list = psl_latest(NULL);
    }
    if (s != NULL && s->list == NULL) {
        free(s);
        s = NULL;
    }
    return s;
}

void wr_suffixes_close(struct wr_suffixes *s)
{
    if (s != NULL) {
        psl_free(s->list);
        free(s);
    }
}

bool wr_suffixes_has(const struct wr_suffixes *s, const uint8_t *name)
{
    uint8_t lower[WR_NAME_MAX];
    char text[WR_NAME_TEXT_SIZE];
    unsigned labels = wr_name_labels(name);
    if (labels <= 1 || labels > LABELS_MAX || s == NULL) {
        return labels <= 1;
    }
    wr_name_lower(name, lower);
    size_t n = wr_name_to_text(lower, text, sizeof(text));
    text[n - 1] = 0; /* the last dot */
    return psl_is_public_suffix2(s->list, text, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) == 1;
}
