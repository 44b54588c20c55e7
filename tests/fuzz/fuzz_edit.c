/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One key of a configuration changed: lines of a key, a value ("-": take it out) and the file. Promised: what comes out is a good
 * configuration, the key taken out of it is not there any more, and what is refused has words.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/conf.h"
#include "conf/edit.h"

static struct wr_mistakes mistakes;

static bool is_good(const char *text, size_t n)
{
    struct wr_conf *conf = NULL;
    wr_mistakes_init(&mistakes);
    int err = wr_conf_read(text, n, &mistakes, &conf);
    wr_conf_free(conf);
    return err == WR_OK;
}

static char *take_line(const uint8_t **data, size_t *size)
{
    const uint8_t *end = memchr(*data, '\n', *size);
    size_t n = end ? (size_t)(end - *data) : *size;
    char *line = malloc(n + 1);
    if (line) {
        memcpy(line, *data, n);
        line[n] = 0;
        *data += n + (end != NULL);
        *size -= n + (end != NULL);
    }
    return line;
}

static void look(const char *key, const char *value, const char *text, size_t n)
{
    char *made = NULL, *less = NULL;
    size_t made_n = 0, less_n = 0;
    wr_mistakes_init(&mistakes);
    int err = wr_edit_key(text, n, key, strcmp(value, "-") == 0 ? NULL : value, &mistakes, &made,
                          &made_n);
    promise((err == WR_OK) == (made != NULL));
    promise(err != WR_E_FORMAT || (mistakes.errors > 0 && mistakes.item[0].text[0] != 0));
    if (made) {
        promise(is_good(text, n) && is_good(made, made_n));
        wr_mistakes_init(&mistakes);
        if (wr_edit_key(made, made_n, key, NULL, &mistakes, &less, &less_n) == WR_OK) {
            promise(is_good(less, less_n));
            promise(wr_edit_key(less, less_n, key, NULL, &mistakes, &made, &made_n) ==
                    WR_E_NOTFOUND);
        }
    }
    free(made);
    free(less);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *key = take_line(&data, &size), *value = key ? take_line(&data, &size) : NULL;
    if (value) {
        look(key, value, (const char *)data, size);
    }
    free(key);
    free(value);
    return 0;
}
