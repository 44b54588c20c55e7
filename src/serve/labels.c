/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/labels.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

struct wr_labels {
    _Atomic uint32_t count; /* those below are never changed again */
    _Atomic uint64_t refused;
    char *_Atomic text[WR_LABELS_NUMBERS]; /* by number, from 1 */
};

int wr_labels_create(struct wr_labels **ret_labels)
{
    struct wr_labels *l = calloc(1, sizeof(*l));
    if (!l) {
        return WR_E_NOMEM;
    }
    *ret_labels = l;
    return WR_OK;
}

void wr_labels_destroy(struct wr_labels *l)
{
    if (!l) {
        return;
    }
    for (uint32_t i = 1; i <= atomic_load(&l->count); i++) {
        free(atomic_load(&l->text[i]));
    }
    free(l);
}

uint16_t wr_labels_find(const struct wr_labels *l, const char *text)
{
    uint32_t count = atomic_load(&l->count);
    for (uint32_t i = 1; i <= count; i++) {
        if (strcmp(atomic_load(&l->text[i]), text) == 0) {
            return (uint16_t)i;
        }
    }
    return 0;
}

uint32_t wr_labels_count(const struct wr_labels *l)
{
    return atomic_load(&l->count);
}

uint64_t wr_labels_refused(const struct wr_labels *l)
{
    return atomic_load(&l->refused);
}

uint16_t wr_labels_number(struct wr_labels *l, const char *text)
{
    uint32_t count = atomic_load(&l->count);
    size_t n = strlen(text);
    uint16_t found = wr_labels_find(l, text);
    if (n == 0 || n >= WR_LABEL_TEXT_SIZE || found != 0) {
        return found;
    }
    char *copy = count < WR_LABELS_MAX ? strdup(text) : NULL;
    if (!copy) {
        atomic_fetch_add(&l->refused, 1);
        return 0;
    }
    atomic_store(&l->text[count + 1], copy);
    atomic_store(&l->count, count + 1);
    return (uint16_t)(count + 1);
}

const char *wr_labels_text(const struct wr_labels *l, uint16_t number)
{
    return number != 0 && number <= atomic_load(&l->count) ? atomic_load(&l->text[number]) : "";
}
