/* SPDX-License-Identifier: Apache-2.0 */
/* weir device: one device, with all its evidence; what the owner says of it. */
#include <string.h>

#include "base/limits.h"
#include "cli/devicetell.h"
#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"
#include "cli/when.h"

static const struct {
    const char *name;
    int operands; /* behind it */
} words[] = {{"show", 1},  {"name", 2},  {"kind", 2},       {"group", 2},
             {"leave", 2}, {"allow", 1}, {"quarantine", 1}, {"release", 1}};

static int find_word(const char *text)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!strcmp(words[i].name, text)) {
            return (int)i;
        }
    }
    return -1;
}

/* What quarantine may say. */
struct shut {
    const char *reason, *for_;
    uint64_t for_s;
};

static int ask(const struct wr_talk *talk, const char *what, char **operand, int operands,
               const struct shut *shut)
{
    json_t *result = NULL, *args = json_pack("{s:s}", "device", operand[0]);
    bool changes = strcmp(what, "show") != 0;
    struct wr_devicetell tell;
    const char *path, *why;
    if (changes) {
        json_object_set_new(args, "do", json_string(what));
    }
    if (operands == 2) {
        json_object_set_new(args, "value", json_string(operand[1]));
    }
    if (shut->reason != NULL) {
        json_object_set_new(args, "reason", json_string(shut->reason));
    }
    if (shut->for_s != 0) {
        json_object_set_new(args, "for_s", json_integer((json_int_t)shut->for_s));
    }
    int status = wr_talk_ask(talk, changes ? "device_set" : "device", args, &result);
    if (status != WR_EXIT_OK) {
        return status;
    }
    path = json_string_value(json_object_get(result, "oui"));
    wr_devicetell_open(path != NULL ? path : "", &tell,
                       &why); /* `weir devices` says what is wrong */
    wr_devicetell_vendor(&tell, result);
    wr_devicetell_close(&tell);
    json_object_del(result, "oui");
    if (!talk->json) {
        wr_devicetell_dates(result);
    }
    status = wr_talk_print(talk, result);
    json_decref(result);
    return status;
}

int wr_cli_device(int argc, char **argv)
{
    struct wr_talk talk = {.who = "device", .narrow = true};
    struct shut shut = {NULL, NULL, 0};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(talk),
        WR_TALK_JSON_ROW(talk),
        {"reason", 'r', .value = &shut.reason, .meta = "TEXT", .help = "why it is in quarantine"},
        {"for", 'f', .value = &shut.for_, .meta = "TIME",
         .help = "how long the quarantine lasts: 90s, 15m, 2h, 7d; else until it is released"},
    };
    struct wr_opts opts = {
        "device",
        "DEVICE | show DEVICE | name DEVICE NAME | kind DEVICE KIND | group DEVICE GROUP | leave "
        "DEVICE GROUP | "
        "allow DEVICE | quarantine DEVICE | release DEVICE",
        "Shows one device and what is known of it: by its name, its host name, or its id.\nname "
        "calls it otherwise, kind says what kind of thing it is (\"\": nothing is said), group and "
        "leave put it in a group or take it out, quarantine and "
        "release shut it off (for a time, with a reason: --for, --reason) and let it in, allow "
        "ends a conflict: it is well.",
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};
    int status = wr_opts_read(&opts, argc, argv);

    if (status != WR_OPTS_GO) {
        return status;
    }
    if (opts.operands == 1 && shut.reason == NULL && shut.for_ == NULL) {
        return ask(&talk, "show", opts.operand, 1, &shut);
    }
    const char *names[sizeof(words) / sizeof(words[0]) + 1] = {NULL};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        names[i] = words[i].name;
    }
    int word = opts.operands > 1 ? find_word(opts.operand[0]) : -1;
    if (word < 0 && opts.operands > 1) {
        return wr_opts_no_word(&opts, opts.operand[0], names);
    }
    if (word < 0 || opts.operands != words[word].operands + 1) {
        return wr_opts_misused(&opts, "DEVICE, or a word and DEVICE");
    }
    if ((shut.reason != NULL || shut.for_ != NULL) && strcmp(words[word].name, "quarantine") != 0) {
        return wr_opts_misused(&opts, "--reason and --for are quarantine's");
    }
    if (shut.for_ != NULL && !wr_when_span(shut.for_, WR_QUARANTINE_FOR_MAX_S, &shut.for_s)) {
        return wr_opts_misused(&opts,
                               "--for wants a time such as 90s, 15m, 2h or 7d, at most a year");
    }
    return ask(&talk, words[word].name, opts.operand + 1, words[word].operands, &shut);
}
