/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Talk: the client's side of the control socket (serve/control.h has the protocol).
 *
 *     struct wr_talk talk = {.who = "status", .socket = NULL, .json = false};
 *     return wr_talk_do(&talk, "status", json_object());
 *
 * Without a socket named it is the one of the default configuration file, if that can be read, else the built-in default.
 * Mistakes are printed with their remedy; what is returned is the exit status. A reply has at most
 * REPLY_MAX octets and 30 seconds to come.
 */
#ifndef WR_CLI_TALK_H
#define WR_CLI_TALK_H

#include <jansson.h>
#include <stdbool.h>

struct wr_talk {
    const char *who;                /* the verb, for messages */
    const char *word;               /* and the word behind it that was said; NULL, "": none */
    const char *socket;             /* of --socket, or NULL */
    bool json;                      /* print results as they are */
    bool narrow;                    /* tables that are wider than the terminal become blocks */
    void (*refine)(json_t *result); /* or NULL: what people read otherwise than programs */
    bool quiet; /* say nothing when no daemon is there: the verb has another way */
};

/* Rows of a verb's options (cli/opts.h) that fill in a `struct wr_talk talk`. */
#define WR_TALK_SOCKET_ROW(talk)                                \
    {                                                           \
        "socket", 's', .value = &(talk).socket, .meta = "PATH", \
                       .help = "the daemon's control socket"    \
    }
#define WR_TALK_JSON_ROW(talk)                                  \
    {                                                           \
        "json", 'j', .flag = &(talk).json, .help = "print JSON" \
    }

/* Asks, and gives the result in *ret_result (the caller's reference). `args` is taken over. Returns an exit status. */
int wr_talk_ask(const struct wr_talk *talk, const char *verb, json_t *args, json_t **ret_result);
/* Asks and prints the result: as it is, or as lines and tables. */
int wr_talk_do(const struct wr_talk *talk, const char *verb, json_t *args);
/* A whole verb: without operands it shows what the daemon's verb `who` tells; `look NAME` asks for `who`_look, with the name. */
int wr_talk_look(const char *who, const char *about, int argc, char **argv);
/* Asks, then gives each line of what streams in to `line` until that returns false; an end of the other side before then is a mistake.
 * `forever`: lines may be far apart. */
int wr_talk_follow(const struct wr_talk *talk, const char *verb, json_t *args, bool forever,
                   bool (*line)(void *user, const json_t *event), void *user);
/* Prints a result; returns an exit status. */
int wr_talk_print(const struct wr_talk *talk, const json_t *result);

#endif
