/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the configuration share: text in, a configuration or its mistakes out.
 */
#ifndef WEIR_TESTS_CONFTEST_H
#define WEIR_TESTS_CONFTEST_H

#include <string.h>

#include "base/err.h"
#include "conf/conf.h"
#include "conf/mistakes.h"
#include "unit/unit.h"

static struct wr_mistakes mistakes;

static inline int read_conf(const char *text, struct wr_conf **ret_conf)
{
    wr_mistakes_init(&mistakes);
    return wr_conf_read(text, strlen(text), &mistakes, ret_conf);
}

/* A good text; the first mistake ends the test. */
static inline struct wr_conf *good_conf(const char *text)
{
    struct wr_conf *conf = NULL;

    if (read_conf(text, &conf) != WR_OK)
        fail_msg("%u:%u: %s", mistakes.item[0].line, mistakes.item[0].column,
                 mistakes.item[0].text);
    return conf;
}

/* A mistake or warning at a place that has these words. */
static inline bool has_mistake(uint32_t line, uint32_t column, const char *says)
{
    for (uint32_t i = 0; i < mistakes.count; i++)
        if (mistakes.item[i].line == line && mistakes.item[i].column == column &&
            strstr(mistakes.item[i].text, says))
            return true;
    return false;
}

struct broken {
    const char *text;
    uint32_t line, column;
    const char *says;
};

/* A text with exactly one mistake, at its place. */
static inline void check_broken(const struct broken *row)
{
    struct wr_conf *conf = NULL;

    assert_int_equal(read_conf(row->text, &conf), WR_E_FORMAT);
    assert_null(conf);
    if (mistakes.errors != 1 || !has_mistake(row->line, row->column, row->says))
        fail_msg("%s: %u mistakes, first %u:%u: %s", row->text, mistakes.errors,
                 mistakes.item[0].line, mistakes.item[0].column, mistakes.item[0].text);
}

#endif
