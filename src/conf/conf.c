/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/str.h"
#include "conf/bind.h"
#include "conf/mem.h"
#include "conf/mistakes.h"
#include "conf/rootcopy.h"
#include "conf/rules.h"
#include "conf/schema.h"
#include "conf/value.h"
#include "conf/yaml.h"

void wr_conf_free(struct wr_conf *conf)
{
    if (!conf)
        return;
    wr_mem_free(conf->mem);
    free(conf->mem);
    free(conf);
}

static struct wr_conf *new_conf(void)
{
    struct wr_conf *conf = calloc(1, sizeof(*conf));

    if (!conf)
        return NULL;
    conf->mem = calloc(1, sizeof(*conf->mem));
    if (!conf->mem) {
        free(conf);
        return NULL;
    }
    wr_mem_init(conf->mem);
    return conf;
}

static int fill(const char *text, size_t n, struct wr_mistakes *mistakes, struct wr_conf *conf)
{
    struct wr_conf_mem tree;
    struct wr_yaml yaml;
    int err;

    wr_mem_init(&tree);
    err = wr_yaml_read(text, n, &tree, mistakes, &yaml);
    if (!err)
        err = wr_bind(&yaml, mistakes, conf);
    if (!err && !yaml.torn)
        wr_rules_check(&yaml, mistakes, conf);
    wr_mem_free(&tree);
    wr_mistakes_sort(mistakes);
    if (!err && mistakes->errors)
        err = WR_E_FORMAT;
    return err ? err : wr_rootcopy_fill(conf);
}

int wr_conf_read(const char *text, size_t n, struct wr_mistakes *mistakes,
                 struct wr_conf **ret_conf)
{
    struct wr_conf *conf = new_conf();
    int err = conf ? fill(text, n, mistakes, conf) : WR_E_NOMEM;

    if (err == WR_E_NOMEM)
        wr_mistakes_add(mistakes, 0, 0, "not enough memory to read it");
    if (err)
        wr_conf_free(conf);
    else
        *ret_conf = conf;
    return err;
}

static int too_large(struct wr_mistakes *mistakes)
{
    wr_mistakes_add(mistakes, 0, 0, "larger than %zu MiB; this is no configuration (not read)",
                    WR_CONF_SIZE_MAX >> 20);
    return WR_E_LIMIT;
}

/* Reads to the end, one octet more than allowed at most: a pipe does not tell its size. */
static int read_all(int fd, struct wr_mistakes *mistakes, char **ret_text, size_t *ret_n)
{
    size_t cap = 64 * 1024, n = 0;
    char *text = malloc(cap), *more;
    ssize_t got = text ? 1 : 0;

    while (text && (got = read(fd, text + n, cap - n)) > 0) {
        n += (size_t)got;
        if (n < cap)
            continue;
        if (n > WR_CONF_SIZE_MAX) {
            free(text);
            return too_large(mistakes);
        }
        cap = cap * 2 > WR_CONF_SIZE_MAX ? WR_CONF_SIZE_MAX + 1 : cap * 2;
        more = realloc(text, cap);
        if (!more)
            free(text);
        text = more;
    }
    if (!text)
        return WR_E_NOMEM;
    if (got < 0) {
        wr_mistakes_add(mistakes, 0, 0, "cannot be read: %s", strerror(errno));
        free(text);
        return WR_E_IO;
    }
    *ret_text = text;
    *ret_n = n;
    return WR_OK;
}

static int read_open(int fd, struct wr_mistakes *mistakes, char **ret_text, size_t *ret_n)
{
    struct stat st;

    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        wr_mistakes_add(mistakes, 0, 0, "is a directory; name a file in it");
        return WR_E_IO;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size > WR_CONF_SIZE_MAX)
        return too_large(mistakes);
    return read_all(fd, mistakes, ret_text, ret_n);
}

int wr_conf_load(const char *path, struct wr_mistakes *mistakes, struct wr_conf **ret_conf)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = NULL;
    size_t n = 0;
    int err;

    if (fd < 0) {
        wr_mistakes_add(mistakes, 0, 0, "cannot be opened: %s", strerror(errno));
        return WR_E_IO;
    }
    err = read_open(fd, mistakes, &text, &n);
    close(fd);
    if (!err)
        err = wr_conf_read(text, n, mistakes, ret_conf);
    else if (err == WR_E_NOMEM)
        wr_mistakes_add(mistakes, 0, 0, "not enough memory to read it");
    free(text);
    return err;
}

static bool same_value(const struct wr_schema_row *row, const void *now, const void *then)
{
    char a[WR_VALUE_TEXT_SIZE], b[WR_VALUE_TEXT_SIZE];
    struct wr_str s, t;

    wr_str_init(&s, a, sizeof(a));
    wr_str_init(&t, b, sizeof(b));
    wr_value_print(row, now, &s);
    wr_value_print(row, then, &t);
    return !strcmp(a, b);
}

static bool same_list(const struct wr_schema_row *row, const unsigned char *now,
                      const unsigned char *then)
{
    const unsigned char *items[2];
    size_t count[2];

    memcpy(&items[0], now, sizeof(items[0]));
    memcpy(&items[1], then, sizeof(items[1]));
    memcpy(&count[0], now + sizeof(items[0]), sizeof(count[0]));
    memcpy(&count[1], then + sizeof(items[1]), sizeof(count[1]));
    if (count[0] != count[1])
        return false;
    for (size_t i = 0; i < count[0]; i++)
        if (!same_value(row, items[0] + i * row->item_size, items[1] + i * row->item_size))
            return false;
    return true;
}

size_t wr_conf_restart_keys(const struct wr_conf *now, const struct wr_conf *then,
                            void (*each)(void *user, const char *key), void *user)
{
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows), found = 0;

    for (size_t i = 0; i < count; i++) {
        const unsigned char *a = (const unsigned char *)now + rows[i].offset;
        const unsigned char *b = (const unsigned char *)then + rows[i].offset;

        if (rows[i].reload != WR_SCHEMA_AT_RESTART)
            continue;
        if (rows[i].list ? same_list(&rows[i], a, b) : same_value(&rows[i], a, b))
            continue;
        found++;
        each(user, rows[i].name);
    }
    return found;
}
