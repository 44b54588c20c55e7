/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of MUD share: a file around some ACEs.
 *
 *     read_aces("{\"name\": \"a\", ...}, ...", "ipv4-acl-type")     the list is named in from-device-policy
 */
#ifndef WEIR_TESTS_UNIT_CONF_MUDTEXT_H
#define WEIR_TESTS_UNIT_CONF_MUDTEXT_H

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "conf/mudfile.h"

#define MUD_ABOUT                                                                         \
    "\"mud-version\": 1, \"mud-url\": \"https://things.example/lamp\", \"last-update\": " \
    "\"2026-01-02T03:04:05+01:00\", \"is-supported\": true"
#define MUD_FROM(name) \
    ", \"from-device-policy\": {\"access-lists\": {\"access-list\": [{\"name\": \"" name "\"}]}}"
#define MUD_TO(name) \
    ", \"to-device-policy\": {\"access-lists\": {\"access-list\": [{\"name\": \"" name "\"}]}}"

/* The file's text, for free(). */
static inline char *mud_text(const char *from, const char *to, const char *type)
{
    size_t size = strlen(from) + strlen(to) + 2048;
    char *text = malloc(size);
    assert_non_null(text);
    snprintf(text, size,
             "{\"ietf-mud:mud\": {" MUD_ABOUT MUD_FROM("f")
                 MUD_TO("t") "},\n\"ietf-access-control-list:acls\": {\"acl\": [{\"name\": \"f\", "
                             "\"type\": \"%s\", \"aces\": {\"ace\": [\n%s]}},\n{\"name\": \"t\", "
                             "\"type\": \"%s\", \"aces\": {\"ace\": [%s]}}]}}",
             type, from, type, to);
    return text;
}

static inline struct wr_mud *read_both(const char *from, const char *to, const char *type)
{
    struct wr_mudfile_mistake mistake;
    struct wr_mud *mud = NULL;
    char *text = mud_text(from, to, type);
    int err = wr_mudfile_read(text, strlen(text), &mud, &mistake);
    if (err != WR_OK) {
        fail_msg("%u:%u: %s", mistake.line, mistake.column, mistake.text);
    }
    free(text);
    return mud;
}

static inline struct wr_mud *read_aces(const char *from, const char *type)
{
    return read_both(from, "", type);
}

#endif
