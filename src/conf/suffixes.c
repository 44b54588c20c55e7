/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/suffixes.h"

#include <libpsl.h>
#include <stdlib.h>

#include "dns/name.h"

struct wr_suffixes {
    psl_ctx_t *list;
};

enum { LABELS_MAX = 5 }; /* of a registry's public suffix; the longest have four */
enum { SHARED_LABELS_MAX = 8 };

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

static bool is_listed(const struct wr_suffixes *s, const uint8_t *name, int type)
{
    uint8_t lower[WR_NAME_MAX];
    char text[WR_NAME_TEXT_SIZE];

    wr_name_lower(name, lower);
    size_t n = wr_name_to_text(lower, text, sizeof(text));
    text[n - 1] = 0; /* the last dot */
    return psl_is_public_suffix2(s->list, text, type | PSL_TYPE_NO_STAR_RULE) == 1;
}

bool wr_suffixes_has(const struct wr_suffixes *s, const uint8_t *name)
{
    unsigned labels = wr_name_labels(name);
    if (labels <= 1 || labels > LABELS_MAX || s == NULL) {
        return labels <= 1;
    }
    return is_listed(s, name, PSL_TYPE_ICANN);
}

bool wr_suffixes_shared(const struct wr_suffixes *s, const uint8_t *name)
{
    unsigned labels = wr_name_labels(name);
    return labels == 0 || s == NULL ||
           (labels <= SHARED_LABELS_MAX && is_listed(s, name, PSL_TYPE_ANY));
}
