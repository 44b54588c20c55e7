/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML: text to a tree of nodes, each with its line and column.
 *
 * libyaml reads the syntax; what YAML can do and a configuration should not is refused here: anchors,
 * aliases, tags, several documents, keys twice, keys that are no plain words, tabs in the
 * indentation, control characters, anything that is not UTF-8. Values stay text: whether `yes` is a mistake
 * only the key's type can say (conf/bind).
 *
 * Every mistake goes to the list and reading goes on; only broken syntax and nesting beyond the
 * limit end it, and then `torn` is set and
 * the tree holds what stood before. Memory: the tree is in `mem` of the caller. Limits: WR_CONF_SIZE_MAX,
 * _DEPTH_MAX, _NODES_MAX, _KEYS_MAX. Returns WR_OK (mistakes or not), WR_E_LIMIT or WR_E_NOMEM.
 */
#ifndef WR_CONF_YAML_H
#define WR_CONF_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "conf/mem.h"
#include "conf/mistakes.h"

enum wr_yaml_kind {
    WR_YAML_SCALAR = 1,
    WR_YAML_LIST,
    WR_YAML_MAP,
    WR_YAML_BROKEN, /* its mistake is in the list already */
};

struct wr_yaml_node {
    uint8_t kind;                  /* enum wr_yaml_kind */
    bool plain;                    /* scalar without quotation marks */
    bool flow;                     /* list or mapping in brackets */
    uint32_t line, column;         /* where it begins, from 1, in characters, */
    uint32_t end_line, end_column; /* and behind its last; a block ends with its last child */
    const char *text;              /* scalar: octets with a NUL behind */
    size_t n;
    const struct wr_yaml_node *key;    /* in a mapping: the scalar it stands under */
    struct wr_yaml_node *first, *next; /* children of a list or mapping, in order */
    uint32_t count;                    /* of children */
};

struct wr_yaml {
    const struct wr_yaml_node *root; /* NULL: an empty file */
    bool torn;                       /* the syntax broke; what follows was not read */
};

WR_MUSTCHECK int wr_yaml_read(const char *text, size_t n, struct wr_conf_mem *mem,
                              struct wr_mistakes *mistakes, struct wr_yaml *ret_yaml);
/* The node at "upstream.groups[1].name", or NULL. */
const struct wr_yaml_node *wr_yaml_find(const struct wr_yaml *yaml, const char *path);

#endif
