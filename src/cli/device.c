/* SPDX-License-Identifier: Apache-2.0 */
/* weir device: one device, with all its evidence; what the owner says of it. */
#include <string.h>

#include "base/limits.h"
#include "cli/devicetell.h"
#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"
#include "cli/when.h"

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
    if (!talk->json && changes) { /* what the command was about; `show` has the evidence */
        json_object_del(result, "marks");
        json_object_del(result, "evidence");
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
        {"reason", 'r', .value = &shut.reason, .meta = "TEXT", .help = "quarantine: why"},
        {"for", 'f', .value = &shut.for_, .meta = "TIME",
         .help = "quarantine: how long it lasts, 90s, 15m, 2h, 7d; else until it is released"},
    };
    struct wr_opts opts = {
        "device",
        "DEVICE | show DEVICE | name DEVICE NAME | kind DEVICE KIND | group DEVICE GROUP | leave "
        "DEVICE GROUP | "
        "allow DEVICE | quarantine DEVICE | release DEVICE",
        "Shows one device and what is known of it: by its name, its host name, its id, a MAC "
        "address or an address of it. sure is in hundredths, rate in questions a second. After "
        "a change, remembered says if it is on the disk, and firewall if the firewall has "
        "it.\nname "
        "calls it otherwise, kind says what kind of thing it is (\"\": nothing is said), group and "
        "leave put it in a group or take it out, quarantine and "
        "release shut it off (for a time, with a reason: --for, --reason) and let it in, allow "
        "ends a conflict: it is well.",
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};
    char word[WR_OPTS_WORD_SIZE];
    int status = wr_opts_read_word(&opts, argc, argv, word);

    if (status != WR_OPTS_GO) {
        return status;
    }
    if ((shut.reason != NULL || shut.for_ != NULL) && strcmp(word, "quarantine") != 0) {
        return wr_opts_misused(&opts, "--reason and --for are quarantine's");
    }
    if (shut.for_ != NULL && !wr_when_span(shut.for_, WR_QUARANTINE_FOR_MAX_S, &shut.for_s)) {
        return wr_opts_misused(&opts,
                               "--for wants a time such as 90s, 15m, 2h or 7d, at most a year");
    }
    talk.word = word;
    int at = word[0] != 0;
    return ask(&talk, at ? word : "show", opts.operand + at, opts.operands - at, &shut);
}
