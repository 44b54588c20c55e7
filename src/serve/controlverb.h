/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control verbs: the table of what can be asked over the control socket, and those that are answered in one go.
 *
 * A verb has its arguments with their types; what a request has beside them, or lacks, is an error that names it. `run` writes the
 * member "result" of the answer. It is NULL where the answer takes longer than one turn (reload, cache_show, log): those are
 * serve/control's.
 */
#ifndef WR_SERVE_CONTROLVERB_H
#define WR_SERVE_CONTROLVERB_H

#include <jansson.h>
#include <stdbool.h>

#include "dns/name.h"
#include "serve/json.h"

struct wr_serve;

#define WR_CONTROLVERB_ARGS_MAX 20
/* Octets of an error's sentence, with the NUL. */
#define WR_CONTROLVERB_WHY_SIZE 512

struct wr_controlverb_arg {
    const char *name;
    json_type type; /* JSON_TRUE: a boolean */
    bool needed;
};

struct wr_controlverb {
    const char *name;
    bool changes; /* something: not for those who may only look */
    struct wr_controlverb_arg args[WR_CONTROLVERB_ARGS_MAX];
    /* NULL, or the code of an error; its sentence is in `why` then (WR_CONTROLVERB_WHY_SIZE) and nothing has been written. */
    const char *(*run)(struct wr_serve *s, const json_t *args, struct wr_json *j, char *why);
};

/* NULL: there is none of this name. */
const struct wr_controlverb *wr_controlverb_find(const char *name);
/* That there is none, and which there are. */
void wr_controlverb_list(char *why);
/* WR_OK, or WR_E_FORMAT and what is wrong with the arguments. */
int wr_controlverb_check(const struct wr_controlverb *verb, json_t *args, char *why);
/* The argument "name" as a wire name; WR_E_FORMAT, and what is wrong with it. */
int wr_controlverb_name(const json_t *args, struct wr_name *ret_name, char *why);

#endif
