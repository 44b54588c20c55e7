/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration reader on any octets. What it takes must print as a file that reads back and
 * prints the same; what it refuses must have a mistake with words.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/conf.h"
#include "conf/mistakes.h"
#include "conf/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const struct wr_conf *conf, size_t *ret_size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_size);

    if (!out)
        abort();
    wr_print_conf(conf, out);
    fclose(out);
    return text;
}

static void check_round(const struct wr_conf *conf, struct wr_mistakes *mistakes)
{
    struct wr_conf *again = NULL;
    size_t n, m;
    char *first = print(conf, &n), *second;

    wr_mistakes_init(mistakes);
    if (wr_conf_read(first, n, mistakes, &again) != WR_OK)
        abort();
    second = print(again, &m);
    if (n != m || memcmp(first, second, n) != 0)
        abort();
    wr_conf_free(again);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wr_mistakes mistakes;
    struct wr_conf *conf = NULL;
    int err;

    wr_mistakes_init(&mistakes);
    err = wr_conf_read((const char *)data, size, &mistakes, &conf);
    if ((err == WR_OK) != (conf != NULL) || (err == WR_OK) != (mistakes.errors == 0))
        abort();
    for (uint32_t i = 0; i < mistakes.count; i++)
        if (mistakes.item[i].text[0] == '\0')
            abort();
    if (conf)
        check_round(conf, &mistakes);
    wr_conf_free(conf);
    return 0;
}
