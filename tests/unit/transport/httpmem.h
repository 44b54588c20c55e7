/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for HTTP connections in tests: malloc's, counted, and refused after a number of calls. */
#ifndef WR_TESTS_UNIT_TRANSPORT_HTTPMEM_H
#define WR_TESTS_UNIT_TRANSPORT_HTTPMEM_H

#include <stdlib.h>
#include <string.h>

#include "transport/http.h"

struct httpmem {
    long left;   /* calls that are granted; below 0: all */
    long pieces; /* not given back */
};

static void *httpmem_resize(void *user, void *at, size_t size)
{
    struct httpmem *m = user;
    void *block;

    if (size == 0) {
        m->pieces -= at != NULL;
        free(at);
        return NULL;
    }
    if (m->left == 0) {
        return NULL;
    }
    m->left -= m->left > 0;
    block = realloc(at, size);
    m->pieces += block != NULL && at == NULL;
    return block;
}

static inline struct wr_http_memory httpmem_of(struct httpmem *m)
{
    *m = (struct httpmem){.left = -1};
    return (struct wr_http_memory){httpmem_resize, m};
}

static inline void httpmem_heap(struct httpmem *m, struct wr_http_heap *heap, size_t max)
{
    struct wr_http_memory memory = httpmem_of(m);

    wr_http_heap_init(heap, &memory, max);
}

#endif
