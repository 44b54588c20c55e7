/* SPDX-License-Identifier: Apache-2.0 */
/* weir firewall: weir's table of the packet filter. */
#include <string.h>

#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"
#include "cli/when.h"

static void show_all(json_t *list)
{
    json_t *one;
    size_t i;
    json_array_foreach(list, i, one)
    {
        (void)wr_when_show(one, "first_seen");
        (void)wr_when_show(one, "last_seen");
    }
}

/* Dates that can be read; programs get the numbers. */
static void refine(json_t *result)
{
    (void)wr_when_show(result, "since");
    show_all(json_object_get(result, "devices"));
    show_all(json_object_get(result, "tries"));
}

int wr_cli_firewall(int argc, char **argv)
{
    static const char *const verbs[][2] = {
        {"show", "firewall"},          {"apply", "firewall_apply"},   {"bypass", "firewall_bypass"},
        {"remove", "firewall_remove"}, {"leases", "firewall_leases"},
    };
    struct wr_talk talk = {.who = "firewall", .narrow = true, .refine = refine};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(talk),
        WR_TALK_JSON_ROW(talk),
    };
    struct wr_opts opts = {
        "firewall",
        "[show] | apply | remove | bypass [DEVICE] | leases [DEVICE]",
        "Shows if weir's table of the packet filter (inet weir) is in force, and what it has "
        "counted since weir's start: by segment, packets "
        "to resolvers of others that were rejected (dns: port 53, encrypted: port 853, doh: known "
        "addresses of DNS over HTTPS), connections to what was not answered to the device "
        "(unleased), discovery on its way out of the segment, packets of devices in quarantine, "
        "and how many addresses are open to "
        "whom.\napply writes all of it anew; remove takes it away, until apply or the next start; "
        "segments with `fail: closed` are answered meanwhile all the same, and nothing is held "
        "back. "
        "bypass shows who has tried what past weir, to whom, how often and when (router: another "
        "resolver that a device has told its link of, in router advertisements). "
        "leases lists the addresses that are open, to one device or to all, and for how many "
        "seconds more.",
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};
    char word[WR_OPTS_WORD_SIZE];
    int status = wr_opts_read_word(&opts, argc, argv, word);

    talk.word = word;
    for (size_t i = 0; status == WR_OPTS_GO && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(word, verbs[i][0]) != 0)
            continue;
        json_t *args = json_object();
        if (opts.operands == 2)
            json_object_set_new(args, "device", json_string(opts.operand[1]));
        return wr_talk_do(&talk, verbs[i][1], args);
    }
    return status;
}
