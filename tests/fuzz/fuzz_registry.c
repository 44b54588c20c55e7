/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A registry of devices, torn, changed, or made up: the fuzzer's text is taken as it is, and once more as lines whose checksums are made
 * right, so that what is behind them is reached. Promised: as many devices are known as were said to be; what is known is written, and
 * read again as the same.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "serve/registry.h"

#define DEVICES 16

static struct wr_census *machine(void **ret_block)
{
    struct wr_census_setup setup = {.devices = DEVICES, .key = {{1, 2}}, .forget_s = 90 * 86400};
    size_t room = (wr_census_size(DEVICES) + 63) & ~(size_t)63;
    *ret_block = aligned_alloc(64, room);
    promise(*ret_block != NULL);
    memset(*ret_block, 0, room);
    return wr_census_init(*ret_block, &setup);
}

static void read_it(const char *text, size_t size)
{
    void *block, *block2;
    struct wr_census *m = machine(&block), *again = machine(&block2);
    struct wr_labels *labels = NULL;
    struct wr_registry_read read = {0, 0}, second = {0, 0};
    char *written = NULL;
    size_t n = 0;
    promise(wr_labels_create(&labels) == WR_OK);
    if (wr_registry_read(m, text, size, labels, &read) == WR_OK) {
        promise(wr_census_count(m) == read.devices);
        promise(wr_registry_text(m, labels, &written, &n) == WR_OK);
        promise(wr_registry_read(again, written, n, labels, &second) == WR_OK);
        promise(second.bad == 0 && second.devices <= read.devices);
        promise(wr_census_next(again) >= wr_census_next(m));
    } else {
        promise(wr_census_count(m) == 0);
    }
    free(written);
    free(block);
    free(block2);
    wr_labels_destroy(labels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct wr_hash_key key = {{0x77656972, 0x64657631}};
    const char *text = (const char *)data;
    char *summed = malloc(size * 18 + 64);
    size_t at = 0, n = 0;
    promise(summed != NULL);
    read_it(text, size);
    while (at < size) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t line = end != NULL ? (size_t)(end - text) - at : size - at;
        size_t skip = line >= 17 && text[at + 16] == ' ' ? 17 : 0; /* the checksum that is there */
        n +=
            (size_t)sprintf(summed + n, "%016llx ",
                            (unsigned long long)wr_hash_sip24(&key, text + at + skip, line - skip));
        memcpy(summed + n, text + at + skip, line - skip);
        n += line - skip;
        summed[n++] = '\n';
        at += line + 1;
    }
    read_it(summed, n);
    free(summed);
    return 0;
}
